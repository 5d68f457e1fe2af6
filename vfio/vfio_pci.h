/* SPDX-License-Identifier: MIT */
/*
 * A passed-through PCI function: a device of the host, seen by the guest as struct pci_function.
 *
 * Combines configuration space, BARs, interrupts and reset, and owns their order. Each of these
 * parts is a structure with functions in a file of its own, which does not know this one.
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
#include "vfio_reset.h"
#include "vmm/core/vm.h"

struct vfio_pci {
	struct pci_function function;
	struct vfio_device device;
	struct vfio_device_request which; /* used each time the device is opened */
	struct vm *vm;
	bool kvm_knows; /* of device.kvm_file */
	struct vfio_info info;
	bool was_on; /* powered on once */
	struct vfio_reset reset;
	struct vfio_config config;
	struct vfio_interrupts interrupts;
	struct vfio_quirks quirks;
	struct vfio_bars bars;
	struct vfio_event error, request;
};

/*
 * Open the device that `request` names in `space`, and make a function of it as `options` say,
 * ready for pci_host_add(). What `options` point to must outlive the function. *result is freed by
 * its destroy op, or by vfio_pci_free() if it was not plugged in. 0 or -errno, logged.
 */
int vfio_pci_new(struct vm *vm, struct vfio_space *space, const struct vfio_device_request *request,
		 const struct vfio_device_options *options, struct vfio_pci **result);
void vfio_pci_free(struct vfio_pci *pci);

/* When the host wants the device back, `carer` is told. */
void vfio_pci_watch_request(struct vfio_pci *pci, const struct vfio_carer *carer);

/*
 * Close and free a device that has left the bus for good. If `last` says that no other device of
 * its group is left, what the backend keeps for the group is also freed.
 */
void vfio_pci_give_up(struct vfio_pci *pci, bool last);

/* Switch bus mastering off, so that the device starts no more DMA. */
void vfio_pci_quiesce(struct vfio_pci *pci);

/*
 * Close a device of the kernel's, between the reset of all devices and the end of the VM. From
 * Linux 6.2 on, an open device keeps the KVM VM alive that it was opened with, and the next
 * power-on has another VM. A device whose file was handed over stays open, because it could not be
 * opened again.
 */
void vfio_pci_power_off(struct vfio_pci *pci);

/*
 * To be called at each power-on of the machine, when all devices are on the bus, or with the bus's
 * lock held while vCPUs run. Opens the device again if it was closed, and connects the pin, which
 * the stop op disconnects. 0 or -errno, logged.
 */
int vfio_pci_power_on(struct vfio_pci *pci);

#endif
