/* SPDX-License-Identifier: MIT */
/*
 * The BARs of a passed-through function: mapped pieces as guest memory, the rest as trapped
 * accesses.
 *
 * Owns the regions behind the BARs, our mapping of them, and where the guest sees their pieces. The
 * expansion ROM's BAR is one of them. Accesses to the MSI-X table and its pending bits are handed
 * to vfio_msix.c, which says which they are; so are those to what vfio_quirks.c knows of.
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
	bool on_top; /* the guest sees our mapping now */
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
	bool pending;         /* a masked vector is: the pending bits are trapped */
};

/*
 * Ask for the BARs' regions, cut them, map the pieces into our address space, and declare the BARs
 * to `function`, whose configuration space is filled in; `msix` and `quirks` know what else lies in
 * them. The guest sees none yet. 0 or -errno, logged; vfio_bars_destroy() is due either way.
 */
int vfio_bars_init(struct vfio_bars *bars, struct vfio_device *device,
		   struct pci_function *function, struct vfio_msix *msix,
		   struct vfio_quirks *quirks, struct vm *vm,
		   const struct vfio_device_options *options);

/*
 * The device is about to be closed: let go of its files. The guest sees no BAR. And it is open
 * again: map the pieces anew. 0, or -errno, logged, also where the device has other BARs now.
 */
void vfio_bars_release(struct vfio_bars *bars);
int vfio_bars_retake(struct vfio_bars *bars);

/* Whether pending bits lie in a page that could be mapped while there are none. */
bool vfio_bars_have_loose(const struct vfio_bars *bars);

/* A masked vector is pending, or none is: trap the pending bits' page, or map it. Any thread. */
void vfio_bars_set_pending(struct vfio_bars *bars, bool pending);

/* The guest sees none any more. Accepts a zeroed one. */
void vfio_bars_destroy(struct vfio_bars *bars);

/*
 * Show all pieces of BAR `index` at function->bars[index].addr: 0, or -errno and none is shown. Or
 * take those that are shown away. Neither logs.
 */
int vfio_bars_map(struct vfio_bars *bars, unsigned int index);
void vfio_bars_unmap(struct vfio_bars *bars, unsigned int index);

#endif
