/* SPDX-License-Identifier: MIT */
#include "user_memory.h"

#include <errno.h>
#include <string.h>

void user_memory_init(struct user_memory *memory)
{
	memory->count = 0;
	pthread_mutex_init(&memory->lock, NULL);
}

void user_memory_destroy(struct user_memory *memory)
{
	pthread_mutex_destroy(&memory->lock);
}

int user_memory_add(struct user_memory *memory, const struct vfio_dma *dma)
{
	int ret = 0;

	pthread_mutex_lock(&memory->lock);
	for (unsigned int i = 0; i < memory->count; i++)
		if (dma->iova < memory->maps[i].iova + memory->maps[i].size &&
		    memory->maps[i].iova < dma->iova + dma->size)
			ret = -EEXIST;
	if (ret == 0 && memory->count == USER_MEMORY_MAPS_MAX)
		ret = -ENOSPC;
	if (ret == 0)
		memory->maps[memory->count++] = *dma;
	pthread_mutex_unlock(&memory->lock);
	return ret;
}

int user_memory_del(struct user_memory *memory, uint64_t iova, uint64_t size)
{
	int ret = -ENOENT;

	pthread_mutex_lock(&memory->lock);
	for (unsigned int i = 0; i < memory->count; i++)
		if (memory->maps[i].iova == iova && memory->maps[i].size == size) {
			memory->maps[i] = memory->maps[--memory->count];
			ret = 0;
			break;
		}
	pthread_mutex_unlock(&memory->lock);
	return ret;
}

static const struct vfio_dma *memory_find(const struct user_memory *memory,
					  const struct user_dma_access *access)
{
	uint64_t end;

	if (__builtin_add_overflow(access->address, access->count, &end))
		return NULL;
	for (unsigned int i = 0; i < memory->count; i++) {
		const struct vfio_dma *map = &memory->maps[i];

		if (access->address >= map->iova && end <= map->iova + map->size)
			return map;
	}
	return NULL;
}

/* The lock is held during the copy, so that the memory is not unmapped meanwhile. */
int user_memory_access(struct user_memory *memory, const struct user_message *command,
		       void *read_to)
{
	const struct user_dma_access *access = command->payload;
	bool write = command->header.command == USER_DMA_WRITE;
	const struct vfio_dma *map;
	char *hva;
	int ret = 0;

	pthread_mutex_lock(&memory->lock);
	map = memory_find(memory, access);
	if (!map)
		ret = -EFAULT;
	else if (write && map->readonly)
		ret = -EPERM;
	hva = map ? (char *)map->hva + (access->address - map->iova) : NULL;
	if (ret == 0 && write)
		memcpy(hva, access + 1, access->count);
	else if (ret == 0 && read_to)
		memcpy(read_to, hva, access->count);
	pthread_mutex_unlock(&memory->lock);
	return ret;
}
