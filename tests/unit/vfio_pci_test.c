/* SPDX-License-Identifier: MIT */
/*
 * vfio/vfio_pci.c with its parts: what VFIO and KVM are asked when a device is opened, reset,
 * lost and given back, and in which order.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>

#include "call_log.h"
#include "fake_kvm.h"
#include "stderr_text.h"
#include "unit.h"
#include "vfio_rig.h"

#define BAR0_SLOT "KVM_SET_USER_MEMORY_REGION 0x100000000+0x2000\n"
#define BAR0_GONE "KVM_SET_USER_MEMORY_REGION 0x100000000 off\n"
#define INTX_ON   "KVM_IRQFD 17 on resample\nirqs intx trigger\nirqs intx unmask\n"

/* ---- start and end ---- */

START_TEST(rule_23_start)
{
	static struct rig rig;

	rig_init_usual(&rig);
	rig.fake.notifies = true;
	calls_begin();
	ck_assert_int_eq(rig_open(&rig), 0);
	calls_expect("KVM_CREATE_DEVICE\nKVM_SET_DEVICE_ATTR add\ndev_open\n"
		     "irqs error on\nirqs request on\nconfig 0x4.2=0\n" INTX_ON);
	rig_close(&rig);
}
END_TEST

/*
 * The order is: memory slots, irqfds, VFIO's interrupts, KVM's reference, the device, the space.
 */
START_TEST(rule_26_end_with_msix)
{
	static struct rig rig;

	rig_open_usual(&rig);
	rig_switch_on(&rig);
	rig_msix_control(&rig, PCI_MSIX_FLAGS_ENABLE);
	rig_msix_entry(&rig, 0, 0x41, false);
	rig_msix_entry(&rig, 1, 0x42, false);
	ck_assert(fake_kvm_plugged(24) && fake_kvm_plugged(25));
	calls_begin();
	rig_close(&rig);
	calls_expect(BAR0_GONE "KVM_IRQFD 24 off\nKVM_IRQFD 25 off\nirqs msix off\n"
			       "KVM_SET_DEVICE_ATTR del\ndev_close\nspace_close\n");
}
END_TEST

START_TEST(rule_26_end_with_intx)
{
	static struct rig rig;

	rig_init_usual(&rig);
	rig.fake.notifies = true;
	ck_assert_int_eq(rig_open(&rig), 0);
	calls_begin();
	rig_close(&rig);
	ck_assert_uint_eq(calls_count(""), 7);
	ck_assert_uint_lt(calls_last("KVM_IRQFD 17 off"), calls_first("KVM_SET_DEVICE_ATTR del"));
	ck_assert_uint_lt(calls_last("irqs"), calls_first("KVM_SET_DEVICE_ATTR del"));
	ck_assert_uint_lt(calls_first("KVM_SET_DEVICE_ATTR del"), calls_first("dev_close"));
	ck_assert_uint_lt(calls_first("dev_close"), calls_first("space_close"));
}
END_TEST

/* Whichever call fails on the way, everything before it is undone. */
START_TEST(failed_start_leaves_nothing)
{
	enum { GET_IRQ = 4 };
	static const char *const operations[] = { "dev_open",    "get_info", "get_region",
						  "region_read", "get_irq",  "set_irqs" };
	static struct rig rig;
	struct stderr_text caught;
	bool called = true;

	for (unsigned int nth = 1; called; nth++) {
		int ret;

		rig_init_usual(&rig);
		rig.fake.notifies = true;
		fake_fail(&rig.fake, operations[_i], nth, -EIO);
		calls_begin();
		stderr_begin(&caught);
		ret = vfio_pci_new(&rig.vm, &rig.space, &rig_request, &rig.options, &rig.pci);
		stderr_end(&caught);
		called = rig.fake.fail_name == NULL;
		rig.fake.fail_name = NULL;
		/* MSI-X is asked for twice, and the second answer counts. */
		ck_assert(ret == -EIO || (ret == 0 && (!called || (_i == GET_IRQ && nth == 1))));
		ck_assert(rig.fake.open == (ret == 0));
		if (ret == 0)
			vfio_pci_free(rig.pci);
		ck_assert_uint_eq(calls_count("dev_open") - calls_count("dev_open fails"),
				  calls_count("dev_close"));
		ck_assert_int_eq(rig.fake.error_fd & rig.fake.request_fd, -1);
		rig_close(&rig);
	}
}
END_TEST

