/* SPDX-License-Identifier: MIT */
/* devices/pci_slot.c: how a device comes to a root port and goes, and whom the port tells. */
#include <linux/pci.h>
#include <pthread.h>

#include "call_log.h"
#include "fake_kvm.h"
#include "port_rig.h"
#include "unit.h"

/*
 * What happens, and after it the slot's status, whether the port interrupts, and who has let go.
 */
static const struct {
	const char *name;
	struct {
		enum port_step step;
		uint16_t status;
		bool interrupts;
		unsigned int released;
	} steps[8];
	unsigned int count;
} lives[] = {
	{ "comes",
	  { { ENABLE, 0, false, 0 },
	    { COME, 0x148, true, 0 },
	    { CLEAR, 0x40, false, 0 },
	    { ON, 0x40, false, 0 } },
	  4 },
	{ "comes while nobody listens",
	  { { COME, 0x148, false, 0 }, { ENABLE, 0x148, true, 0 } },
	  2 },
	{ "goes when asked",
	  { { COME, 0x148, false, 0 },
	    { CLEAR, 0x40, false, 0 },
	    { ON, 0x40, false, 0 },
	    { ENABLE, 0x40, false, 0 },
	    { ASK, 0x41, true, 0 },
	    { CLEAR, 0x40, false, 0 },
	    { BLINK, 0x40, false, 0 },
	    { OFF, 0x40, false, 1 } },
	  8 },
	{ "was let go of before",
	  { { COME, 0x148, false, 0 }, { OFF, 0x148, false, 0 }, { ASK, 0x148, false, 1 } },
	  3 },
	{ "goes by surprise",
	  { { COME, 0x148, false, 0 },
	    { CLEAR, 0x40, false, 0 },
	    { ENABLE, 0x40, false, 0 },
	    { GO, 0x108, true, 0 },
	    { CLEAR, 0, false, 0 } },
	  5 },
	{ "is let go of by a reboot",
	  { { COME, 0x148, false, 0 },
	    { ON, 0x148, false, 0 },
	    { ASK, 0x149, false, 0 },
	    { REBOOT, 0x40, false, 1 } },
	  4 },
};
START_TEST(devices_come_and_go)
{
	static struct port_rig rig;

	port_rig_begin(&rig);
	port_rig_place(&rig);
	for (unsigned int i = 0; i < lives[_i].count; i++) {
		port_rig_step(&rig, lives[_i].steps[i].step);
		ck_assert_msg(port_rig_exp_get(&rig, PCI_EXP_SLTSTA) == lives[_i].steps[i].status,
			      "%s, step %u: status %#x", lives[_i].name, i,
			      port_rig_exp_get(&rig, PCI_EXP_SLTSTA));
		ck_assert_msg(fake_kvm_pin(arch_irq_pin(rig.port->line.gsi)) ==
				      lives[_i].steps[i].interrupts,
			      "%s, step %u: interrupt", lives[_i].name, i);
		ck_assert_msg(port_rig_released() == lives[_i].steps[i].released,
			      "%s, step %u: released", lives[_i].name, i);
	}
	port_rig_end(&rig);
}
END_TEST

/* With MSI on, the pin is silent. Each event that comes while none is pending is a message. */
START_TEST(a_slot_sends_messages)
{
	static struct port_rig rig;

	port_rig_begin(&rig);
	port_rig_place(&rig);
	port_rig_send_messages(&rig);
	port_rig_step(&rig, ENABLE);
	calls_begin();
	port_rig_step(&rig, COME);
	ck_assert(!fake_kvm_pin(arch_irq_pin(rig.port->line.gsi)));
	ck_assert_uint_eq(calls_count("KVM_SIGNAL_MSI"), 1);
	pci_host_reset(&rig.host);
	ck_assert_int_lt(rig.port->vector.eventfd, 0);
	port_rig_end(&rig);
}
END_TEST

/* Without hot-plug the port has a slot, but neither a button nor an interrupt. */
START_TEST(a_fixed_port)
{
	const struct pci_root_port_options fixed = { .fixed = true };
	static struct port_rig rig;
	struct pci_function *function;
	struct pci_root_port *port;

	port_rig_begin(&rig);
	ck_assert_int_eq(pci_root_port_add(&rig.host, &fixed, &port_rig_owner, &port), 0);
	function = &port->bridge.function;
	pci_root_port_plug(port, &rig.cards[0], 0);
	pci_root_port_show(port, false);
	ck_assert_uint_eq(pci_get_long(function, port->cap + PCI_EXP_SLTCAP),
			  PCI_EXP_SLTCAP_NCCS | 2u << 19);
	ck_assert(pci_get_word(function, port->cap + PCI_EXP_SLTSTA) & PCI_EXP_SLTSTA_PDS);
	pthread_mutex_lock(&rig.host.bus.lock);
	pci_write_any(function, port->cap + PCI_EXP_SLTCTL, 2, 0xffff);
	pthread_mutex_unlock(&rig.host.bus.lock);
	ck_assert_uint_eq(pci_get_word(function, port->cap + PCI_EXP_SLTCTL),
			  PCI_EXP_SLTCTL_PWR_IND_ON);
	port_rig_place(&rig);
	port_rig_end(&rig);
}
END_TEST

UNIT_MAIN("pci_slot", { devices_come_and_go, UNIT_COUNT(lives) }, { a_slot_sends_messages, 0 },
	  { a_fixed_port, 0 })
