/* SPDX-License-Identifier: MIT */
/*
 * A VFIO backend without a kernel: one small PCI device made of bytes.
 *
 * Owns configuration space, BARs (memfds, so that they can be mapped), and the interrupt state
 * that VFIO_DEVICE_SET_IRQS would keep. Calls with effects go into the call log; questions do
 * not. It answers as the kernel does: a block of vectors with NORESIZE cannot grow, and DMA maps
 * do not overlap. It aborts the test if the contract in vfio/vfio.h is broken, or if two of INTx,
 * MSI and MSI-X would be on together.
 *
 * What a guest's write did to the device is plain to see: configuration bytes keep whatever they
 * are given.
 *
 * Read beside it: include/uapi/linux/vfio.h.
 */
#ifndef MINIVMM_TESTS_FAKE_BACKEND_H
#define MINIVMM_TESTS_FAKE_BACKEND_H

#include <linux/pci_regs.h>
#include <stdbool.h>
#include <stdint.h>

#include "vfio/vfio.h"

#define FAKE_CONFIG   4096
#define FAKE_BARS     7
#define FAKE_VECTORS  2048
#define FAKE_MSIS     32
#define FAKE_DMA_MAPS 16

#define FAKE_BDF "0000:01:00.0"

enum fake_death {
	FAKE_ALIVE,
	FAKE_GONE,   /* the kernel still answers: reads give 0xff, writes go nowhere */
	FAKE_BROKEN, /* every access fails with -EIO */
};

struct fake_bar {
	uint64_t size;
	uint32_t flags; /* low bits of the register */
	bool mappable;
	bool readonly; /* cannot be mapped for writing */
	int fd;
	unsigned int sparse_count;
	struct vfio_area areas[VFIO_SPARSE_MAX];
};

struct fake_device {
	/* What the device is. It may be changed until the device is opened. */
	uint8_t config[FAKE_CONFIG];
	uint64_t config_size;  /* of the region: 256 or 4096 */
	unsigned int last_cap; /* where the next capability is chained */
	unsigned int last_cap_end;
	unsigned int last_ext_cap;
	unsigned int pm_cap, exp_cap, msix_cap, msi_cap; /* 0 if there is none */
	struct fake_bar bars[FAKE_BARS];
	unsigned int vectors;   /* MSI-X vectors the kernel tells of */
	uint32_t vectors_flags; /* VFIO_IRQ_INFO_* of them */
	unsigned int grant;     /* vectors the host has to give */
	unsigned int msis;      /* MSI vectors the kernel tells of */
	unsigned int msi_grant; /* and has to give */
	bool intx;
	uint32_t intx_flags; /* VFIO_IRQ_INFO_* of the pin */
	bool notifies;       /* offers the error and request notifications */
	uint32_t info_flags; /* VFIO_DEVICE_FLAGS_* */
	unsigned int range_count;
	struct vfio_range ranges[4];

	/* What happens to the device. */
	enum fake_death death;
	bool pm_restores;        /* as the kernel does for a device that forgets in D3hot ... */
	uint16_t pm_command;     /* ... COMMAND is what it was when it fell asleep */
	uint8_t pm_stuck;        /* the power state it says, whatever was written; 0: that */
	const char *fail_name;   /* the operation that fails ... */
	unsigned int fail_nth;   /* ... at its nth call from now on ... */
	int fail_err;            /* ... with this */
	struct vfio_reach reach; /* of a reset of its bus; of count 0: itself alone */

	/* What became of the device. */
	bool open;
	bool intx_on;
	unsigned int msix_on; /* vectors enabled, from 0 on */
	int msix_fds[FAKE_VECTORS];
	unsigned int msi_on;
	int msi_fds[FAKE_MSIS];
	int intx_fd, unmask_fd;
	bool intx_masked;
	int error_fd, request_fd; /* -1 while off */
	unsigned int map_count;
	struct vfio_dma maps[FAKE_DMA_MAPS];
	unsigned int table_touched; /* accesses that reached the real MSI-X table or PBA */
	unsigned int accesses;      /* all accesses to BARs */
};

extern const struct vfio_backend fake_backend;

/* A PCI Express device with power management and nothing else: no BAR, no interrupt. */
void fake_init(struct fake_device *fake);
void fake_destroy(struct fake_device *fake);

/* Chain a capability of `size` zeroed bytes, an extended one at `offset`. Returns its offset. */
unsigned int fake_add_cap(struct fake_device *fake, uint8_t id, unsigned int size);
void fake_add_ext_cap(struct fake_device *fake, unsigned int offset, uint16_t id);

/*
 * Add a BAR. `flags` are the low bits of its register; a 64-bit BAR takes the next register, too.
 */
void fake_add_bar(struct fake_device *fake, unsigned int bar, uint64_t size, uint32_t flags,
		  bool mappable);

/* Add an MSI-X capability. Table and PBA are encoded as in the specification: offset | BIR. */
void fake_add_msix(struct fake_device *fake, unsigned int vectors, uint32_t table, uint32_t pba);

/* Add an MSI capability of 2^`shift` vectors; `flags` are PCI_MSI_FLAGS_64BIT and _MASKBIT. */
void fake_add_msi(struct fake_device *fake, unsigned int shift, uint16_t flags);

/* Give the device a pin, INTA. */
void fake_add_intx(struct fake_device *fake);

void fake_fail(struct fake_device *fake, const char *operation, unsigned int nth, int err);

uint16_t fake_config_word(const struct fake_device *fake, unsigned int offset);

/* The device interrupts: signals what SET_IRQS was given, if it was. */
void fake_raise(struct fake_device *fake, unsigned int vector);

#endif
