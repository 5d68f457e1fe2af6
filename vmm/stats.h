/* SPDX-License-Identifier: MIT */
/*
 * --stats: what a run cost, for people.
 */
#ifndef MINIVMM_STATS_H
#define MINIVMM_STATS_H

#include "vmm/core/vm.h"

/* What the phase is called in which a guest runs. */
#define STATS_RUN_PHASE "the guest runs"

/*
 * Print to standard error: exits by reason, phases of the start, ioctls by name, trapped accesses
 * by page. The vCPUs must have stopped.
 */
void stats_print(struct vm *vm);

#endif
