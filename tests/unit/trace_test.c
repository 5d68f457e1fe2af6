/* SPDX-License-Identifier: MIT */
/*
 * vmm/trace/trace.c: what a call returned, counted under its name; faults; and the table that is
 * printed.
 */
#include <errno.h>
#include <linux/kvm.h>
#include <linux/vfio.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "fake_kvm.h"
#include "stderr_text.h"
#include "unit.h"
#include "vfio/backend/backend_trace.h"
#include "vmm/cli/options.h"
#include "vmm/core/kvm_calls.h"
#include "vmm/x86_64/x86.h"

START_TEST(passes_results_on)
{
	uint64_t before = trace_count(KVM_CREATE_IRQCHIP);

	fake_kvm_begin();
	ck_assert_int_eq(trace_ioctl(-1, KVM_GET_API_VERSION, 0), KVM_API_VERSION);
	fake_kvm_fail("KVM_CREATE_IRQCHIP", 2, -ENOSPC);
	ck_assert_int_eq(trace_ioctl(-1, KVM_CREATE_IRQCHIP, 0), 0);
	ck_assert_int_eq(trace_ioctl(-1, KVM_CREATE_IRQCHIP, 0), -ENOSPC);
	ck_assert_int_eq(trace_ioctl(-1, KVM_CREATE_IRQCHIP, 0), 0);
	ck_assert_uint_eq(trace_count(KVM_CREATE_IRQCHIP), before + 3);
	fake_kvm_end();
	ck_assert_int_eq(trace_ioctl(-1, VFIO_DEVICE_RESET, 0), -EBADF);
}
END_TEST

/* Two calls have one number. The name at the call site decides. */
START_TEST(same_number_different_name)
{
	uint64_t iommu = trace_count(VFIO_IOMMU_GET_INFO);
	uint64_t hot = trace_count(VFIO_DEVICE_GET_PCI_HOT_RESET_INFO);

	ck_assert_uint_eq(VFIO_IOMMU_GET_INFO, VFIO_DEVICE_GET_PCI_HOT_RESET_INFO);
	trace_ioctl(-1, VFIO_IOMMU_GET_INFO, 0);
	ck_assert_uint_eq(trace_count(VFIO_IOMMU_GET_INFO), iommu + 1);
	ck_assert_uint_eq(trace_count(VFIO_DEVICE_GET_PCI_HOT_RESET_INFO), hot);
}
END_TEST

static void *many_calls(void *arg)
{
	for (int i = 0; i < 5000; i++)
		trace_ioctl(-1, VFIO_DEVICE_GET_INFO, 0);
	return arg;
}

START_TEST(counts_from_any_thread)
{
	uint64_t before = trace_count(VFIO_DEVICE_GET_INFO);
	pthread_t threads[4];

	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, many_calls, NULL), 0);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	ck_assert_uint_eq(trace_count(VFIO_DEVICE_GET_INFO), before + 4 * 5000);
}
END_TEST

static void print(char *text, size_t size)
{
	FILE *out = fmemopen(text, size, "w");

	ck_assert_ptr_nonnull(out);
	trace_print(out);
	fclose(out);
}

/*
 * Phases are kept only once somebody listens, and no more than fit. Calls that were never made
 * are not shown.
 */
START_TEST(prints_phases_and_calls)
{
	const struct trace_options options = { .rooms = options_calls, .times = true };
	char text[8192];

	trace_phase("too early");
	ck_assert_int_eq(trace_open(&options), 0);
	trace_phase("first");
	trace_ioctl(-1, VFIO_GET_API_VERSION, 0);
	print(text, sizeof(text));
	ck_assert_ptr_nonnull(strstr(text, "  first "));
	ck_assert_ptr_null(strstr(text, "too early"));
	ck_assert_ptr_nonnull(strstr(text, "  VFIO_GET_API_VERSION "));
	ck_assert_ptr_null(strstr(text, "KVM_SET_MSRS"));
	ck_assert_ptr_null(strstr(text, "trapped"));
	for (int i = 0; i < 100; i++)
		trace_phase("again");
	trace_phase("last");
	print(text, sizeof(text));
	ck_assert_ptr_nonnull(strstr(text, "  again "));
	trace_close();
}
END_TEST

static void touch(const char *object, int bar, uint64_t offset, bool write)
{
	struct trace_place place = {
		.topic = TRACE_TOPIC_bar, .object = object, .bar = bar, .offset = offset
	};
	struct trace_access access;

	trace_access_begin(&access, &place, write);
	trace_access_end(&access, 4, 0);
}

