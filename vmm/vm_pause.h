/* SPDX-License-Identifier: MIT */
/*
 * Pauses a guest: its vCPUs wait, and everything else goes on.
 *
 * The gate at which they wait is in core/vm_state.h.
 */
#ifndef MINIVMM_VM_PAUSE_H
#define MINIVMM_VM_PAUSE_H

#include "vmm/core/vm.h"

/*
 * Stop the vCPUs where they are. On return none executes the guest, but one may still be in the
 * handler of an exit. Devices and the time go on. A paused guest stays paused over a reset. Must be
 * called in the main loop.
 */
void vm_pause(struct vm *vm);

/* Let the vCPUs go on. KVM tells the guest, if it can, that its CPUs were not hanging. */
void vm_resume(struct vm *vm);

#endif
