/* SPDX-License-Identifier: MIT */
/*
 * The bound on messages: bursts, time, what is told of messages that are not shown, and many
 * threads. Whatever fails while a guest tries and tries again is held by this bound. The program
 * has a clock of its own, which stands still.
 */
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "call_log.h"
#include "devices/power.h"
#include "fake_kvm.h"
#include "stderr_text.h"
#include "unit.h"
#include "vfio_rig.h"
#include "vmm/core/arch.h"
#include "vmm/trace/log.h"
#include "vmm/trace/log_limit.h"

#define FLOOD       1000
#define STEP_VECTOR 7

static long clock_seconds = 1000;

int clock_gettime(clockid_t clock, struct timespec *now)
{
	(void)clock;
	*now = (struct timespec){ .tv_sec = clock_seconds };
	return 0;
}

static unsigned int count_lines(const struct stderr_text *caught)
{
	unsigned int lines = 0;

	for (const char *at = caught->text; (at = strchr(at, '\n')); at++)
		lines++;
	return lines;
}

/* All tests may run in one process. */
static void count_anew(void)
{
	log_limit(false);
	log_limit(true);
}

static void flood(const char *object, unsigned int times)
{
	for (unsigned int i = 0; i < times; i++)
		log_warn(object, "number %u", i);
}

/* ---- messages ---- */

START_TEST(a_burst_is_shown_and_its_end_is_told)
{
	struct stderr_text caught;

	count_anew();
	stderr_begin(&caught);
	flood("one", FLOOD);
	stderr_end(&caught);
	ck_assert_uint_eq(count_lines(&caught), LOG_LIMIT_BURST);
	stderr_holds(&caught, "warning: one: number 0\n");
	stderr_holds(&caught, "one: number 7 (of more like it, one in 10 seconds is shown)\n");
}
END_TEST

START_TEST(time_lets_one_more_pass)
{
	struct stderr_text caught;

	count_anew();
	stderr_begin(&caught);
	flood("one", FLOOD);
	clock_seconds += LOG_LIMIT_INTERVAL_S - 1;
	flood("one", 1);
	clock_seconds += 1;
	flood("one", 2);
	clock_seconds += 1000L * LOG_LIMIT_INTERVAL_S;
	flood("one", FLOOD);
	stderr_end(&caught);
	ck_assert_uint_eq(count_lines(&caught), 2 * LOG_LIMIT_BURST + 1);
	stderr_holds(&caught, "one: number 0 (993 more like it were not shown)\n");
}
END_TEST

START_TEST(each_message_and_object_has_its_own)
{
	struct stderr_text caught;

	count_anew();
	stderr_begin(&caught);
	flood("one", FLOOD);
	flood("two", 1);
	flood(NULL, 1);
	log_error("one", "another");
	stderr_end(&caught);
	ck_assert_uint_eq(count_lines(&caught), LOG_LIMIT_BURST + 3);
	stderr_holds(&caught, "two: number 0\n");
	stderr_holds(&caught, "warning: number 0\n");
	stderr_holds(&caught, "one: another\n");
}
END_TEST

/* Before a guest runs there is no bound, and after that there is one. */
START_TEST(nothing_is_hidden_without_a_guest)
{
	struct stderr_text caught;

	log_limit(false);
	stderr_begin(&caught);
	flood("one", 2 * LOG_LIMIT_BURST);
	log_limit(true);
	log_limit(false);
	flood("one", 2 * LOG_LIMIT_BURST);
	stderr_end(&caught);
	ck_assert_uint_eq(count_lines(&caught), 4 * LOG_LIMIT_BURST);
}
END_TEST

/* A caller that has to tell the error to somebody else gets its words all the same. */
START_TEST(a_fix_goes_with_its_error)
{
	char kept[64] = "";
	struct stderr_text caught;

	count_anew();
	stderr_begin(&caught);
	for (unsigned int i = 0; i < FLOOD; i++) {
		log_keep_error(kept, sizeof(kept));
		log_errno("one", -EIO, "open");
		log_fix("try again");
	}
	log_keep_error(NULL, 0);
	stderr_end(&caught);
	ck_assert_uint_eq(count_lines(&caught), 2 * LOG_LIMIT_BURST);
	ck_assert_str_eq(kept, "one: open: Input/output error");
}
END_TEST

/* Nobody can have so many names. If somebody could, they would share one bound. */
START_TEST(names_without_end_are_bounded)
{
	struct stderr_text caught;
	char name[16];

	count_anew();
	stderr_begin(&caught);
	for (unsigned int i = 0; i < LOG_LIMIT_MESSAGES; i++) {
		snprintf(name, sizeof(name), "%u", i);
		log_limit_ask("format", name);
	}
	for (unsigned int i = 0; i < FLOOD; i++) {
		snprintf(name, sizeof(name), "new %u", i);
		flood(name, 1);
	}
	stderr_end(&caught);
	ck_assert_uint_eq(count_lines(&caught), LOG_LIMIT_BURST);
}
END_TEST

static void *flood_thread(void *nothing)
{
	flood("one", FLOOD);
	return nothing;
}

START_TEST(threads_share_a_bound)
{
	struct stderr_text caught;
	pthread_t threads[8];

	count_anew();
	stderr_begin(&caught);
	for (size_t i = 0; i < UNIT_COUNT(threads); i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, flood_thread, NULL), 0);
	for (size_t i = 0; i < UNIT_COUNT(threads); i++)
		pthread_join(threads[i], NULL);
	stderr_end(&caught);
	ck_assert_uint_eq(count_lines(&caught), LOG_LIMIT_BURST);
}
END_TEST

