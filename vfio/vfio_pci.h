/* SPDX-License-Identifier: MIT */
/*
 * A passed-through PCI function: a device of the host, seen by the guest as struct pci_function.
 *
 * Ties the parts together - configuration space, BARs, interrupts, reset - and owns their order.
 * Each part is a structure with functions of its own, in a file of its own, and does not know this
 * one.
 */
#ifndef MINIVMM_VFIO_PCI_H
#define MINIVMM_VFIO_PCI_H

#include "devices/pci.h"
#include "vfio.h"
#include "vfio_bar.h"
#include "vfio_config.h"
#include "vfio_event.h"
#include "vfio_interrupts.h"
#include "vfio_options.h"
#include "vfio_quirks.h"
#include "vmm/core/vm.h"

struct vfio_pci {
	struct pci_function function;
	struct vfio_device device;
	struct vfio_device_request which; /* by which it is opened, each time */
	struct vm *vm;
	bool kvm_knows; /* of device.kvm_file */
	struct vfio_info info;
	bool was_reset; /* by us; the kernel's reset at the opening is not meant */
	struct vfio_config config;
	struct vfio_interrupts interrupts;
	struct vfio_quirks quirks;
	struct vfio_bars bars;
	struct vfio_event error, request;
};

/*
 * Open the device that `request` names in `space`, and make it a function ready for pci_host_add(),
 * as `options` say; what they point to must outlive it. *result is freed by its destroy op, or by
 * vfio_pci_free() before it is plugged in. 0 or -errno, logged.
 */
int vfio_pci_new(struct vm *vm, struct vfio_space *space, const struct vfio_device_request *request,
		 const struct vfio_device_options *options, struct vfio_pci **result);
void vfio_pci_free(struct vfio_pci *pci);

/* When the host wants the device back, `carer` is told. */
void vfio_pci_watch_request(struct vfio_pci *pci, const struct vfio_carer *carer);

/*
 * The device has left the bus for good, is closed and freed: what was kept for it is given up, too,
 * when `last` says that no other device of its group is left.
 */
void vfio_pci_give_up(struct vfio_pci *pci, bool last);

/* The device starts no DMA any more: bus mastering off. */
void vfio_pci_quiesce(struct vfio_pci *pci);

/*
 * Between the reset of all devices and the end of the VM: close a device of the kernel's. From
 * Linux 6.2 on an open one keeps the KVM VM alive that it was opened with, and the next power-on
 * has another VM. One whose file was given to us stays open, for it could not be opened again.
 */
void vfio_pci_power_off(struct vfio_pci *pci);

/*
 * At each power-on of the machine, when all devices are on the bus: open the device again if it
 * was closed, and wire the pin, which the reset op unwires. 0 or -errno, logged.
 */
int vfio_pci_power_on(struct vfio_pci *pci);

#endif
