/* SPDX-License-Identifier: MIT */
#include "pci_slot.h"

#include "vmm/trace/macros.h"

#define SLOT_NUMBER_SHIFT 19
#define SLOT_CAPABILITIES                                                                          \
	(PCI_EXP_SLTCAP_ABP | PCI_EXP_SLTCAP_PIP | PCI_EXP_SLTCAP_HPS | PCI_EXP_SLTCAP_HPC |       \
	 PCI_EXP_SLTCAP_NCCS)
#define SLOT_CONTROL                                                                               \
	(PCI_EXP_SLTCTL_ABPE | PCI_EXP_SLTCTL_PDCE | PCI_EXP_SLTCTL_HPIE | PCI_EXP_SLTCTL_PIC |    \
	 PCI_EXP_SLTCTL_DLLSCE)
#define SLOT_EVENTS (PCI_EXP_SLTSTA_ABP | PCI_EXP_SLTSTA_PDC | PCI_EXP_SLTSTA_DLLSC)

static uint16_t slot_get(const struct pci_slot *slot, unsigned int reg)
{
	return pci_get_word(slot->function, slot->cap + reg);
}

static void slot_set(struct pci_slot *slot, unsigned int reg, uint16_t value)
{
	pci_set_word(slot->function, slot->cap + reg, value);
}

void pci_slot_init(struct pci_slot *slot, struct pci_function *function, unsigned int cap,
		   unsigned int number, const struct pci_slot_ops *ops, void *owner)
{
	uint8_t *control = &function->writable[cap + PCI_EXP_SLTCTL];

	*slot = (struct pci_slot){ .ops = ops, .owner = owner, .function = function, .cap = cap };
	pci_set_long(function, cap + PCI_EXP_SLTCAP,
		     SLOT_CAPABILITIES | number << SLOT_NUMBER_SHIFT);
	control[0] = SLOT_CONTROL & 0xff;
	control[1] = SLOT_CONTROL >> 8;
	pci_slot_reset(slot);
}

void pci_slot_fix(struct pci_slot *slot)
{
	unsigned int capabilities = slot->cap + PCI_EXP_SLTCAP;
	uint8_t *control = &slot->function->writable[slot->cap + PCI_EXP_SLTCTL];

	pci_set_long(slot->function, capabilities,
		     pci_get_long(slot->function, capabilities) &
			     ~(uint32_t)(SLOT_CAPABILITIES & ~PCI_EXP_SLTCAP_NCCS));
	control[0] = control[1] = 0;
}

/* The link is up as soon as there is a device. */
static void slot_show_presence(struct pci_slot *slot, uint16_t events)
{
	uint16_t link = slot_get(slot, PCI_EXP_LNKSTA) & (uint16_t)~PCI_EXP_LNKSTA_DLLLA;
	uint16_t status = slot_get(slot, PCI_EXP_SLTSTA) & (uint16_t)~PCI_EXP_SLTSTA_PDS;

	slot_set(slot, PCI_EXP_LNKSTA, slot->present ? link | PCI_EXP_LNKSTA_DLLLA : link);
	slot_set(slot, PCI_EXP_SLTSTA,
		 events | (slot->present ? status | PCI_EXP_SLTSTA_PDS : status));
}

static void slot_release(struct pci_slot *slot)
{
	slot->asked = false;
	slot->ops->released(slot->owner);
}

void pci_slot_reset(struct pci_slot *slot)
{
	slot_set(slot, PCI_EXP_SLTCTL,
		 slot->present ? PCI_EXP_SLTCTL_PWR_IND_ON : PCI_EXP_SLTCTL_PWR_IND_OFF);
	slot_set(slot, PCI_EXP_SLTSTA, 0);
	slot_show_presence(slot, 0);
	slot->ops->changed(slot->owner);
	if (slot->asked)
		slot_release(slot);
}

void pci_slot_fill(struct pci_slot *slot)
{
	slot->present = true;
	pci_slot_reset(slot);
}

void pci_slot_set_present(struct pci_slot *slot, bool present)
{
	slot->present = present;
	slot->asked = false;
	slot_show_presence(slot, PCI_EXP_SLTSTA_PDC | PCI_EXP_SLTSTA_DLLSC);
	slot->ops->changed(slot->owner);
}

static bool slot_indicator_is_off(const struct pci_slot *slot)
{
	return (slot_get(slot, PCI_EXP_SLTCTL) & PCI_EXP_SLTCTL_PIC) == PCI_EXP_SLTCTL_PWR_IND_OFF;
}

void pci_slot_ask(struct pci_slot *slot)
{
	slot->asked = true;
	if (slot_indicator_is_off(slot)) {
		slot_release(slot);
		return;
	}
	slot_set(slot, PCI_EXP_SLTSTA, slot_get(slot, PCI_EXP_SLTSTA) | PCI_EXP_SLTSTA_ABP);
	slot->ops->changed(slot->owner);
}

void pci_slot_config_written(struct pci_slot *slot, unsigned int offset, unsigned int size,
			     uint32_t value)
{
	uint16_t cleared = 0;

	for (unsigned int i = 0; i < 2; i++) {
		unsigned int reg = slot->cap + PCI_EXP_SLTSTA + i;

		if (pci_access_covers(offset, size, reg))
			cleared |= (uint16_t)((value >> 8 * (reg - offset) & 0xff) << 8 * i);
	}
	slot_set(slot, PCI_EXP_SLTSTA,
		 slot_get(slot, PCI_EXP_SLTSTA) & (uint16_t) ~(cleared & SLOT_EVENTS));
	slot->ops->changed(slot->owner);
	if (slot->asked && slot_indicator_is_off(slot))
		slot_release(slot);
}

bool pci_slot_interrupts(const struct pci_slot *slot)
{
	static const struct {
		uint16_t event, enable;
	} events[] = {
		{ PCI_EXP_SLTSTA_ABP, PCI_EXP_SLTCTL_ABPE },
		{ PCI_EXP_SLTSTA_PDC, PCI_EXP_SLTCTL_PDCE },
		{ PCI_EXP_SLTSTA_DLLSC, PCI_EXP_SLTCTL_DLLSCE },
	};
	uint16_t control = slot_get(slot, PCI_EXP_SLTCTL), status = slot_get(slot, PCI_EXP_SLTSTA);

	if (!(control & PCI_EXP_SLTCTL_HPIE))
		return false;
	for (size_t i = 0; i < array_size(events); i++)
		if ((status & events[i].event) && (control & events[i].enable))
			return true;
	return false;
}
