/* SPDX-License-Identifier: MIT */
/*
 * What a machine needs of the host. It is checked before anything is built, and again if building
 * fails.
 */
#ifndef MINIVMM_MACHINE_HOST_H
#define MINIVMM_MACHINE_HOST_H

#include "vfio/host/check/host_doctor.h"
#include "vmm/cli/config.h"

struct machine;

/* What the machine of this configuration needs of the host. */
struct host_demand machine_host_demand(const struct config *config);

/* Find the devices of this host, and what would keep them from the guest. 0 or -errno, logged. */
int machine_find_devices(struct machine *machine);

/*
 * Check that the host has enough memory, if RAM has all its pages from the start or comes from a
 * pool. 0 or -errno, logged.
 */
int machine_check_room(struct machine *machine);

/*
 * Log what else is wrong with the host, which may be why building failed with `err`; returns err.
 */
int machine_explain(const struct machine *machine, int err);

/* Raise the limit on open files as far as allowed, because each vector of each device is a file. */
void machine_raise_files(void);

#endif
