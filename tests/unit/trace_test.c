/* SPDX-License-Identifier: MIT */
/* vmm/core/trace.c: what the call returned, counted under its name; and the printed table. */
#include <errno.h>
#include <linux/kvm.h>
#include <linux/vfio.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "fake_kvm.h"
#include "unit.h"
#include "vmm/core/trace.h"

START_TEST(passes_results_on)
{
	uint64_t before = trace_count(TRACE_KVM_CREATE_IRQCHIP);

	fake_kvm_begin();
	ck_assert_int_eq(trace_ioctl(-1, KVM_GET_API_VERSION, 0), KVM_API_VERSION);
	fake_kvm_fail("KVM_CREATE_IRQCHIP", 2, -ENOSPC);
	ck_assert_int_eq(trace_ioctl(-1, KVM_CREATE_IRQCHIP, 0), 0);
	ck_assert_int_eq(trace_ioctl(-1, KVM_CREATE_IRQCHIP, 0), -ENOSPC);
	ck_assert_int_eq(trace_ioctl(-1, KVM_CREATE_IRQCHIP, 0), 0);
	ck_assert_uint_eq(trace_count(TRACE_KVM_CREATE_IRQCHIP), before + 3);
	fake_kvm_end();
	ck_assert_int_eq(trace_ioctl(-1, VFIO_DEVICE_RESET, 0), -EBADF);
}
END_TEST

/* One number, two calls: the name at the call site decides. */
START_TEST(same_number_different_name)
{
	uint64_t iommu = trace_count(TRACE_VFIO_IOMMU_GET_INFO);
	uint64_t hot = trace_count(TRACE_VFIO_DEVICE_GET_PCI_HOT_RESET_INFO);

	ck_assert_uint_eq(VFIO_IOMMU_GET_INFO, VFIO_DEVICE_GET_PCI_HOT_RESET_INFO);
	trace_ioctl(-1, VFIO_IOMMU_GET_INFO, 0);
	ck_assert_uint_eq(trace_count(TRACE_VFIO_IOMMU_GET_INFO), iommu + 1);
	ck_assert_uint_eq(trace_count(TRACE_VFIO_DEVICE_GET_PCI_HOT_RESET_INFO), hot);
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
	uint64_t before = trace_count(TRACE_VFIO_DEVICE_GET_INFO);
	pthread_t threads[4];

	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, many_calls, NULL), 0);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	ck_assert_uint_eq(trace_count(TRACE_VFIO_DEVICE_GET_INFO), before + 4 * 5000);
}
END_TEST

static void print(char *text, size_t size)
{
	FILE *out = fmemopen(text, size, "w");

	ck_assert_ptr_nonnull(out);
	trace_print(out);
	fclose(out);
}

/* Phases are kept only once timing is on, and no more than fit; calls never made are not shown. */
START_TEST(prints_phases_and_calls)
{
	char text[8192];

	trace_phase("too early");
	trace_enable_timing();
	trace_phase("first");
	trace_ioctl(-1, VFIO_GET_API_VERSION, 0);
	print(text, sizeof(text));
	ck_assert_ptr_nonnull(strstr(text, "  first "));
	ck_assert_ptr_null(strstr(text, "too early"));
	ck_assert_ptr_nonnull(strstr(text, "  VFIO_GET_API_VERSION "));
	ck_assert_ptr_null(strstr(text, "KVM_SET_MSRS"));
	for (int i = 0; i < 100; i++)
		trace_phase("again");
	trace_phase("last");
	print(text, sizeof(text));
	ck_assert_ptr_nonnull(strstr(text, "  again "));
}
END_TEST

UNIT_MAIN("trace", { passes_results_on, 0 }, { same_number_different_name, 0 },
	  { counts_from_any_thread, 0 }, { prints_phases_and_calls, 0 })
