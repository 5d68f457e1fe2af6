/* SPDX-License-Identifier: MIT */
#include "vfio_irq.h"

#include <errno.h>

#include "vmm/trace/log.h"

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

int vfio_irq_find(struct vfio_device *device, uint32_t index, struct vfio_irq *irq)
{
	int ret = device->backend->get_irq(device, index, irq);

	if (ret >= 0)
		return 0;
	*irq = (struct vfio_irq){ 0, 0 };
	return ret == -EINVAL ? 0
			      : log_errno(device->name, ret, "VFIO_DEVICE_GET_IRQ_INFO, %s",
					  vfio_irq_name(index));
}

const char *vfio_irq_name(uint32_t index)
{
	static const char *const names[] = {
		[VFIO_PCI_INTX_IRQ_INDEX] = "INTx",   [VFIO_PCI_MSI_IRQ_INDEX] = "MSI",
		[VFIO_PCI_MSIX_IRQ_INDEX] = "MSI-X",  [VFIO_PCI_ERR_IRQ_INDEX] = "error",
		[VFIO_PCI_REQ_IRQ_INDEX] = "request",
	};

	return names[index];
}
