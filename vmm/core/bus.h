/* SPDX-License-Identifier: MIT */
/*
 * An address space of handlers: one for MMIO, one for port I/O.
 *
 * Owns the list of who answers at which address, and splits an access of any size into accesses
 * that a device understands: 1, 2, 4 or 8 bytes, each inside one region. Where nobody answers,
 * reads give all-ones and writes are dropped, as on a PCI bus after a master abort.
 *
 * A look-up copies the region out under the lock and calls the handler without it: a write to a BAR
 * register may move the very region it came through.
 */
#ifndef MINIVMM_BUS_H
#define MINIVMM_BUS_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

#include "vmm/trace/trace_event.h"

/*
 * `offset` counts from the region's base; `size` is 1, 2, 4 or 8 and never crosses the region's
 * end. Values are in the CPU's byte order. Called from any vCPU's thread.
 */
struct bus_ops {
	uint64_t (*read)(void *owner, uint64_t offset, unsigned int size);
	void (*write)(void *owner, uint64_t offset, unsigned int size, uint64_t value);
	/*
	 * For a trace: says whose registers these are and which one is at `offset`. `place` is
	 * already filled in for an unknown register. NULL if there is nothing to add.
	 */
	void (*locate)(void *owner, uint64_t offset, struct trace_place *place);
};

struct bus_region {
	uint64_t base;
	uint64_t size;
	const struct bus_ops *ops;
	void *owner;
};

struct bus {
	pthread_rwlock_t lock;
	struct bus_region *regions; /* sorted by base */
	size_t count;
};

void bus_init(struct bus *bus);
void bus_destroy(struct bus *bus);

/*
 * Add a region; the bus copies *region, whose owner must outlive it. 0, -EEXIST if the range
 * overlaps another, -EINVAL for an empty or wrapping one, -ENOMEM. Not logged.
 */
int bus_add_region(struct bus *bus, const struct bus_region *region);

/* Remove the region at `base`, if there is one. Handlers already called may still be running. */
void bus_del_region(struct bus *bus, uint64_t base);

/*
 * Read or write `len` bytes at any address; this never fails. `data` holds the bytes in the guest's
 * memory order.
 */
void bus_read(struct bus *bus, uint64_t addr, void *data, unsigned int len);
void bus_write(struct bus *bus, uint64_t addr, const void *data, unsigned int len);

#endif
