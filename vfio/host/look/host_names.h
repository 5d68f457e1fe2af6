/* SPDX-License-Identifier: MIT */
/*
 * What people call a PCI device: names from pci.ids, by libpci.
 *
 * libpci is opened by dlopen() for the commands that show names; a start of a guest needs none.
 * Without the library or its database, the numbers stand in for the names.
 */
#ifndef MINIVMM_HOST_NAMES_H
#define MINIVMM_HOST_NAMES_H

#include "host_sysfs.h"

struct host_names;

/*
 * Open the database. Never fails: on a host without libpci it returns NULL, which the functions
 * below accept.
 */
struct host_names *host_names_new(void);
void host_names_free(struct host_names *names);

/* Write a name such as "Intel Corporation 82574L Gigabit Network Connection", or "8086:10d3". */
void host_name_device(struct host_names *names, const struct host_device *device, char *text,
		      size_t size);

/* Write a name such as "Ethernet controller", or "class 0200". */
void host_name_class(struct host_names *names, const struct host_device *device, char *text,
		     size_t size);

#endif
