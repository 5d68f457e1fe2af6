/* SPDX-License-Identifier: MIT */
#include "piix.h"

#include <linux/pci.h>

#define PIIX_PM_FUNCTION 3u

#define PCI_CLASS_ISA_BRIDGE   0x060100u
#define PCI_CLASS_OTHER_BRIDGE 0x068000u

#define PIIX_IRQ_ROUTES 0x60 /* four bytes that firmware writes and nobody reads */
#define PIIX_PM_BASE    0x40 /* bits 15:6 are the address of pm.h's ports, bit 0 says I/O */
#define PIIX_PM_ENABLE  0x80 /* bit 0: the ports decode */
#define PIIX_PM_BASE_HI 0xffu
#define PIIX_PM_BASE_LO 0xc0u
#define PIIX_PM_BASE_IO 0x01u

static void piix_reset(struct pci_function *function)
{
	if (PCI_FUNC(function->devfn) == PIIX_PM_FUNCTION) {
		pci_set_long(function, PIIX_PM_BASE, PIIX_PM_BASE_IO);
		function->config[PIIX_PM_ENABLE] = 0;
	} else {
		pci_set_long(function, PIIX_IRQ_ROUTES, 0);
	}
}

static void piix_nothing(struct pci_function *function)
{
	(void)function;
}

static const struct pci_function_ops piix_ops = {
	.config_read = pci_config_read,
	.config_write = pci_config_write,
	.bar_map = pci_no_bar_map,
	.bar_unmap = pci_no_bar_unmap,
	.reset = piix_reset,
	.destroy = piix_nothing,
};

static void piix_init_isa(struct pci_function *isa)
{
	static const struct pci_id id = { 0x1b36, 0x7ffe, 0x1af4, 0x1100,
					  PCI_CLASS_ISA_BRIDGE << 8 };

	pci_function_init(isa, &piix_ops, "ISA bridge");
	pci_set_id(isa, &id);
	for (unsigned int i = 0; i < 4; i++)
		isa->writable[PIIX_IRQ_ROUTES + i] = 0xff;
}

static void piix_init_pm(struct pci_function *pm)
{
	static const struct pci_id id = { 0x1b36, 0x7fff, 0x1af4, 0x1100,
					  PCI_CLASS_OTHER_BRIDGE << 8 };

	pci_function_init(pm, &piix_ops, "power management");
	pci_set_id(pm, &id);
	pm->config[PIIX_PM_BASE] = PIIX_PM_BASE_IO;
	pm->writable[PIIX_PM_BASE] = PIIX_PM_BASE_LO;
	pm->writable[PIIX_PM_BASE + 1] = PIIX_PM_BASE_HI;
	pm->writable[PIIX_PM_ENABLE] = 1;
}

int piix_add(struct piix *piix, struct pci_host *host)
{
	int ret;

	pci_host_set_id(host, PCI_VENDOR_INTEL, PCI_DEVICE_440FX);
	piix_init_isa(&piix->isa);
	piix_init_pm(&piix->pm);
	ret = pci_host_add_at(host, &piix->isa, PCI_DEVFN(PIIX_SLOT, 0));
	if (ret < 0)
		return ret;
	return pci_host_add_at(host, &piix->pm, PCI_DEVFN(PIIX_SLOT, PIIX_PM_FUNCTION));
}
