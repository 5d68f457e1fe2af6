/* SPDX-License-Identifier: MIT */
/*
 * With x-no-kvm-irqfd all interrupts of a passed-through device go through the main loop, and the
 * guest sees no difference.
 */
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>

#include "call_log.h"
#include "unit.h"
#include "vfio_rig.h"
#include "vmm/cli/options.h"
#include "vmm/trace/trace.h"

#define ENABLE PCI_MSIX_FLAGS_ENABLE

static void begin(struct rig *rig)
{
	rig_init_usual(rig);
	fake_add_msi(&rig->fake, 2, PCI_MSI_FLAGS_64BIT | PCI_MSI_FLAGS_MASKBIT);
	rig->options.no_kvm_irqfd = true;
	ck_assert_int_eq(rig_open(rig), 0);
	rig_switch_on(rig);
	calls_begin();
}

static void put_msi(struct rig *rig, unsigned int reg, unsigned int size, uint32_t value)
{
	rig_config_write(rig, rig->fake.msi_cap + reg, size, value);
}

START_TEST(msix_by_message)
{
	static struct rig rig;

	begin(&rig);
	rig_msix_control(&rig, ENABLE);
	calls_begin();
	rig_msix_entry(&rig, 3, 0x41, false);
	rig_msix_entry(&rig, 5, 0x42, false);
	calls_expect("irqs msix 3+1 e\nirqs msix 5+1 e\n");
	fake_raise(&rig.fake, 3);
	rig_turn(&rig);
	calls_expect("KVM_SIGNAL_MSI 0xfee00000/0x41\n");
	rig_bar_write(&rig, 0, RIG_MSIX_TABLE + 3 * 16 + 12, 4, 1);
	fake_raise(&rig.fake, 3);
	rig_turn(&rig);
	calls_expect("");
	ck_assert_uint_eq(rig_bar_read(&rig, 0, RIG_MSIX_PBA, 8), 1u << 3);
	rig_bar_write(&rig, 0, RIG_MSIX_TABLE + 3 * 16 + 8, 8, 0x43); /* data, and unmasked */
	rig_turn(&rig);
	calls_expect("KVM_SIGNAL_MSI 0xfee00000/0x43\n");
	ck_assert_uint_eq(rig_bar_read(&rig, 0, RIG_MSIX_PBA, 8), 0);
	fake_raise(&rig.fake, 5);
	rig_turn(&rig);
	calls_expect("KVM_SIGNAL_MSI 0xfee00000/0x42\n");
	rig_msix_control(&rig, 0);
	calls_expect("irqs msix off\nKVM_IRQFD 17 on resample\nirqs intx trigger\n");
	rig_close(&rig);
}
END_TEST

START_TEST(msi_by_message)
{
	static struct rig rig;

	begin(&rig);
	put_msi(&rig, PCI_MSI_ADDRESS_LO, 4, RIG_MSI_ADDRESS);
	put_msi(&rig, PCI_MSI_DATA_64, 2, 0x40);
	put_msi(&rig, PCI_MSI_FLAGS, 2, PCI_MSI_FLAGS_ENABLE | 1 << 4);
	calls_expect("irqs intx off\nKVM_IRQFD 17 off\nirqs msi 0+2 ee\n");
	fake_raise(&rig.fake, 1);
	rig_turn(&rig);
	calls_expect("KVM_SIGNAL_MSI 0xfee00000/0x41\n");
	put_msi(&rig, PCI_MSI_MASK_64, 4, 2);
	fake_raise(&rig.fake, 1);
	rig_turn(&rig);
	calls_expect("");
	ck_assert_uint_eq(rig_config_read(&rig, rig.fake.msi_cap + PCI_MSI_PENDING_64, 4), 2);
	put_msi(&rig, PCI_MSI_MASK_64, 4, 0);
	rig_turn(&rig);
	calls_expect("KVM_SIGNAL_MSI 0xfee00000/0x41\n");
	rig_close(&rig);
}
END_TEST

/* The pin: an eventfd of minivmm's own tells KVM, and a call unmasks the device. */
START_TEST(pin_by_hand)
{
	static struct rig rig;
	eventfd_t count;

	begin(&rig);
	fake_raise(&rig.fake, 0);
	rig_turn(&rig);
	ck_assert_int_ne(rig.fake.intx_fd, rig.pci->interrupts.intx.level.trigger);
	ck_assert_int_eq(eventfd_read(rig.pci->interrupts.intx.level.trigger, &count), 0);
	eventfd_write(rig.pci->interrupts.intx.level.resample, 1); /* as KVM does */
	rig_turn(&rig);
	calls_expect("irqs intx unmask now\n");
	rig_close(&rig);
}
END_TEST

/* A guest leaves everything on. Its successor finds it off, with no late interrupt. */
START_TEST(rule_25_reset)
{
	static struct rig rig;

	begin(&rig);
	rig_msix_entry(&rig, 0, 0x41, false);
	rig_msix_control(&rig, ENABLE);
	fake_raise(&rig.fake, 0);
	pci_host_reset(&rig.host);
	ck_assert_int_eq(vfio_pci_power_on(rig.pci), 0);
	calls_begin();
	rig_turn(&rig);
	calls_expect("");
	rig_close(&rig);
}
END_TEST

static void open_trace(const char *fault)
{
	struct trace_options options = { .rooms = options_calls, .times = true };

	if (fault)
		ck_assert_int_eq(trace_fault_parse(&options.faults, options_calls, fault), 0);
	ck_assert_int_eq(trace_open(&options), 0);
}

/* By --inject the second interrupt is lost, and only that one. */
START_TEST(injected_loss)
{
	static struct rig rig;

	begin(&rig);
	rig_msix_control(&rig, ENABLE);
	rig_msix_entry(&rig, 3, 0x41, false);
	open_trace("irq#2=lost");
	for (unsigned int n = 1; n <= 3; n++) {
		calls_begin();
		fake_raise(&rig.fake, 3);
		rig_turn(&rig);
		calls_expect(n == 2 ? "" : "KVM_SIGNAL_MSI 0xfee00000/0x41\n");
	}
	trace_close();
	rig_close(&rig);
}
END_TEST

/* By --inject it comes after a while. --stats counts it where it took so long. */
START_TEST(injected_delay)
{
	static struct rig rig;
	char text[8192];
	FILE *out;

	begin(&rig);
	rig_msix_control(&rig, ENABLE);
	rig_msix_entry(&rig, 3, 0x41, false);
	open_trace("irq#1=late");
	calls_begin();
	fake_raise(&rig.fake, 3);
	rig_turn(&rig);
	calls_expect("KVM_SIGNAL_MSI 0xfee00000/0x41\n");
	out = fmemopen(text, sizeof(text), "w");
	trace_print(out);
	fclose(out);
	trace_close();
	ck_assert_ptr_nonnull(strstr(text, "interrupts through minivmm: "));
	/* 100 ms, or more where much else is going on. */
	ck_assert_msg(strstr(text, "  65536 - ") || strstr(text, " 131072 - ") ||
			      strstr(text, " 262144 - "),
		      "%s", text);
	rig_close(&rig);
}
END_TEST

UNIT_MAIN("vfio_relay", { injected_loss, 0 }, { injected_delay, 0 }, { msix_by_message, 0 },
	  { msi_by_message, 0 }, { pin_by_hand, 0 }, { rule_25_reset, 0 })
