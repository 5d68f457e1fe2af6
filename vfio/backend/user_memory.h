/* SPDX-License-Identifier: MIT */
/*
 * The memory that a vfio-user server may reach by messages: what is mapped for DMA, for servers
 * that do not map its files themselves.
 *
 * Any thread may use it. Where nothing is mapped, an access fails, as with a real IOMMU.
 */
#ifndef MINIVMM_USER_MEMORY_H
#define MINIVMM_USER_MEMORY_H

#include <pthread.h>

#include "user_message.h"
#include "vfio/vfio.h"

#define USER_MEMORY_MAPS_MAX 64u

struct user_memory {
	pthread_mutex_t lock;
	struct vfio_dma maps[USER_MEMORY_MAPS_MAX];
	unsigned int count;
};

void user_memory_init(struct user_memory *memory);
void user_memory_destroy(struct user_memory *memory);

/*
 * Add and remove a map. 0, -EEXIST, -ENOSPC, or -ENOENT if it is not exactly a map that was added.
 * Not logged. When user_memory_del() returns, nothing touches the memory any more.
 */
int user_memory_add(struct user_memory *memory, const struct vfio_dma *dma);
int user_memory_del(struct user_memory *memory, uint64_t iova, uint64_t size);

/*
 * Carry out the server's command, USER_DMA_WRITE, or USER_DMA_READ into `read_to`, which has room
 * for it; NULL only checks. The message was checked as a whole before. 0, -EFAULT where not all of
 * it is mapped by one map, or -EPERM for a write to read-only memory. Not logged.
 */
int user_memory_access(struct user_memory *memory, const struct user_message *command,
		       void *read_to);

#endif
