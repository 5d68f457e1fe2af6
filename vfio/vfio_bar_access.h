/* SPDX-License-Identifier: MIT */
/*
 * The guest's accesses to those parts of a passed-through device's BARs that are not mapped, and
 * the structs that describe the BARs.
 *
 * Owns the way of one access: to the MSI-X table and its pending bits (vfio_msix.c), to registers
 * that are trapped for a quirk (vfio_quirks.c), to the ROM's copy (vfio_rom.c), or to the device.
 * vfio_bar.c decides which pieces of a BAR are trapped.
 */
#ifndef MINIVMM_VFIO_BAR_ACCESS_H
#define MINIVMM_VFIO_BAR_ACCESS_H

#include "devices/pci.h"
#include "vfio_msix.h"
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
	void *hva; /* reserved address space; pieces are mapped into it; NULL for none */
	uint64_t hva_size;
	struct vfio_window windows[VFIO_PIECES_MAX];
	unsigned int window_count;
	unsigned int placed; /* windows that the guest sees now */
};

struct vfio_bars {
	struct vfio_device *device;
	struct pci_function *function;
	struct vfio_msix *msix;
	struct vfio_quirks *quirks;
	struct vm *vm;
	struct vfio_bar list[PCI_BARS];
	struct vfio_rom rom;
	pthread_mutex_t lock; /* protects what the guest sees now */
	bool pending;         /* a masked vector is pending, so the pending bits are trapped */
};

/*
 * For bus regions whose owner is a struct vfio_window. A device that does not answer reads as
 * all-ones.
 */
extern const struct bus_ops vfio_bar_ops;
extern const struct bus_ops vfio_bar_rom_ops;

#endif
