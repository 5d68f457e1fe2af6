/* SPDX-License-Identifier: MIT */
#include "user_irqs.h"

#include <errno.h>
#include <linux/pci_regs.h>

#include "user_device.h"
#include "user_socket.h"
#include "vmm/base/unix_socket.h"

/*
 * The error notification is made by the client: it tells that the server is gone. KVM lowers a pin
 * when the guest acknowledges it, whether or not the server masks it meanwhile, so every pin counts
 * as automasked.
 */
int user_get_irq(struct vfio_device *device, uint32_t index, struct vfio_irq *irq)
{
	struct vfio_irq_info info = { .argsz = sizeof(info), .index = index };
	const char *wrong;
	int ret = -EINVAL;

	*irq = (struct vfio_irq){ VFIO_IRQ_INFO_EVENTFD, index == VFIO_PCI_ERR_IRQ_INDEX };
	if (index == VFIO_PCI_ERR_IRQ_INDEX)
		return 0;
	if (index < user_device_of(device)->info.irqs)
		ret = user_ask(device, USER_GET_IRQ_INFO, &info, sizeof(info));
	if (ret < 0)
		return ret;
	wrong = user_check_irq(&info, index);
	if (wrong)
		return user_link_fail(user_device_link(device), wrong);
	*irq = (struct vfio_irq){ info.flags, info.count };
	if (index == VFIO_PCI_INTX_IRQ_INDEX)
		irq->flags |= VFIO_IRQ_INFO_MASKABLE | VFIO_IRQ_INFO_AUTOMASKED;
	return 0;
}

/* `fds` are `count` files. NULL takes the eventfds of the range away, or disables the kind. */
static int user_send_irqs(struct vfio_device *device, const struct vfio_irq_request *request,
			  uint32_t start, uint32_t count, const int *fds,
			  const struct timespec *until)
{
	uint32_t data = request->fds ? VFIO_IRQ_SET_DATA_EVENTFD : VFIO_IRQ_SET_DATA_NONE;
	const struct vfio_irq_set set = {
		.argsz = sizeof(set),
		.flags = request->action | data,
		.index = request->index,
		.start = start,
		.count = count,
	};
	struct user_call call = { .command = USER_SET_IRQS,
				  .head = &set,
				  .head_size = sizeof(set),
				  .fds = fds,
				  .fd_count = fds ? count : 0,
				  .until = until };
	struct user_message reply;
	int ret = user_link_call(user_device_link(device), &call, &reply);

	user_message_destroy(&reply);
	return ret;
}

/*
 * A message carries either files or none, and no more than the server takes. So the range is sent
 * as runs of vectors with an eventfd and runs without.
 */
static int user_send_vectors(struct vfio_device *device, const struct vfio_irq_request *request,
			     const struct timespec *until)
{
	uint32_t limit = user_device_link(device)->limits.max_fds;
	int ret = 0;

	for (uint32_t done = 0, run; done < request->count && ret == 0; done += run) {
		const int *fds = &request->fds[done];
		bool none = fds[0] < 0;

		for (run = 1; done + run < request->count && (fds[run] < 0) == none; run++)
			if (run == limit)
				break;
		ret = user_send_irqs(device, request, request->start + done, run, none ? NULL : fds,
				     until);
	}
	return ret;
}

/* MSI tells the device its number of vectors as a power of two that is at least `count`. */
static uint16_t user_msi_size(uint16_t flags, uint32_t count)
{
	uint16_t size = 0;

	while (count > 1u << size && size < 5)
		size++;
	if ((flags & PCI_MSI_FLAGS_ENABLE) && (flags & PCI_MSI_FLAGS_QSIZE) >= size << 4)
		return flags;
	return (uint16_t)((flags & ~PCI_MSI_FLAGS_QSIZE) | size << 4);
}

/*
 * Set the device's own control word as the kernel's VFIO would: on with the vectors 0 to `count` -
 * 1, or off if `count` is 0.
 */
static int user_switch_kind(struct vfio_device *device, uint32_t index, uint32_t count,
			    const struct timespec *until)
{
	const struct user_device *user = user_device_of(device);
	bool msix = index == VFIO_PCI_MSIX_IRQ_INDEX;
	unsigned int reg = msix ? user->msix_cap : user->msi_cap;
	uint16_t enable = msix ? PCI_MSIX_FLAGS_ENABLE : PCI_MSI_FLAGS_ENABLE;
	uint16_t old, flags;
	int ret;

	if (!reg || (!msix && index != VFIO_PCI_MSI_IRQ_INDEX))
		return 0;
	/* Both kinds have the control word at the same offset. */
	ret = user_config_read(device, reg + PCI_MSI_FLAGS, &old, until);
	if (ret < 0)
		return ret;
	flags = msix || !count ? old : user_msi_size(old, count);
	flags = (uint16_t)(count ? flags | enable : flags & ~enable);
	if (flags == old)
		return 0;
	return user_config_write(device, reg + PCI_MSI_FLAGS, flags, until);
}

/* All messages of this request share one deadline, because the caller holds locks meanwhile. */
int user_set_irqs(struct vfio_device *device, const struct vfio_irq_request *request)
{
	const struct timespec until = unix_socket_deadline(USER_TIMEOUT_MS);
	bool trigger = request->action == VFIO_IRQ_SET_ACTION_TRIGGER;
	int ret;

	if (request->index == VFIO_PCI_ERR_IRQ_INDEX) {
		user_link_set_bell(user_device_link(device),
				   request->fds && request->count ? request->fds[0] : -1);
		return 0;
	}
	if (request->fds)
		ret = user_send_vectors(device, request, &until);
	else
		ret = user_send_irqs(device, request, request->start, request->count, NULL, &until);
	if (ret == 0 && trigger && (request->fds || request->count == 0))
		ret = user_switch_kind(device, request->index, request->start + request->count,
				       &until);
	return ret;
}
