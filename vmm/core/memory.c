/* SPDX-License-Identifier: MIT */
#include "memory.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vmm/base/array.h"
#include "vmm/trace/log.h"
#include "vmm/trace/trace.h"

void memory_init(struct memory *memory)
{
	*memory = (struct memory){ .count = 0 };
	pthread_mutex_init(&memory->lock, NULL);
}

/* RAM and the file behind it belong to the map; a device's pieces do not. */
static void memory_free_ram(const struct memory_region *region)
{
	if (region->kind != MEMORY_RAM)
		return;
	munmap(region->hva, region->size);
	if (region->fd >= 0)
		close(region->fd);
}

void memory_destroy(struct memory *memory)
{
	while (memory->count) {
		struct memory_region last = memory->regions[memory->count - 1];

		memory_del_region(memory, last.gpa);
		memory_free_ram(&last);
	}
	free(memory->regions);
	memory->regions = NULL;
	pthread_mutex_destroy(&memory->lock);
}

/* Index of the first region that ends above `gpa`. */
static size_t memory_find(const struct memory *memory, uint64_t gpa)
{
	size_t i = 0;

	while (i < memory->count && memory->regions[i].gpa + memory->regions[i].size <= gpa)
		i++;
	return i;
}

static int memory_insert(struct memory *memory, size_t at, const struct memory_region *region)
{
	struct memory_region *grown;

	grown = array_insert(memory->regions, memory->count, sizeof(*grown), at, region);
	if (!grown)
		return -ENOMEM;
	memory->regions = grown;
	memory->count++;
	return 0;
}

static void memory_remove(struct memory *memory, size_t at)
{
	array_remove(memory->regions, memory->count, sizeof(memory->regions[0]), at);
	memory->count--;
}

static void memory_tell_del(struct memory *memory, size_t told, const struct memory_region *region)
{
	while (told--)
		memory->listeners[told]->del(memory->listeners[told], region);
}

static int memory_tell_add(struct memory *memory, const struct memory_region *region)
{
	for (size_t i = 0; i < memory->listener_count; i++) {
		if (memory->listeners[i]->add(memory->listeners[i], region) < 0) {
			memory_tell_del(memory, i, region);
			return -LOG_TOLD;
		}
	}
	return 0;
}

/* A span of the trace around the calls that tell KVM and the IOMMU of a region. */
static void memory_trace_begin(struct trace_span *span, const char *name,
			       const struct memory_region *region)
{
	trace_begin(span, TRACE_TOPIC_memory, name, NULL);
	if (!span->on)
		return;
	if (region->kind == MEMORY_ROM)
		trace_put(&span->fields, "what", "%s, read-only", region->owner);
	else if (region->owner)
		trace_put(&span->fields, "what", "BAR %u of %s", region->bar, region->owner);
	else
		trace_put(&span->fields, "what", "RAM");
	trace_put(&span->fields, "gpa", "%#" PRIx64, region->gpa);
	trace_put_size(&span->fields, "size", region->size);
	if (region->fd >= 0)
		trace_put(&span->fields, "file offset", "%#" PRIx64, region->fd_offset);
}

static int memory_add_locked(struct memory *memory, const struct memory_region *region)
{
	size_t at = memory_find(memory, region->gpa);
	int ret;

	if (at < memory->count && memory->regions[at].gpa < region->gpa + region->size)
		return -EEXIST;
	ret = memory_insert(memory, at, region);
	if (ret < 0)
		return ret;
	ret = memory_tell_add(memory, region);
	if (ret < 0)
		memory_remove(memory, at);
	return ret;
}

int memory_add_region(struct memory *memory, const struct memory_region *region)
{
	struct trace_span span;
	uint64_t end;
	int ret;

	if (!region->size || __builtin_add_overflow(region->gpa, region->size, &end))
		return -EINVAL;
	memory_trace_begin(&span, "memory comes", region);
	pthread_mutex_lock(&memory->lock);
	ret = memory_add_locked(memory, region);
	pthread_mutex_unlock(&memory->lock);
	trace_end(&span);
	return ret;
}

