/* SPDX-License-Identifier: MIT */
#include "backend_names.h"

#include "vfio/vfio.h"

const struct trace_name backend_region_names[] = {
	{ VFIO_PCI_BAR0_REGION_INDEX, "BAR 0" },
	{ VFIO_PCI_BAR1_REGION_INDEX, "BAR 1" },
	{ VFIO_PCI_BAR2_REGION_INDEX, "BAR 2" },
	{ VFIO_PCI_BAR3_REGION_INDEX, "BAR 3" },
	{ VFIO_PCI_BAR4_REGION_INDEX, "BAR 4" },
	{ VFIO_PCI_BAR5_REGION_INDEX, "BAR 5" },
	{ VFIO_PCI_ROM_REGION_INDEX, "expansion ROM" },
	{ VFIO_PCI_CONFIG_REGION_INDEX, "configuration space" },
	{ VFIO_PCI_VGA_REGION_INDEX, "VGA" },
	{ 0, NULL },
};

const struct trace_name backend_irq_names[] = {
	{ VFIO_PCI_INTX_IRQ_INDEX, "INTx" },   { VFIO_PCI_MSI_IRQ_INDEX, "MSI" },
	{ VFIO_PCI_MSIX_IRQ_INDEX, "MSI-X" },  { VFIO_PCI_ERR_IRQ_INDEX, "error" },
	{ VFIO_PCI_REQ_IRQ_INDEX, "request" }, { 0, NULL },
};
