/* SPDX-License-Identifier: MIT */
/*
 * The BARs of a passed-through function: mapped pieces as guest memory, the rest as trapped
 * accesses.
 *
 * Owns the regions behind the BARs, minivmm's mapping of them, and the places where the guest sees
 * their pieces. The expansion ROM's BAR is one of them. What becomes of a trapped access is decided
 * in vfio_bar_access.c.
 *
 * Read beside it: PCI Local Bus 3.0, 6.2.5; VFIO_DEVICE_GET_REGION_INFO in linux/vfio.h.
 */
#ifndef MINIVMM_VFIO_BAR_H
#define MINIVMM_VFIO_BAR_H

#include "vfio_bar_access.h"
#include "vfio_options.h"

/*
 * Ask for the BARs' regions, cut them, map the pieces into minivmm's address space, and declare the
 * BARs to `function`, whose configuration space must be filled in. `msix` and `quirks` know what
 * must be trapped. The guest sees no BAR yet. 0 or -errno, logged; call vfio_bars_destroy() in
 * either case.
 */
int vfio_bars_init(struct vfio_bars *bars, struct vfio_device *device,
		   struct pci_function *function, struct vfio_msix *msix,
		   struct vfio_quirks *quirks, struct vm *vm,
		   const struct vfio_device_options *options);

/*
 * Release the device's files before it is closed, while the guest sees no BAR; and map the pieces
 * again after it is opened again. 0, or -errno, logged, for example if the device has other BARs
 * now.
 */
void vfio_bars_release(struct vfio_bars *bars);
int vfio_bars_retake(struct vfio_bars *bars);

/* True if pending bits lie in a page that can be mapped while no bit is pending. */
bool vfio_bars_have_loose(const struct vfio_bars *bars);

/*
 * Trap the page of the pending bits if a masked vector is pending, else map it. May be called from
 * any thread.
 */
void vfio_bars_set_pending(struct vfio_bars *bars, bool pending);

/* Unmap everything; the guest must see no BAR any more. Accepts a zeroed one. */
void vfio_bars_destroy(struct vfio_bars *bars);

/*
 * Show all pieces of BAR `index` at function->bars[index].addr (0, or -errno with none shown), or
 * take them away. Neither logs.
 */
int vfio_bars_map(struct vfio_bars *bars, unsigned int index);
void vfio_bars_unmap(struct vfio_bars *bars, unsigned int index);

#endif