/* Each page is counted for itself. The hottest one comes first. */
START_TEST(prints_hot_pages)
{
	const struct trace_options options = { .rooms = options_calls, .times = true };
	const char *first, *second, *third;
	char text[8192];

	ck_assert_int_eq(trace_open(&options), 0);
	for (unsigned int i = 0; i < 5; i++)
		touch("cold", 0, 0x1000 + 4 * i, false);
	for (unsigned int i = 0; i < 10; i++)
		touch("hot", 2, 0x3ff0 + i, i % 2);
	touch("hot", 2, 0x4000, true);
	print(text, sizeof(text));
	trace_close();
	first = strstr(text, "  hot BAR 2 +0x3000: 5 reads, 5 writes, ");
	second = strstr(text, "  cold BAR 0 +0x1000: 5 reads, 0 writes, ");
	third = strstr(text, "  hot BAR 2 +0x4000: 0 reads, 1 writes, ");
	ck_assert_msg(first && first < second && second < third, "%s", text);
	ck_assert_ptr_nonnull(strstr(first, " each  ####################\n"));
	ck_assert_ptr_nonnull(strstr(second, " each  ##########\n"));
}
END_TEST

/* Lengths of names: what fits into a line, a socket's path, and more than is kept. */
static const unsigned int long_names[] = { 31, 32, 107, 108, 199 };

/* One page is one entry, however long the name of its owner is. */
START_TEST(prints_page_of_long_name)
{
	const struct trace_options options = { .rooms = options_calls, .times = true };
	char name[200], text[8192];

	memset(name, 'n', sizeof(name));
	name[long_names[_i]] = '\0';
	ck_assert_int_eq(trace_open(&options), 0);
	for (unsigned int i = 0; i < 300; i++)
		touch(name, 0, 4 * i, false);
	print(text, sizeof(text));
	trace_close();
	ck_assert_msg(strstr(text, "n BAR 0 +0: 300 reads, 0 writes, "), "%.2000s", text);
}
END_TEST

/* More pages than there is room for are counted all the same. */
START_TEST(counts_all_pages)
{
	const struct trace_options options = { .rooms = options_calls, .times = true };
	static char text[65536];

	ck_assert_int_eq(trace_open(&options), 0);
	for (unsigned int i = 0; i < 1000; i++)
		touch("many", 0, i * 4096ull, false);
	print(text, sizeof(text));
	trace_close();
	ck_assert_ptr_nonnull(strstr(text, "  all others: 7"));
}
END_TEST

/* ---- faults ---- */

static const struct {
	const char *text;
	enum trace_fault_what what;
	const struct trace_tally *call;
	uint64_t nth;
	enum trace_fault_how how;
	int err;
} good_faults[] = {
	{ "VFIO_DEVICE_SET_IRQS#3=ENOSPC", TRACE_FAULT_CALL, &trace_tally_VFIO_DEVICE_SET_IRQS, 3,
	  TRACE_FAULT_ERROR, -ENOSPC },
	{ "VFIO_DEVICE_RESET#1=EIO", TRACE_FAULT_CALL, &trace_tally_VFIO_DEVICE_RESET, 1,
	  TRACE_FAULT_ERROR, -EIO },
	{ "KVM_RUN#18446744073709551615=EFAULT", TRACE_FAULT_CALL, &trace_tally_KVM_RUN, UINT64_MAX,
	  TRACE_FAULT_ERROR, -EFAULT },
	{ "irq#5=lost", TRACE_FAULT_IRQ, NULL, 5, TRACE_FAULT_LOST, 0 },
	{ "irq#1=late", TRACE_FAULT_IRQ, NULL, 1, TRACE_FAULT_LATE, 0 },
	{ "config#100=ffff", TRACE_FAULT_CONFIG, NULL, 100, TRACE_FAULT_ONES, 0 },
};

START_TEST(parses_fault)
{
	struct trace_faults faults = { 0 };
	int err = 0;

	ck_assert_int_eq(trace_fault_parse(&faults, options_calls, good_faults[_i].text), 0);
	ck_assert_uint_eq(faults.count, 1);
	ck_assert_int_eq(trace_fault_due(&faults, good_faults[_i].what, good_faults[_i].call,
					 good_faults[_i].nth, &err),
			 good_faults[_i].how);
	ck_assert_int_eq(err, good_faults[_i].err);
	ck_assert_int_eq(trace_fault_due(&faults, good_faults[_i].what, good_faults[_i].call,
					 good_faults[_i].nth - 1, &err),
			 TRACE_FAULT_NONE);
	ck_assert_int_eq(trace_fault_due(&faults, TRACE_FAULT_CALL,
					 &trace_tally_VFIO_GET_API_VERSION, good_faults[_i].nth,
					 &err),
			 TRACE_FAULT_NONE);
}
END_TEST