void *memory_reserve(uint64_t size, uint64_t align, uint64_t like, int prot)
{
	uint64_t lead;
	char *base;

	base = mmap(NULL, size + align, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (base == MAP_FAILED)
		return NULL;
	lead = (like - (uintptr_t)base) & (align - 1);
	if (lead)
		munmap(base, lead);
	if (align - lead)
		munmap(base + lead + size, align - lead);
	return base + lead;
}

void memory_del_region(struct memory *memory, uint64_t gpa)
{
	struct memory_region region;
	struct trace_span span;
	size_t at;

	pthread_mutex_lock(&memory->lock);
	at = memory_find(memory, gpa);
	if (at < memory->count && memory->regions[at].gpa == gpa) {
		region = memory->regions[at];
		memory_trace_begin(&span, "memory goes", &region);
		memory_tell_del(memory, memory->listener_count, &region);
		memory_remove(memory, at);
		trace_end(&span);
	}
	pthread_mutex_unlock(&memory->lock);
}

static int memory_replay(struct memory *memory, struct memory_listener *listener)
{
	for (size_t i = 0; i < memory->count; i++) {
		int ret = listener->add(listener, &memory->regions[i]);

		if (ret < 0) {
			while (i--)
				listener->del(listener, &memory->regions[i]);
			return ret;
		}
	}
	return 0;
}

int memory_add_listener(struct memory *memory, struct memory_listener *listener)
{
	int ret;

	pthread_mutex_lock(&memory->lock);
	if (memory->listener_count < MEMORY_LISTENERS_MAX)
		ret = memory_replay(memory, listener);
	else
		ret = log_errno("memory map", -ENOSPC, "add one more listener");
	if (ret == 0)
		memory->listeners[memory->listener_count++] = listener;
	pthread_mutex_unlock(&memory->lock);
	return ret;
}

void memory_del_listener(struct memory *memory, struct memory_listener *listener)
{
	size_t i = 0;

	pthread_mutex_lock(&memory->lock);
	while (i < memory->listener_count && memory->listeners[i] != listener)
		i++;
	if (i < memory->listener_count) {
		memory->listener_count--;
		memmove(&memory->listeners[i], &memory->listeners[i + 1],
			(memory->listener_count - i) * sizeof(memory->listeners[0]));
		for (size_t r = memory->count; r--;)
			listener->del(listener, &memory->regions[r]);
	}
	pthread_mutex_unlock(&memory->lock);
}

void *memory_ram_ptr(struct memory *memory, uint64_t gpa, uint64_t size)
{
	const struct memory_region *region;
	void *hva = NULL;
	uint64_t end;
	size_t at;

	if (__builtin_add_overflow(gpa, size, &end))
		return NULL;
	pthread_mutex_lock(&memory->lock);
	at = memory_find(memory, gpa);
	region = &memory->regions[at];
	if (at < memory->count && region->kind == MEMORY_RAM && gpa >= region->gpa &&
	    end <= region->gpa + region->size)
		hva = (char *)region->hva + (gpa - region->gpa);
	pthread_mutex_unlock(&memory->lock);
	return hva;
}

bool memory_find_gpa(struct memory *memory, uint64_t hva, uint64_t *gpa)
{
	bool found = false;

	pthread_mutex_lock(&memory->lock);
	for (size_t i = 0; i < memory->count && !found; i++) {
		const struct memory_region *region = &memory->regions[i];
		uint64_t at = hva - (uintptr_t)region->hva;

		found = region->kind == MEMORY_RAM && at < region->size;
		*gpa = region->gpa + at;
	}
	pthread_mutex_unlock(&memory->lock);
	return found;
}

/* The page in which a file ends can be used as a whole. */
static bool memory_is_shrunk(const struct memory_region *region)
{
	uint64_t last_page = region->fd_offset + region->size - (uint64_t)sysconf(_SC_PAGESIZE);
	struct stat file;

	return region->kind == MEMORY_DEVICE && region->fd >= 0 && fstat(region->fd, &file) == 0 &&
	       S_ISREG(file.st_mode) && (uint64_t)file.st_size <= last_page;
}

bool memory_find_shrunk(struct memory *memory, struct memory_region *found)
{
	bool shrunk = false;

	pthread_mutex_lock(&memory->lock);
	for (size_t i = 0; i < memory->count && !shrunk; i++) {
		shrunk = memory_is_shrunk(&memory->regions[i]);
		*found = memory->regions[i];
	}
	pthread_mutex_unlock(&memory->lock);
	return shrunk;
}

uint64_t memory_ram_size(struct memory *memory)
{
	uint64_t size = 0;

	pthread_mutex_lock(&memory->lock);
	for (size_t i = 0; i < memory->count; i++)
		if (memory->regions[i].kind == MEMORY_RAM)
			size += memory->regions[i].size;
	pthread_mutex_unlock(&memory->lock);
	return size;
}