START_TEST(rule_18_asleep_or_gone)
{
	static struct rig rig;
	struct stderr_text caught;
	int ret;

	rig_init_usual(&rig);
	rig.fake.death = _i ? FAKE_BROKEN : FAKE_GONE;
	stderr_begin(&caught);
	ret = rig_open(&rig);
	stderr_end(&caught);
	ck_assert_int_eq(ret, _i ? -EIO : -ENODEV);
	stderr_holds(&caught, "minivmm: error: " FAKE_BDF ": ");
	rig_close(&rig);
}
END_TEST

START_TEST(not_a_pci_device)
{
	static struct rig rig;
	struct stderr_text caught;
	int ret;

	rig_init_usual(&rig);
	rig.fake.info_flags = VFIO_DEVICE_FLAGS_PLATFORM;
	stderr_begin(&caught);
	ret = rig_open(&rig);
	stderr_end(&caught);
	ck_assert_int_eq(ret, -ENODEV);
	stderr_holds(&caught, "not a PCI device");
	rig_close(&rig);
}
END_TEST

/*
 * In row 0 it failed, in row 1 it is wanted back, and in row 2 it failed and its backend has said
 * so.
 */
START_TEST(rule_24_device_says_good_bye)
{
	struct vfio_backend backend = fake_backend;
	static struct rig rig;
	struct stderr_text caught;
	enum vm_event event;

	rig_init_usual(&rig);
	rig.fake.notifies = true;
	backend.programs = _i == 2;
	rig.space.backend = &backend;
	ck_assert_int_eq(rig_open(&rig), 0);
	eventfd_write(_i == 1 ? rig.fake.request_fd : rig.fake.error_fd, 1);
	stderr_begin(&caught);
	event = vm_wait(&rig.vm);
	stderr_end(&caught);
	ck_assert_int_eq(event, VM_EVENT_DEVICE_LOST);
	if (_i == 2)
		ck_assert_str_eq(caught.text, "");
	else
		stderr_holds(&caught, "minivmm: error: " FAKE_BDF ": ");
	rig_close(&rig);
}
END_TEST

/* ---- reset ---- */

