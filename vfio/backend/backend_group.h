/* SPDX-License-Identifier: MIT */
/*
 * The state that backend_group.c keeps for a space in its `priv`. For a device it is struct
 * kernel_device.
 */
#ifndef MINIVMM_BACKEND_GROUP_H
#define MINIVMM_BACKEND_GROUP_H

#include "backend_kernel.h"

#define GROUPS_MAX 32

/*
 * One group that is attached to the container. It stays attached until the space is closed, or
 * until all its devices are gone for good, because the container loses its DMA maps with its last
 * group.
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
