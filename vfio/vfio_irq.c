/* SPDX-License-Identifier: MIT */
#include "vfio_irq.h"

int vfio_irq_set(struct vfio_device *device, uint32_t index, uint32_t action, unsigned int start,
		 unsigned int count, const int *fds)
{
	struct vfio_irq_request request = {
		.index = index,
		.action = action,
		.start = start,
		.count = count,
		.fds = fds,
	};

	return device->backend->set_irqs(device, &request);
}

const char *vfio_irq_name(uint32_t index)
{
	return index == VFIO_PCI_MSIX_IRQ_INDEX  ? "MSI-X"
	       : index == VFIO_PCI_MSI_IRQ_INDEX ? "MSI"
						 : "INTx";
}