START_TEST(rule_25_reset)
{
	static struct rig rig;

	rig_open_usual(&rig);
	rig_switch_on(&rig);
	rig_msix_control(&rig, PCI_MSIX_FLAGS_ENABLE);
	rig_msix_entry(&rig, 0, 0x41, false);
	calls_begin();
	pci_host_reset(&rig.host);
	ck_assert_uint_lt(calls_last("KVM_SET_USER_MEMORY_REGION"), calls_first("config 0x4.2=0"));
	ck_assert_uint_lt(calls_first("KVM_IRQFD 24 off"), calls_first("irqs msix off"));
	ck_assert_uint_lt(calls_last("irqs"), calls_first("config 0x4.2=0"));
	ck_assert_uint_lt(calls_first("config 0x4.2=0"), calls_first("reset in D0, command 0"));
	ck_assert_uint_eq(calls_count("reset"), 1);
	ck_assert_uint_eq(calls_count("hot_reset"), 0);
	ck_assert(!rig.fake.intx_on && !rig.fake.msix_on);
	ck_assert_uint_eq(rig_config_read(&rig, rig.msix + PCI_MSIX_FLAGS, 2), 7);
	/* The next guest finds the device as the first one did. */
	calls_begin();
	ck_assert_int_eq(vfio_pci_power_on(rig.pci), 0);
	rig_config_write(&rig, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	calls_expect(INTX_ON "config 0x4.2=0x2\n" BAR0_SLOT);
	ck_assert_uint_eq(rig_bar_read(&rig, 0, 0x2000, 8), 0);
	rig_close(&rig);
}
END_TEST

/*
 * A guest left its device in D3hot. The device is woken before it is reset. It cannot transfer
 * then, although the kernel gives it back what COMMAND was.
 */
START_TEST(rule_25_reset_wakes_it_first)
{
	static struct rig rig;

	rig_open_usual(&rig);
	rig.fake.pm_restores = true;
	rig_switch_on(&rig);
	rig_config_write(&rig, rig.fake.pm_cap + PCI_PM_CTRL, 2, 3);
	calls_begin();
	pci_host_reset(&rig.host);
	ck_assert_uint_eq(calls_count("reset"), 1);
	ck_assert_uint_eq(calls_count("reset in D0, command 0"), 1);
	rig_config_write(&rig, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	ck_assert(fake_kvm_mapped(RIG_BAR0));
	rig_close(&rig);
}
END_TEST

/*
 * What the device has (FLR, a soft reset by power states, VFIO_DEVICE_RESET at all), which call
 * fails, and what is done, in order.
 */
static const struct {
	bool flr, pm, offered;
	const char *fails;
	const char *done;
	const char *words;
} resets[] = {
	{ true, true, true, NULL, "r", NULL },
	{ true, false, true, NULL, "r", NULL },
	{ true, true, true, "reset", "h", NULL },
	/* neither: then VFIO_DEVICE_RESET is a method of the device's own */
	{ false, false, true, NULL, "r", NULL },
	{ false, false, true, "reset", "h", NULL },
	/* power states alone are the last resort */
	{ false, true, true, NULL, "h", NULL },
	{ false, true, true, "hot_reset", "r", NULL },
	{ false, true, false, NULL, "h", NULL },
	{ false, true, false, "hot_reset", "", "minivmm: warning: " FAKE_BDF ": cannot be reset" },
};

static void give_resets(struct fake_device *fake, int row)
{
	unsigned int exp = fake->exp_cap;

	fake->info_flags =
		VFIO_DEVICE_FLAGS_PCI | (resets[row].offered ? VFIO_DEVICE_FLAGS_RESET : 0);
	fake->config[exp + PCI_EXP_DEVCAP + 3] = resets[row].flr ? 0x10 : 0;
	fake->config[fake->pm_cap + PCI_PM_CTRL] = resets[row].pm ? 0 : PCI_PM_CTRL_NO_SOFT_RESET;
}

START_TEST(rule_25_best_way_to_reset)
{
	static struct rig rig;
	struct stderr_text caught;
	char done[4] = "";

	rig_init_usual(&rig);
	give_resets(&rig.fake, _i);
	ck_assert_int_eq(rig_open(&rig), 0);
	calls_begin();
	if (resets[_i].fails)
		fake_fail(&rig.fake, resets[_i].fails, 1, -ENOTTY);
	stderr_begin(&caught);
	pci_host_reset(&rig.host);
	stderr_end(&caught);
	if (calls_count("hot_reset") > 2 * calls_count("hot_reset fails"))
		strcat(done, "h");
	if (calls_count("reset in"))
		strcat(done, "r");
	ck_assert_str_eq(done, resets[_i].done);
	if (resets[_i].words)
		stderr_holds(&caught, resets[_i].words);
	else
		ck_assert_str_eq(caught.text, "");
	rig_close(&rig);
}
END_TEST

/* Each device that would be reset along is named, in a line of its own. */
START_TEST(rule_25_who_else_would_be_reset)
{
	static struct rig rig;
	struct stderr_text caught;

	rig_init_usual(&rig);
	give_resets(&rig.fake, 7);
	ck_assert_int_eq(rig_open(&rig), 0);
	rig.fake.reach = (struct vfio_reach){
		3, { { 0, 1, 0, true, 1 }, { 2, 0x41, 0xfb, false, 9 }, { 0, 1, 1, false, -1 } }
	};
	stderr_begin(&caught);
	pci_host_reset(&rig.host);
	stderr_end(&caught);
	stderr_holds(&caught, "minivmm: warning: " FAKE_BDF ": a reset of its bus would also reset "
			      "0002:41:1f.3 of IOMMU group 9, which is not passed through\n"
			      "minivmm: warning: " FAKE_BDF ": a reset of its bus would also reset "
			      "0000:01:00.1, which is not passed through\n"
			      "minivmm: warning: " FAKE_BDF ": cannot be reset");
	rig_close(&rig);
}
END_TEST

/*
 * The guest resets the function itself. All is as after power-on, and the rest is off before the
 * device is told. The guest uses PCI Express or Advanced Features. Nothing happens if the device
 * does not offer the reset, or if another bit of the register is written.
 */
#define AF_BOTH (PCI_AF_CAP_FLR | PCI_AF_CAP_TP)

static const struct {
	bool af;
	uint8_t offers;
	uint16_t value; /* written to the register */
	bool resets;
} flrs[] = {
	{ false, true, PCI_EXP_DEVCTL_BCR_FLR, true },
	{ false, true, PCI_EXP_DEVCTL_BCR_FLR | PCI_EXP_DEVCTL_CERE, true },
	{ false, true, PCI_EXP_DEVCTL_CERE, false },
	{ false, false, PCI_EXP_DEVCTL_BCR_FLR, false },
	{ true, AF_BOTH, PCI_AF_CTRL_FLR, true },
	{ true, AF_BOTH, 0, false },
	{ true, 0, PCI_AF_CTRL_FLR, false },
	{ true, PCI_AF_CAP_FLR, PCI_AF_CTRL_FLR, false }, /* the kernel uses it only with both */
};

/* Offset of the register that starts it. */
static unsigned int give_flr(struct fake_device *fake, int row)
{
	unsigned int exp = fake->exp_cap, af;

	if (!flrs[row].af) {
		fake->config[exp + PCI_EXP_DEVCAP + 3] = flrs[row].offers ? 0x10 : 0;
		return exp + PCI_EXP_DEVCTL;
	}
	fake->config[exp + PCI_EXP_DEVCAP + 3] = 0;
	af = fake_add_cap(fake, PCI_CAP_ID_AF, 6);
	fake->config[af + PCI_AF_CAP] = flrs[row].offers;
	return af + PCI_AF_CTRL;
}

START_TEST(rule_25_guest_resets_the_function)
{
	static struct rig rig;
	bool done = flrs[_i].resets;
	unsigned int reg, size = flrs[_i].af ? 1 : 2;
	char calls[256];

	rig_init_usual(&rig);
	reg = give_flr(&rig.fake, _i);
	ck_assert_int_eq(rig_open(&rig), 0);
	rig_switch_on(&rig);
	rig_msix_control(&rig, PCI_MSIX_FLAGS_ENABLE);
	rig_msix_entry(&rig, 1, 0x42, false);
	snprintf(calls, sizeof(calls), "%sconfig %#x.%u=%#x\n%s",
		 done ? "KVM_IRQFD 24 off\nirqs msix off\n" BAR0_GONE "config 0x4.2=0\n" : "", reg,
		 size, flrs[_i].value, done ? INTX_ON : "");
	calls_begin();
	rig_config_write(&rig, reg, size, flrs[_i].value);
	calls_expect(calls);
	ck_assert_uint_eq(fake_config_word(&rig.fake, reg) & 0xff, flrs[_i].value & 0xff);
	ck_assert_uint_eq(fake_config_word(&rig.fake, PCI_COMMAND) == 0, done);
	ck_assert_uint_eq(rig_config_read(&rig, PCI_COMMAND, 2) == 0, done);
	ck_assert_uint_eq(rig_config_read(&rig, rig.msix + PCI_MSIX_FLAGS, 2),
			  done ? 7 : PCI_MSIX_FLAGS_ENABLE | 7);
	/* What a driver does next works. */
	rig_switch_on(&rig);
	ck_assert(fake_kvm_mapped(RIG_BAR0));
	rig_msix_control(&rig, PCI_MSIX_FLAGS_ENABLE);
	ck_assert(fake_kvm_plugged(24) != done); /* masked again */
	rig_msix_entry(&rig, 1, 0x43, false);
	ck_assert(fake_kvm_plugged(24));
	rig_close(&rig);
}
END_TEST

/* The guest resets a function that sleeps: it is woken first, because the kernel does not. */
START_TEST(rule_25_guest_resets_a_sleeper)
{
	static struct rig rig;
	unsigned int pm, control;
	char wake[32], flr[32];

	rig_open_usual(&rig);
	rig.fake.pm_restores = true;
	pm = rig.fake.pm_cap + PCI_PM_CTRL;
	control = rig.fake.exp_cap + PCI_EXP_DEVCTL;
	snprintf(wake, sizeof(wake), "config %#x.2=0", pm);
	snprintf(flr, sizeof(flr), "config %#x.2=0x8000", control);
	rig_switch_on(&rig);
	rig_config_write(&rig, pm, 2, 3);
	calls_begin();
	rig_config_write(&rig, control, 2, PCI_EXP_DEVCTL_BCR_FLR);
	ck_assert_uint_lt(calls_first(wake), calls_first("config 0x4.2=0"));
	ck_assert_uint_lt(calls_first("config 0x4.2=0"), calls_first(flr));
	ck_assert_uint_eq(fake_config_word(&rig.fake, PCI_COMMAND), 0);
	rig_switch_on(&rig);
	ck_assert(fake_kvm_mapped(RIG_BAR0));
	rig_close(&rig);
}
END_TEST

/*
 * The kernel could not do it at the opening. It is done before the first guest, while all are
 * there.
 */
START_TEST(rule_25_reset_before_the_first_start)
{
	static struct rig rig;

	rig_init_usual(&rig);
	rig.fake.info_flags = VFIO_DEVICE_FLAGS_PCI | (_i ? VFIO_DEVICE_FLAGS_RESET : 0);
	calls_begin();
	ck_assert_int_eq(rig_open(&rig), 0);
	ck_assert_uint_eq(calls_count("reset in"), 0);
	ck_assert_uint_eq(calls_count("hot_reset"), !_i);
	if (!_i)
		ck_assert_uint_lt(calls_first("hot_reset"), calls_first("irqs intx trigger"));
	calls_begin();
	pci_host_reset(&rig.host);
	ck_assert_int_eq(vfio_pci_power_on(rig.pci), 0);
	ck_assert_uint_eq(calls_count("hot_reset") + calls_count("reset in"), 1);
	rig_close(&rig);
}
END_TEST

/*
 * The kernel says that it can reset the function, but by power states only. Before the first
 * start its bus is reset, if all devices on it are ours. If not, the function is reset by power
 * states once more.
 */
static const struct {
	bool flr, no_soft_reset, ours;
	unsigned int bus, alone; /* resets of either kind */
} first_resets[] = {
	{ true, false, true, 0, 0 },
	{ false, false, true, 1, 0 },
	{ false, false, false, 1, 1 },
	{ false, true, true, 0, 0 }, /* then it is a method of the device's own */
};

/* A reset by Advanced Features that the kernel does not use is none. */
START_TEST(rule_33_half_of_advanced_features)
{
	static struct rig rig;
	unsigned int af;

	rig_init_usual(&rig);
	rig.fake.config[rig.fake.exp_cap + PCI_EXP_DEVCAP + 3] = 0;
	af = fake_add_cap(&rig.fake, PCI_CAP_ID_AF, 6);
	rig.fake.config[af + PCI_AF_CAP] = _i ? AF_BOTH : PCI_AF_CAP_FLR;
	calls_begin();
	ck_assert_int_eq(rig_open(&rig), 0);
	ck_assert_uint_eq(calls_count("hot_reset"), !_i);
	rig_close(&rig);
}
END_TEST

START_TEST(rule_33_weak_reset_at_the_first_start)
{
	static struct rig rig;

	rig_init_usual(&rig);
	if (!first_resets[_i].flr)
		rig.fake.config[rig.fake.exp_cap + PCI_EXP_DEVCAP + 3] = 0;
	if (first_resets[_i].no_soft_reset)
		rig.fake.config[rig.fake.pm_cap + PCI_PM_CTRL] = PCI_PM_CTRL_NO_SOFT_RESET;
	if (!first_resets[_i].ours)
		fake_fail(&rig.fake, "hot_reset", 1, -EPERM);
	calls_begin();
	ck_assert_int_eq(rig_open(&rig), 0);
	ck_assert_uint_eq(calls_count("hot_reset") - calls_count("hot_reset fails"),
			  first_resets[_i].bus);
	ck_assert_uint_eq(calls_count("reset in"), first_resets[_i].alone);
	rig_close(&rig);
}
END_TEST

/* SERR, parity and bus mastering are as the host's firmware had them. A guest finds them off. */
START_TEST(rule_32_first_start_finds_command_off)
{
	static struct rig rig;

	rig_init_usual(&rig);
	rig.fake.config[PCI_COMMAND] = PCI_COMMAND_MASTER | PCI_COMMAND_PARITY;
	rig.fake.config[PCI_COMMAND + 1] = PCI_COMMAND_SERR >> 8;
	ck_assert_int_eq(rig_open(&rig), 0);
	ck_assert_uint_eq(rig.fake.config[PCI_COMMAND], 0);
	ck_assert_uint_eq(rig.fake.config[PCI_COMMAND + 1], 0);
	rig_close(&rig);
}
END_TEST

START_TEST(rule_25_dead_after_reset)
{
	static struct rig rig;
	struct stderr_text caught;

	rig_open_usual(&rig);
	rig.fake.death = _i ? FAKE_BROKEN : FAKE_GONE;
	stderr_begin(&caught);
	pci_host_reset(&rig.host);
	stderr_end(&caught);
	stderr_holds(&caught, "does not answer");
	rig_close(&rig);
}
END_TEST

UNIT_MAIN("vfio_pci", { rule_23_start, 0 }, { rule_26_end_with_msix, 0 },
	  { rule_26_end_with_intx, 0 }, { failed_start_leaves_nothing, 6 },
	  { rule_18_asleep_or_gone, 2 }, { not_a_pci_device, 0 },
	  { rule_24_device_says_good_bye, 3 }, { rule_25_reset, 0 },
	  { rule_25_reset_wakes_it_first, 0 }, { rule_25_best_way_to_reset, UNIT_COUNT(resets) },
	  { rule_25_who_else_would_be_reset, 0 },
	  { rule_25_guest_resets_the_function, UNIT_COUNT(flrs) },
	  { rule_25_guest_resets_a_sleeper, 0 }, { rule_25_reset_before_the_first_start, 2 },
	  { rule_33_half_of_advanced_features, 2 },
	  { rule_33_weak_reset_at_the_first_start, UNIT_COUNT(first_resets) },
	  { rule_32_first_start_finds_command_off, 0 }, { rule_25_dead_after_reset, 2 })
