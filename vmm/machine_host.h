/* SPDX-License-Identifier: MIT */
/*
 * What a machine asks of the host: known before anything is built, and looked at again where the
 * building fails.
 */
#ifndef MINIVMM_MACHINE_HOST_H
#define MINIVMM_MACHINE_HOST_H

#include "vfio/host/check/host_doctor.h"
#include "vmm/cli/config.h"

struct machine;

/* What the machine of this configuration asks of the host. */
struct host_demand machine_host_demand(const struct config *config);

/* Find the devices of this host, and what would keep them from the guest. 0 or -errno, logged. */
int machine_find_devices(struct machine *machine);

/*
 * RAM that has all its pages from the start, or that comes from a pool, must be there. 0 or -errno,
 * logged.
 */
int machine_check_room(struct machine *machine);

/* What else is wrong with the host may be why building failed with `err`; returns err. */
int machine_explain(const struct machine *machine, int err);

/* Each vector of each device is a file of ours: as many as may be. */
void machine_raise_files(void);

#endif
