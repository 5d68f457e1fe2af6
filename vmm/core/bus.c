/* SPDX-License-Identifier: MIT */
#include "bus.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/base/array.h"
#include "vmm/trace/trace.h"

void bus_init(struct bus *bus)
{
	*bus = (struct bus){ 0 };
	pthread_rwlock_init(&bus->lock, NULL);
}

void bus_destroy(struct bus *bus)
{
	free(bus->regions);
	bus->regions = NULL;
	bus->count = 0;
	pthread_rwlock_destroy(&bus->lock);
}

/* Index of the first region whose last byte is at or above `addr`. */
static size_t bus_find(const struct bus *bus, uint64_t addr)
{
	size_t low = 0, high = bus->count;

	while (low < high) {
		size_t mid = (low + high) / 2;
		const struct bus_region *region = &bus->regions[mid];

		if (region->base + (region->size - 1) < addr)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static int bus_insert(struct bus *bus, const struct bus_region *region)
{
	size_t at = bus_find(bus, region->base);
	struct bus_region *grown;

	if (at < bus->count && bus->regions[at].base < region->base + region->size)
		return -EEXIST;
	grown = array_insert(bus->regions, bus->count, sizeof(*grown), at, region);
	if (!grown)
		return -ENOMEM;
	bus->regions = grown;
	bus->count++;
	return 0;
}

int bus_add_region(struct bus *bus, const struct bus_region *region)
{
	uint64_t end;
	int ret;

	if (!region->size || __builtin_add_overflow(region->base, region->size, &end))
		return -EINVAL;
	pthread_rwlock_wrlock(&bus->lock);
	ret = bus_insert(bus, region);
	pthread_rwlock_unlock(&bus->lock);
	return ret;
}

void bus_del_region(struct bus *bus, uint64_t base)
{
	size_t at;

	pthread_rwlock_wrlock(&bus->lock);
	at = bus_find(bus, base);
	if (at < bus->count && bus->regions[at].base == base) {
		array_remove(bus->regions, bus->count, sizeof(bus->regions[0]), at);
		bus->count--;
	}
	pthread_rwlock_unlock(&bus->lock);
}

/*
 * Find who answers at `addr`; false for a hole, and how many of `len` bytes are in it. There is one
 * look-up for the whole access: a region that is added meanwhile answers the next access, not the
 * rest of this one.
 */
static bool bus_lookup(struct bus *bus, uint64_t addr, unsigned int len, struct bus_region *region,
		       unsigned int *hole)
{
	bool found = false;
	size_t at;

	*hole = len;
	pthread_rwlock_rdlock(&bus->lock);
	at = bus_find(bus, addr);
	if (at < bus->count && bus->regions[at].base <= addr) {
		*region = bus->regions[at];
		found = true;
	} else if (at < bus->count && bus->regions[at].base - addr < len) {
		*hole = (unsigned int)(bus->regions[at].base - addr);
	}
	pthread_rwlock_unlock(&bus->lock);
	return found;
}

/* The largest power of two that exceeds neither `len` nor the bytes left in the region. */
static unsigned int bus_chunk(const struct bus_region *region, uint64_t offset, unsigned int len)
{
	uint64_t left = region->size - offset;
	unsigned int chunk = 8;

	while (chunk > len || chunk > left)
		chunk /= 2;
	return chunk;
}

static void bus_locate(const struct bus_region *region, uint64_t offset, struct trace_place *place)
{
	*place = (struct trace_place){
		.topic = TRACE_TOPIC_io,
		.object = "machine",
		.bar = TRACE_NO_BAR,
		.offset = offset,
	};
	if (region->ops->locate)
		region->ops->locate(region->owner, offset, place);
}

static uint64_t bus_call_read(const struct bus_region *region, uint64_t offset, unsigned int size)
{
	struct trace_access access;
	struct trace_place place;
	uint64_t value;

	if (!trace_wants_accesses())
		return region->ops->read(region->owner, offset, size);
	bus_locate(region, offset, &place);
	trace_access_begin(&access, &place, false);
	value = region->ops->read(region->owner, offset, size);
	trace_access_end(&access, size, value);
	return value;
}

static void bus_call_write(const struct bus_region *region, uint64_t offset, unsigned int size,
			   uint64_t value)
{
	struct trace_access access;
	struct trace_place place;

	if (!trace_wants_accesses()) {
		region->ops->write(region->owner, offset, size, value);
		return;
	}
	bus_locate(region, offset, &place);
	trace_access_begin(&access, &place, true);
	region->ops->write(region->owner, offset, size, value);
	trace_access_end(&access, size, value);
}

void bus_read(struct bus *bus, uint64_t addr, void *data, unsigned int len)
{
	struct bus_region region;
	uint8_t *bytes = data;
	unsigned int chunk;

	for (; len; addr += chunk, bytes += chunk, len -= chunk) {
		uint64_t value;

		if (!bus_lookup(bus, addr, len, &region, &chunk)) {
			memset(bytes, 0xff, chunk);
			continue;
		}
		chunk = bus_chunk(&region, addr - region.base, len);
		value = bus_call_read(&region, addr - region.base, chunk);
		memcpy(bytes, &value, chunk);
	}
}

void bus_write(struct bus *bus, uint64_t addr, const void *data, unsigned int len)
{
	struct bus_region region;
	const uint8_t *bytes = data;
	unsigned int chunk;

	for (; len; addr += chunk, bytes += chunk, len -= chunk) {
		uint64_t value = 0;

		if (!bus_lookup(bus, addr, len, &region, &chunk))
			continue;
		chunk = bus_chunk(&region, addr - region.base, len);
		memcpy(&value, bytes, chunk);
		bus_call_write(&region, addr - region.base, chunk, value);
	}
}
