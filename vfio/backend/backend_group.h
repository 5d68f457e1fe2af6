/* SPDX-License-Identifier: MIT */
/*
 * What backend_group.c keeps for a space, behind its `priv`; for a device it is struct
 * kernel_device.
 */
#ifndef MINIVMM_BACKEND_GROUP_H
#define MINIVMM_BACKEND_GROUP_H

#include "backend_kernel.h"

#define GROUPS_MAX 32

/*
 * One group that is attached to the container. It stays so until the space is closed, or until all
 * its devices are gone for good: the container forgets its DMA maps with its last group.
 */
struct group {
	int number;
	int fd;
};

struct group_space {
	int container;
	struct group groups[GROUPS_MAX];
	unsigned int count;
};

#endif