/* ---- a guest ---- */

/* What fails, each time, while a guest does all that it can do to a device. */
static const struct {
	const char *name;
	bool kvm;
	int err;
	bool vectors; /* only when it is asked for one more: turning them off never fails */
} faults[] = {
	{ "set_irqs", false, -ENOSPC, true },
	{ "set_irqs", false, -EINVAL, true },
	{ "region_read", false, -EIO, false },
	{ "region_write", false, -EIO, false },
	{ "reset", false, -ENOTTY, false },
	{ "hot_reset", false, -EPERM, false },
	{ "dma_map", false, -ENOMEM, false },
	{ "dma_unmap", false, -ENOENT, false },
	{ "KVM_IRQFD", true, -EBUSY, false },
	{ "KVM_SET_GSI_ROUTING", true, -ENOMEM, false },
	{ "KVM_SET_USER_MEMORY_REGION", true, -ENOSPC, false },
};

static void fail_next(struct rig *rig, int row, unsigned int step)
{
	rig->fake.fail_name = NULL;
	if (faults[row].vectors && step != STEP_VECTOR)
		return;
	if (faults[row].kvm)
		fake_kvm_fail(faults[row].name, 1, faults[row].err);
	else
		fake_fail(&rig->fake, faults[row].name, 1, faults[row].err);
}

/* Do one of the steps of the guest. Returns false after the last one. */
static bool guest_acts(struct rig *rig, unsigned int step)
{
	const unsigned int pm = rig->fake.pm_cap + PCI_PM_CTRL;

	switch (step) {
	case 0: /* a reset of the function */
		rig_config_write(rig, rig->fake.exp_cap + PCI_EXP_DEVCTL, 2,
				 PCI_EXP_DEVCTL_BCR_FLR);
		break;
	case 1: /* to sleep, and awake: a reset by power states */
		rig_config_write(rig, pm, 2, 3);
		break;
	case 2:
		rig_config_write(rig, pm, 2, 0);
		break;
	case 3: /* a BAR where nothing can be */
		rig_config_write(rig, PCI_BASE_ADDRESS_0 + 4, 4, 0xffffffff);
		break;
	case 4:
		rig_switch_on(rig);
		break;
	case 5:
		rig_config_write(rig, PCI_BASE_ADDRESS_0 + 4, 4, RIG_BAR0 >> 32);
		break;
	case 6: /* vectors on and off, in another order than drivers have */
		rig_msix_control(rig, PCI_MSIX_FLAGS_ENABLE);
		break;
	case STEP_VECTOR:
		rig_msix_entry(rig, 1, 0x42, false);
		break;
	case 8:
		rig_msix_entry(rig, 7, 0x47, false);
		break;
	case 9:
		rig_msix_control(rig, 0);
		break;
	case 10: /* the pin */
		rig_config_write(rig, PCI_COMMAND, 2, PCI_COMMAND_INTX_DISABLE);
		break;
	default:
		return false;
	}
	return true;
}

START_TEST(a_guest_that_tries_again_and_again)
{
	static struct rig rig;
	struct stderr_text caught;

	rig_init_usual(&rig);
	rig.fake.config[rig.fake.exp_cap + PCI_EXP_DEVCAP + 3] = 0x10;
	ck_assert_int_eq(rig_open(&rig), 0);
	rig_switch_on(&rig);
	count_anew();
	stderr_begin(&caught);
	for (unsigned int i = 0; i < FLOOD; i++)
		for (unsigned int step = 0; fail_next(&rig, _i, step), guest_acts(&rig, step);
		     step++)
			calls_begin();
	stderr_end(&caught);
	/* No fault has more than three messages of its own. */
	ck_assert_msg(count_lines(&caught) <= 3 * LOG_LIMIT_BURST, "%s: %u lines: %.500s",
		      faults[_i].name, count_lines(&caught), caught.text);
	rig.fake.fail_name = NULL;
	fake_kvm_fail("none", 1, 0);
	rig_close(&rig);
}
END_TEST

/* `rep outsb` to the panic device is one exit with 4096 times the byte. */
START_TEST(a_guest_that_panics_without_end)
{
	static const uint8_t panicked = 1;
	static struct rig rig;
	struct stderr_text caught;

	rig_init_usual(&rig);
	ck_assert_int_eq(power_init(&rig.vm), 0);
	count_anew();
	stderr_begin(&caught);
	for (unsigned int i = 0; i < 4096; i++)
		bus_write(&rig.vm.pio, arch_layout.pvpanic_port, &panicked, 1);
	stderr_end(&caught);
	ck_assert_uint_eq(count_lines(&caught), LOG_LIMIT_BURST);
	ck_assert_int_eq(rig_open(&rig), 0);
	rig_close(&rig);
}
END_TEST

START_TEST(what_was_told_is_no_errno)
{
	ck_assert_str_eq(log_reason(-EIO), strerror(EIO));
	ck_assert_str_eq(log_reason(-LOG_TOLD), "an earlier message says why");
}
END_TEST

UNIT_MAIN("log_limit", { a_burst_is_shown_and_its_end_is_told, 0 }, { time_lets_one_more_pass, 0 },
	  { each_message_and_object_has_its_own, 0 }, { nothing_is_hidden_without_a_guest, 0 },
	  { a_fix_goes_with_its_error, 0 }, { names_without_end_are_bounded, 0 },
	  { threads_share_a_bound, 0 }, { a_guest_that_panics_without_end, 0 },
	  { a_guest_that_tries_again_and_again, UNIT_COUNT(faults) },
	  { what_was_told_is_no_errno, 0 })
