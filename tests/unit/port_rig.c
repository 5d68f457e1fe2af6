/* SPDX-License-Identifier: MIT */
#include "port_rig.h"

#include <string.h>

#include "call_log.h"
#include "devices/pci_windows.h"
#include "fake_kvm.h"
#include "fake_vm.h"
#include "unit.h"

#define MSI_ADDR 0xfee00000u

static unsigned int released;

static void count_release(void *owner)
{
	(void)owner;
	released++;
}

const struct pci_root_port_options port_rig_usual = { .name = NULL };
const struct pci_root_port_owner port_rig_owner = { count_release, NULL };

unsigned int port_rig_released(void)
{
	return released;
}

static int card_map(struct pci_function *function, unsigned int bar)
{
	calls_add("map %u.%u", PCI_FUNC(function->devfn), bar);
	return 0;
}

static void card_unmap(struct pci_function *function, unsigned int bar)
{
	calls_add("unmap %u.%u", PCI_FUNC(function->devfn), bar);
}

static void card_reset(struct pci_function *function)
{
	calls_add("reset %u", PCI_FUNC(function->devfn));
}

static void card_stop(struct pci_function *function)
{
	calls_add("stop %u", PCI_FUNC(function->devfn));
}

static void card_revive(struct pci_function *function)
{
	calls_add("revive %u", PCI_FUNC(function->devfn));
}

static void card_destroy(struct pci_function *function)
{
	calls_add("destroy %u", PCI_FUNC(function->devfn));
}

static const struct pci_function_ops card_ops = {
	pci_config_read, pci_config_write, card_map,    card_unmap,
	card_reset,      card_destroy,     card_revive, card_stop,
};

void port_rig_card(struct pci_function *card)
{
	unsigned int cap;

	pci_function_init(card, &card_ops, "card");
	pci_set_long(card, 0, 0x56781234);
	cap = pci_add_capability(card, PCI_CAP_ID_EXP, 0x3c);
	pci_set_long(card, cap + PCI_EXP_DEVCAP, 1);
	pci_set_long(card, cap + PCI_EXP_LNKCAP, 3 | 4 << 4);
	pci_set_word(card, cap + PCI_EXP_LNKSTA, 2 | 2 << 4);
}

void port_rig_begin(struct port_rig *rig)
{
	memset(rig, 0, sizeof(*rig));
	released = 0;
	fake_vm_begin(&rig->vm, &rig->host, 0);
	ck_assert_int_eq(
		pci_root_port_add(&rig->host, &port_rig_usual, &port_rig_owner, &rig->port), 0);
	rig->exp = rig->port->cap;
	for (unsigned int i = 0; i < 2; i++)
		port_rig_card(&rig->cards[i]);
}

void port_rig_place(struct port_rig *rig)
{
	ck_assert_int_eq(pci_windows_assign_bars(&rig->host), 0);
	calls_begin();
}

void port_rig_fill(struct port_rig *rig)
{
	pci_set_bar(&rig->cards[0], 0, 0x4000, MEM64);
	pci_set_bar(&rig->cards[0], 2, 16 << 20, PREF64);
	pci_set_bar(&rig->cards[0], 4, 0x20, PCI_BASE_ADDRESS_SPACE_IO);
	pci_root_port_plug(rig->port, &rig->cards[0], 0);
	pci_root_port_show(rig->port, false);
	port_rig_place(rig);
}

void port_rig_fill_two(struct port_rig *rig)
{
	pci_root_port_plug(rig->port, &rig->cards[1], 3);
	port_rig_fill(rig);
}

void port_rig_end(struct port_rig *rig)
{
	fake_vm_end(&rig->vm, &rig->host);
}

static uint64_t address(unsigned int bus, unsigned int devfn, unsigned int offset)
{
	return arch_layout.ecam.base + (bus << 20 | devfn << 12 | offset);
}

uint32_t port_rig_get(struct port_rig *rig, unsigned int bus, unsigned int devfn,
		      unsigned int offset, unsigned int size)
{
	uint64_t value = 0;

	bus_read(&rig->vm.mmio, address(bus, devfn, offset), &value, size);
	return (uint32_t)value;
}

void port_rig_set(struct port_rig *rig, unsigned int bus, unsigned int devfn, unsigned int offset,
		  unsigned int size, uint32_t value)
{
	const uint64_t wide = value;

	bus_write(&rig->vm.mmio, address(bus, devfn, offset), &wide, size);
}

uint16_t port_rig_exp_get(struct port_rig *rig, unsigned int reg)
{
	return (uint16_t)port_rig_get(rig, 0, PORT, rig->exp + reg, 2);
}

void port_rig_exp_set(struct port_rig *rig, unsigned int reg, uint16_t value)
{
	port_rig_set(rig, 0, PORT, rig->exp + reg, 2, value);
}

void port_rig_switch_card_on(struct port_rig *rig)
{
	port_rig_set(rig, 1, 0, PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_IO);
}

void port_rig_send_messages(struct port_rig *rig)
{
	unsigned int msi = rig->port->msi.cap;

	port_rig_set(rig, 0, PORT, msi + PCI_MSI_ADDRESS_LO, 4, MSI_ADDR);
	port_rig_set(rig, 0, PORT, msi + PCI_MSI_DATA_64, 2, 0x41);
	port_rig_set(rig, 0, PORT, msi + PCI_MSI_FLAGS, 2, PCI_MSI_FLAGS_ENABLE);
	ck_assert(fake_kvm_plugged(rig->port->vector.gsi));
}

static void set_indicator(struct port_rig *rig, uint16_t bits)
{
	uint16_t control = port_rig_exp_get(rig, PCI_EXP_SLTCTL);

	port_rig_exp_set(rig, PCI_EXP_SLTCTL, (control & (uint16_t)~PCI_EXP_SLTCTL_PIC) | bits);
}

void port_rig_step(struct port_rig *rig, enum port_step step)
{
	switch (step) {
	case COME:
		pci_root_port_plug(rig->port, &rig->cards[0], 0);
		pci_root_port_show(rig->port, true);
		break;
	case GO:
		pci_root_port_unplug(rig->port, true);
		break;
	case ASK:
		pci_root_port_ask(rig->port);
		break;
	case BLINK:
		set_indicator(rig, PCI_EXP_SLTCTL_PWR_IND_BLINK);
		break;
	case OFF:
		set_indicator(rig, PCI_EXP_SLTCTL_PWR_IND_OFF);
		break;
	case ON:
		set_indicator(rig, PCI_EXP_SLTCTL_PWR_IND_ON);
		break;
	case CLEAR:
		port_rig_exp_set(rig, PCI_EXP_SLTSTA, 0xffff);
		break;
	case ENABLE:
		port_rig_exp_set(rig, PCI_EXP_SLTCTL,
				 port_rig_exp_get(rig, PCI_EXP_SLTCTL) | 0x1029);
		break;
	case REBOOT:
		pci_host_reset(&rig->host);
		break;
	}
}
