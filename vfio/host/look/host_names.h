/* SPDX-License-Identifier: MIT */
/*
 * What people call a PCI device: names out of pci.ids, by libpci.
 *
 * libpci is dlopen()ed for the commands that show names; a start of a guest needs none. Without
 * the library or its database the numbers stand in for the names.
 */
#ifndef MINIVMM_HOST_NAMES_H
#define MINIVMM_HOST_NAMES_H

#include "host_sysfs.h"

struct host_names;

/* Never fails: NULL stands for a host without libpci, and is accepted below. */
struct host_names *host_names_new(void);
void host_names_free(struct host_names *names);

/* "Intel Corporation 82574L Gigabit Network Connection", or "8086:10d3". */
void host_name_device(struct host_names *names, const struct host_device *device, char *text,
		      size_t size);

/* "Ethernet controller", or "class 0200". */
void host_name_class(struct host_names *names, const struct host_device *device, char *text,
		     size_t size);

#endif
