/* SPDX-License-Identifier: MIT */
/*
 * A guest that stands still for a while: its vCPUs wait, all else goes on.
 *
 * The gate that they wait at is core/vm.h's.
 */
#ifndef MINIVMM_VM_PAUSE_H
#define MINIVMM_VM_PAUSE_H

#include "vmm/core/vm.h"

/*
 * Stop the vCPUs where they are. On return none executes the guest; one may still be in the handler
 * of an exit. Devices go on meanwhile, and so does time. A reset changes nothing of it. In the main
 * loop.
 */
void vm_pause(struct vm *vm);

/* Let them go on. The guest is told, where KVM can, that no CPU of it was hanging. */
void vm_resume(struct vm *vm);

#endif
