/* SPDX-License-Identifier: MIT */
/* --stats: prints what a run cost. */
#ifndef MINIVMM_STATS_H
#define MINIVMM_STATS_H

#include "vmm/core/vm.h"

/* The name of the phase in which a guest runs. */
#define STATS_RUN_PHASE "the guest runs"

/*
 * Print to standard error: exits by reason, phases of the start, ioctls by name, trapped accesses
 * by page. The vCPUs must have stopped.
 */
void stats_print(struct vm *vm);

#endif
