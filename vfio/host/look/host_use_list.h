/* SPDX-License-Identifier: MIT */
/*
 * What the two files of host_use.h share: the list of uses as it grows, and names of sysfs.
 *
 * host_use_disks.c looks at disks, host_use_find.c at everything else. None of these functions
 * logs.
 */
#ifndef MINIVMM_HOST_USE_LIST_H
#define MINIVMM_HOST_USE_LIST_H

#include "host_use.h"

#define USE_NAMES_MAX 512 /* the disks of a host bus adapter, with their partitions */
#define USE_NAME_MAX  64

/* Disks or network interfaces that are made on top of the device. */
struct use_names {
	char names[USE_NAMES_MAX][USE_NAME_MAX];
	unsigned int count;
};

/* The uses found so far; `uses` has room for HOST_USES_MAX. */
struct use_list {
	struct host_use *uses;
	unsigned int count;
};

/* Returns a new entry. When the list is full, the last entry is overwritten. */
struct host_use *use_add(struct use_list *list, enum host_use_kind kind, const char *name);

/* Returns whether the name is there. */
bool use_has_name(const struct use_names *names, const char *name);

/* Add a name, unless it is there or there is no room. */
void use_add_name(struct use_names *names, const char *name);

/* Add every entry of a class of sysfs that is a descendant of the device. */
void use_collect(struct use_names *names, const char *class, const char *bdf);

/* In host_use_disks.c: add what the host does with the disks of the device. */
void use_find_disks(struct use_list *list, const char *bdf);

#endif
