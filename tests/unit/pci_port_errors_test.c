/* SPDX-License-Identifier: MIT */
/* devices/pci_root_port.c: errors of the devices below, which the port tells the guest of. */
#include <linux/pci.h>

#include "call_log.h"
#include "fake_kvm.h"
#include "port_rig.h"
#include "unit.h"

/* What the guest has switched on, and what the root error status is then. */
#define SERR     PCI_BRIDGE_CTL_SERR
#define NONFATAL PCI_ERR_ROOT_CMD_NONFATAL_EN
#define FATAL    PCI_ERR_ROOT_CMD_FATAL_EN
static const struct {
	uint16_t bridge;
	uint32_t command;
	unsigned int errors; /* how many, one by each function */
	bool fatal[2];
	bool told[2];
	uint32_t status, source;
	bool interrupts;
} failures[] = {
	{ SERR, FATAL, 1, { true }, { true }, 0x54, 0x01000000, true },
	{ SERR, NONFATAL, 1, { false }, { true }, 0x24, 0x01000000, true },
	{ SERR, FATAL | NONFATAL, 2, { false, true }, { true, true }, 0x6c, 0x01000000, true },
	{ SERR, FATAL | NONFATAL, 2, { true, false }, { true, true }, 0x7c, 0x01000000, true },
	{ SERR, FATAL, 2, { false, true }, { false, true }, 0x54, 0x01030000, true },
	{ SERR, PCI_ERR_ROOT_CMD_COR_EN, 1, { true }, { false }, 0, 0, false },
	{ SERR, 0, 1, { true }, { false }, 0, 0, false },
	{ 0, FATAL | NONFATAL, 1, { true }, { false }, 0, 0, false },
};

static void check_errors(struct port_rig *rig, uint32_t status, uint32_t source, bool interrupts)
{
	ck_assert_uint_eq(port_rig_get(rig, 0, PORT, AER + PCI_ERR_ROOT_STATUS, 4), status);
	ck_assert_uint_eq(port_rig_get(rig, 0, PORT, AER + PCI_ERR_ROOT_ERR_SRC, 4), source);
	ck_assert_int_eq(fake_kvm_pin(arch_irq_pin(rig->port->line.gsi)), interrupts);
}
START_TEST(errors_are_shown_to_who_listens)
{
	static struct port_rig rig;

	port_rig_begin(&rig);
	port_rig_fill_two(&rig);
	port_rig_set(&rig, 0, PORT, PCI_BRIDGE_CONTROL, 2, failures[_i].bridge);
	port_rig_set(&rig, 0, PORT, AER + PCI_ERR_ROOT_COMMAND, 4, failures[_i].command);
	for (unsigned int i = 0; i < failures[_i].errors; i++)
		ck_assert_int_eq(pci_root_port_report(&rig.cards[i], failures[_i].fatal[i]),
				 failures[_i].told[i]);
	check_errors(&rig, failures[_i].status, failures[_i].source, failures[_i].interrupts);
	/* Only a 1 clears a bit, and only its own. */
	port_rig_set(&rig, 0, PORT, AER + PCI_ERR_ROOT_STATUS, 1, 0);
	port_rig_set(&rig, 0, PORT, AER + PCI_ERR_ROOT_STATUS + 1, 1, 0xff);
	check_errors(&rig, failures[_i].status, failures[_i].source, failures[_i].interrupts);
	port_rig_set(&rig, 0, PORT, AER + PCI_ERR_ROOT_STATUS, 4, failures[_i].status);
	check_errors(&rig, 0, failures[_i].source, false);
	pci_host_reset(&rig.host);
	check_errors(&rig, 0, 0, false);
	ck_assert_uint_eq(port_rig_get(&rig, 0, PORT, AER + PCI_ERR_ROOT_COMMAND, 4), 0);
	port_rig_end(&rig);
}
END_TEST

/*
 * An error is a message of its own while the slot's message is not answered yet. The same is true
 * the other way round.
 */
START_TEST(errors_and_the_slot_send_a_message_each)
{
	static struct port_rig rig;

	port_rig_begin(&rig);
	port_rig_fill(&rig);
	port_rig_send_messages(&rig);
	port_rig_step(&rig, ENABLE);
	port_rig_set(&rig, 0, PORT, PCI_BRIDGE_CONTROL, 2, SERR);
	port_rig_set(&rig, 0, PORT, AER + PCI_ERR_ROOT_COMMAND, 4, FATAL);
	calls_begin();
	port_rig_step(&rig, ASK);
	ck_assert_uint_eq(calls_count("KVM_SIGNAL_MSI"), 1);
	ck_assert(pci_root_port_report(&rig.cards[0], true));
	ck_assert_uint_eq(calls_count("KVM_SIGNAL_MSI"), 2);
	ck_assert(pci_root_port_report(&rig.cards[0], true)); /* that one is pending still */
	port_rig_step(&rig, CLEAR);
	ck_assert_uint_eq(calls_count("KVM_SIGNAL_MSI"), 2);
	port_rig_step(&rig, ASK);
	ck_assert_uint_eq(calls_count("KVM_SIGNAL_MSI"), 3);
	port_rig_set(&rig, 0, PORT, AER + PCI_ERR_ROOT_STATUS, 4, 0x7f);
	ck_assert(pci_root_port_report(&rig.cards[0], true));
	ck_assert_uint_eq(calls_count("KVM_SIGNAL_MSI"), 4);
	port_rig_end(&rig);
}
END_TEST

UNIT_MAIN("pci_port_errors", { errors_are_shown_to_who_listens, UNIT_COUNT(failures) },
	  { errors_and_the_slot_send_a_message_each, 0 })
