/* SPDX-License-Identifier: MIT */
/*
 * Curves for a timeline: how often the vCPUs came out of the guest, how many interrupts went in.
 *
 * KVM counts both, also where neither is seen by minivmm: an exit that the kernel handles, an
 * interrupt that goes from VFIO to the guest by irqfd. Here its counters are read every few
 * milliseconds while a timeline is written; otherwise there is no file, no timer, no call.
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
	uint64_t at[CURVES_KINDS]; /* where they lie in the file; 0 if this KVM has no such */
};

struct curves {
	struct vm *vm; /* NULL: not started */
	struct loop_source timer;
	struct curve *vcpus;
	unsigned int count;
};

/*
 * After vm_start(); does nothing unless a timeline is written. Where KVM does not tell, there are
 * no curves: that is no error.
 */
void curves_start(struct curves *curves, struct vm *vm);

/* When no vCPU runs any more. Accepts one that is zeroed. */
void curves_stop(struct curves *curves);

#endif
