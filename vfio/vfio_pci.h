/* SPDX-License-Identifier: MIT */
/*
 * A passed-through PCI function: a device of the host, seen by the guest as struct pci_function.
 *
 * Ties the parts together - configuration space, BARs, interrupts, reset - and owns their order.
 * Each part has a file of its own and knows nothing of the others.
 */
#ifndef MINIVMM_VFIO_PCI_H
#define MINIVMM_VFIO_PCI_H

#include <pthread.h>
#include <stddef.h>

#include "devices/msi.h"
#include "devices/msix.h"
#include "devices/pci.h"
#include "vfio.h"
#include "vfio_config.h"
#include "vfio_event.h"
#include "vfio_intx.h"
#include "vfio_options.h"
#include "vfio_region.h"
#include "vfio_rom.h"
#include "vfio_vectors.h"
#include "vmm/core/vm.h"

struct vfio_pci;

/* What the device interrupts by. VFIO allows one at a time. */
enum vfio_irq_kind {
	VFIO_IRQ_NONE,
	VFIO_IRQ_PIN,
	VFIO_IRQ_MSI,
	VFIO_IRQ_MSIX,
};

/* A piece of a BAR where the guest sees it: a memory slot, or a bus region. */
struct vfio_window {
	struct vfio_pci *pci;
	unsigned int bar;
	struct vfio_piece piece;
};

struct vfio_bar {
	struct vfio_region region;
	void *hva; /* reserved address space, mapped where pieces are; NULL if none is */
	uint64_t hva_size;
	struct vfio_window windows[VFIO_PIECES_MAX];
	unsigned int window_count;
	unsigned int placed; /* windows the guest sees now */
};

/* Which device, in the words of vfio.h. */
struct vfio_place {
	const char *name;
	int group; /* -1: none */
	int cdev;  /* -1: none */
	int fd;    /* taken over where it is not -1 */
};

struct vfio_pci {
	struct pci_function function;
	struct vfio_device device;
	struct vfio_device_options options;
	struct vm *vm;
	bool kvm_knows;      /* of device.kvm_file */
	uint32_t info_flags; /* VFIO_DEVICE_FLAGS_* */
	struct vfio_config config;
	struct vfio_bar bars[PCI_BARS];
	struct vfio_rom rom;

	pthread_mutex_t lock; /* interrupt state and ROM: tables are written by any vCPU */
	enum vfio_irq_kind kind;
	unsigned int msix_cap; /* offset in config space, or 0 */
	unsigned int msix_table_bar, msix_pba_bar;
	uint64_t msix_table_offset, msix_pba_offset;
	struct msix msix;
	struct msi msi;
	struct vfio_vectors msix_vectors, msi_vectors;
	struct vfio_intx intx;
	bool has_intx;
	bool powered;   /* between power-on and reset */
	bool was_reset; /* by us; the kernel's reset at the opening is not meant */

	struct vfio_event error, request;
};

static inline struct vfio_pci *vfio_pci_of(struct pci_function *function)
{
	return (struct vfio_pci *)((char *)function - offsetof(struct vfio_pci, function));
}

/*
 * Open the device at `place` in `space` and make it a function ready for pci_host_add(), as
 * `options` say. *result is freed by its destroy op, or by
 * vfio_pci_free() before it is plugged in. 0 or -errno, logged.
 */
int vfio_pci_new(struct vm *vm, struct vfio_space *space, const struct vfio_place *place,
		 const struct vfio_device_options *options, struct vfio_pci **result);
void vfio_pci_free(struct vfio_pci *pci);

/* The device starts no DMA any more: bus mastering off. */
void vfio_pci_quiesce(struct vfio_pci *pci);

/*
 * At each power-on of the machine, when all devices are open and on the bus: wire the pin, which
 * the reset op unwires. 0 or -errno, logged.
 */
int vfio_pci_power_on(struct vfio_pci *pci);

#endif
