/* SPDX-License-Identifier: MIT */
/*
 * Curves for a timeline: the number of exits and of interrupts into the guest.
 *
 * KVM also counts those that minivmm does not see: an exit that the kernel handles, or an interrupt
 * that goes from VFIO to the guest by irqfd. Its counters are read every few milliseconds while a
 * timeline is written; otherwise there is no file, no timer and no call.
 *
 * Read beside it: Documentation/virt/kvm/api.rst, KVM_GET_STATS_FD.
 */
#ifndef MINIVMM_CURVES_H
#define MINIVMM_CURVES_H

#include "vmm/core/vm.h"

#define CURVES_KINDS 2 /* counters that are read of each vCPU */

/* The counters of one vCPU. */
struct curve {
	int fd;
	/* offset of each counter in the file; 0 if this KVM does not have it */
	uint64_t at[CURVES_KINDS];
};

struct curves {
	struct vm *vm; /* NULL: not started */
	struct loop_source timer;
	struct curve *vcpus;
	unsigned int count;
};

/*
 * Start to read counters, after vm_start(). Does nothing unless a timeline is written. If KVM has
 * no counters there are no curves, which is not an error.
 */
void curves_start(struct curves *curves, struct vm *vm);

/* Stop, when no vCPU runs any more. Accepts a zeroed one. */
void curves_stop(struct curves *curves);

#endif
