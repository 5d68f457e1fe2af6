/* SPDX-License-Identifier: MIT */
/*
 * The BARs of a passed-through function: mapped pieces as guest memory, the rest as trapped
 * accesses.
 *
 * Owns the regions behind the BARs, minivmm's mapping of them, and the places where the guest sees
 * their pieces. The expansion ROM's BAR is one of them. Accesses to the MSI-X table and its pending
 * bits are handed to vfio_msix.c, and accesses to what vfio_quirks.c traps are handed to that.
 *
 * Read beside it: PCI Local Bus 3.0, 6.2.5; VFIO_DEVICE_GET_REGION_INFO in linux/vfio.h.
 */
#ifndef MINIVMM_VFIO_BAR_H
#define MINIVMM_VFIO_BAR_H

#include "devices/pci.h"
#include "vfio_msix.h"
#include "vfio_options.h"
#include "vfio_quirks.h"
#include "vfio_region.h"
#include "vfio_rom.h"
#include "vmm/core/vm.h"

struct vfio_bars;

/* A piece of a BAR where the guest sees it: a memory slot, or a bus region. */
struct vfio_window {
	struct vfio_bars *bars;
	unsigned int bar;
	struct vfio_piece piece;
	bool on_top; /* the guest sees minivmm's mapping now */
};

struct vfio_bar {
	struct vfio_region region;
	void *hva; /* reserved address space, mapped where pieces are; NULL if none is */
	uint64_t hva_size;
	struct vfio_window windows[VFIO_PIECES_MAX];
	unsigned int window_count;
	unsigned int placed; /* windows the guest sees now */
};

struct vfio_bars {
	struct vfio_device *device;
	struct pci_function *function;
	struct vfio_msix *msix;
	struct vfio_quirks *quirks;
	struct vm *vm;
	struct vfio_bar list[PCI_BARS];
	struct vfio_rom rom;
	pthread_mutex_t lock; /* what the guest sees now */
	bool pending;         /* a masked vector is pending, so the pending bits are trapped */
};

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
