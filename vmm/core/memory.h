/* SPDX-License-Identifier: MIT */
/*
 * The guest-physical memory map: RAM banks and the directly mapped pieces of device BARs.
 *
 * Owns the list of what is mapped where, and the memory behind RAM, which ../ram_bank.h makes.
 * Knows neither KVM nor VFIO: both learn of each region as listeners. A listener that registers
 * late is told of all that exists; when one refuses a region, those told before it are told to drop
 * it again, in reverse.
 *
 * Read beside it: Documentation/virt/kvm/api.rst, KVM_SET_USER_MEMORY_REGION.
 */
#ifndef MINIVMM_MEMORY_H
#define MINIVMM_MEMORY_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MEMORY_LISTENERS_MAX 64 /* KVM, each space of devices, each vhost-user server */

enum memory_kind {
	MEMORY_RAM,    /* ordinary guest memory */
	MEMORY_DEVICE, /* a BAR, or a piece of one */
	/* memory that the guest only reads: its writes go to the bus, and DMA cannot reach it */
	MEMORY_ROM,
};

struct memory_region {
	uint64_t gpa;
	uint64_t size; /* bytes, a multiple of the page size */
	void *hva;
	int fd; /* the file that hva maps, or -1 for anonymous memory */
	uint64_t fd_offset;
	enum memory_kind kind;
	bool readonly;     /* the guest's writes go to the bus, not to memory */
	const char *owner; /* whose BAR or ROM it is, for people; NULL for RAM */
	unsigned int bar;
};

struct memory_listener {
	/* Make the region usable. 0 or -errno; the listener logs its own failure. */
	int (*add)(struct memory_listener *listener, const struct memory_region *region);
	/* Forget a region that add() accepted. Cannot fail. */
	void (*del)(struct memory_listener *listener, const struct memory_region *region);
};

struct memory {
	pthread_mutex_t lock;
	struct memory_region *regions; /* sorted by gpa */
	size_t count;
	struct memory_listener *listeners[MEMORY_LISTENERS_MAX];
	size_t listener_count;
};

void memory_init(struct memory *memory);

/* Drops every region (listeners are told), then unmaps the RAM. */
void memory_destroy(struct memory *memory);

/*
 * Add a region. RAM with its hva and its file belongs to the map once this succeeds; all else stays
 * the caller's. 0, -EEXIST when the range overlaps another, -EINVAL for an empty or wrapping one,
 * not logged; or -LOG_TOLD if a listener refused it.
 */
int memory_add_region(struct memory *memory, const struct memory_region *region);

/* Remove the region that starts at `gpa`, if there is one; listeners forget it in reverse order. */
void memory_del_region(struct memory *memory, uint64_t gpa);

/*
 * Tell `listener` of every present and future region. On failure it is left unregistered and knows
 * of none. 0, -ENOSPC (logged), or what add() answered.
 */
int memory_add_listener(struct memory *memory, struct memory_listener *listener);

/* Take all regions away from `listener` and forget it. Does nothing if it is not registered. */
void memory_del_listener(struct memory *memory, struct memory_listener *listener);

/*
 * The address in minivmm of the guest RAM [gpa, gpa + size); NULL unless all of it is in one bank.
 */
void *memory_ram_ptr(struct memory *memory, uint64_t gpa, uint64_t size);

/*
 * Store the guest-physical address of a byte of guest RAM in *gpa; false if `hva` is not guest RAM.
 */
bool memory_find_gpa(struct memory *memory, uint64_t hva, uint64_t *gpa);

/*
 * Reserve `size` bytes of minivmm's address space at an address equal to `like` modulo `align`, a
 * power of two, so that a mapping there can use pages as large as `align`. The range is anonymous
 * memory with the protection `prot`, without pages yet, and the caller unmaps it. NULL, with errno
 * set, on failure.
 */
void *memory_reserve(uint64_t size, uint64_t align, uint64_t like, int prot);

/*
 * True if the file that a device gave for a BAR has become too short for it, so that an access
 * there fails. *found is then the region.
 */
bool memory_find_shrunk(struct memory *memory, struct memory_region *found);

/* The guest's RAM, in bytes. */
uint64_t memory_ram_size(struct memory *memory);

#endif
