/* SPDX-License-Identifier: MIT */
/*
 * What backend_group.c keeps for a space and for a device, behind their `priv`.
 */
#ifndef MINIVMM_BACKEND_GROUP_H
#define MINIVMM_BACKEND_GROUP_H

#include "backend_kernel.h"

#define GROUPS_MAX 32

/* One group that is attached to the container. */
struct group {
	int number;
	int fd;
	unsigned int users; /* open devices */
};

struct group_space {
	int container;
	struct group groups[GROUPS_MAX];
	unsigned int count;
};

struct group_device {
	struct kernel_device kernel;
	int group; /* its number, or -1 while none is held */
};

#endif