static const char *const bad_faults[] = {
	"",
	"VFIO_DEVICE_RESET",
	"VFIO_DEVICE_RESET#1",
	"VFIO_DEVICE_RESET#=EIO",
	"VFIO_DEVICE_RESET#0=EIO",
	"VFIO_DEVICE_RESET#-1=EIO",
	"VFIO_DEVICE_RESET#1=EWHAT",
	"VFIO_DEVICE_RESET#1=",
	"VFIO_DEVICE_RESET#1=EIO,",
	"VFIO_DEVICE_RESE#1=EIO",
	"VFIO_DEVICE_RESETS#1=EIO",
	"vfio_device_reset#1=EIO",
	"#1=EIO",
	"irq#1=ENOSPC",
	"irq#1=loster",
	"config#1=lost",
	"config#99999999999999999999999=ffff",
};

START_TEST(refuses_fault)
{
	struct trace_faults faults = { 0 };
	struct stderr_text caught;

	stderr_begin(&caught);
	ck_assert_int_eq(trace_fault_parse(&faults, options_calls, bad_faults[_i]), -EINVAL);
	stderr_end(&caught);
	stderr_holds(&caught, "minivmm: error: --inject: ");
	ck_assert_uint_eq(faults.count, 0);
}
END_TEST

START_TEST(fails_as_told)
{
	struct trace_options options = { .rooms = options_calls };

	ck_assert_int_eq(trace_fault_parse(&options.faults, options_calls,
					   "VFIO_DEVICE_PCI_HOT_RESET#2=ENOTTY"),
			 0);
	ck_assert_int_eq(trace_fault_parse(&options.faults, options_calls, "config#3=ffff"), 0);
	ck_assert_int_eq(trace_fault_parse(&options.faults, options_calls, "irq#2=lost"), 0);
	ck_assert_int_eq(trace_open(&options), 0);
	ck_assert_int_eq(trace_ioctl(-1, VFIO_DEVICE_PCI_HOT_RESET, 0), -EBADF);
	ck_assert_int_eq(trace_ioctl(-1, VFIO_DEVICE_PCI_HOT_RESET, 0), -ENOTTY);
	ck_assert_int_eq(trace_ioctl(-1, VFIO_DEVICE_PCI_HOT_RESET, 0), -EBADF);
	for (unsigned int nth = 1; nth < 6; nth++) {
		ck_assert_int_eq(trace_config_fault(), nth >= 3);
		ck_assert_int_eq(trace_irq_arrives(), nth != 2);
	}
	trace_close();
	ck_assert(!trace_config_fault());
}
END_TEST

START_TEST(limits_faults)
{
	struct trace_faults faults = { 0 };
	struct stderr_text caught;

	for (unsigned int i = 0; i < TRACE_FAULTS_MAX; i++)
		ck_assert_int_eq(trace_fault_parse(&faults, options_calls, "irq#1=late"), 0);
	stderr_begin(&caught);
	ck_assert_int_eq(trace_fault_parse(&faults, options_calls, "irq#1=late"), -ENOSPC);
	stderr_end(&caught);
}
END_TEST

/* ---- topics ---- */

static const struct {
	const char *text;
	int ret;
	unsigned int topics;
} filters[] = {
	{ "irq", 0, 1u << TRACE_TOPIC_irq },
	{ "irq,dma,config", 0,
	  1u << TRACE_TOPIC_irq | 1u << TRACE_TOPIC_dma | 1u << TRACE_TOPIC_config },
	{ "kvm,cpu,run,memory,irq,vfio,dma,config,bar,io", 0, TRACE_TOPICS_ALL },
	{ "", -EINVAL, 0 },
	{ "irq,", -EINVAL, 1u << TRACE_TOPIC_irq },
	{ "irqs", -EINVAL, 0 },
	{ "ir", -EINVAL, 0 },
};

START_TEST(parses_topics)
{
	struct stderr_text caught;
	unsigned int topics;

	stderr_begin(&caught);
	ck_assert_int_eq(trace_parse_topics(filters[_i].text, &topics), filters[_i].ret);
	stderr_end(&caught);
	ck_assert_uint_eq(topics, filters[_i].topics);
	ck_assert_int_eq(caught.text[0] != '\0', filters[_i].ret < 0);
}
END_TEST

UNIT_MAIN("trace", { passes_results_on, 0 }, { same_number_different_name, 0 },
	  { counts_from_any_thread, 0 }, { prints_phases_and_calls, 0 }, { prints_hot_pages, 0 },
	  { prints_page_of_long_name, UNIT_COUNT(long_names) }, { counts_all_pages, 0 },
	  { parses_fault, UNIT_COUNT(good_faults) }, { refuses_fault, UNIT_COUNT(bad_faults) },
	  { fails_as_told, 0 }, { limits_faults, 0 }, { parses_topics, UNIT_COUNT(filters) })
