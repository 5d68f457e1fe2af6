/* SPDX-License-Identifier: MIT */
/*
 * One guest CPU: a thread around KVM_RUN that hands exits to the buses.
 *
 * Read beside it: Documentation/virt/kvm/api.rst, "The kvm_run structure".
 */
#ifndef MINIVMM_VCPU_H
#define MINIVMM_VCPU_H

#include <linux/kvm.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "vm_state.h"

/* See vcpu_init_kick(). */
#define VCPU_SIGNAL_PAUSE SIGUSR2

struct vcpu {
	struct vm *vm;
	unsigned int index; /* also the APIC id on x86 */
	int fd;
	int stats_fd; /* the file of KVM's counters of it, for a timeline's curves; else -1 */
	struct kvm_run *run;
	pthread_t thread;
	bool started;
	uint64_t exits[VM_EXIT_REASONS];
	atomic_uint handling; /* odd while an exit is being handled */
};

/*
 * Install the signal handlers, once in a process. vcpu_stop() interrupts a vCPU's system call by a
 * signal that does nothing else; VCPU_SIGNAL_PAUSE ends KVM_RUN alone.
 */
void vcpu_init_kick(void);

/* Create vCPU `index` in its power-on state. 0 or -errno, logged. */
int vcpu_init(struct vcpu *vcpu, struct vm *vm, unsigned int index);
void vcpu_destroy(struct vcpu *vcpu);

/*
 * Run the vCPU in a thread of its own until vm->stopping is set or an event is posted. 0 or -errno,
 * logged.
 */
int vcpu_start(struct vcpu *vcpu);

/*
 * True if the exit that was being handled when `handling` was `mark` is over. When this is true of
 * every vCPU, a device that has left the buses is no longer in use.
 */
bool vcpu_exit_is_over(const struct vcpu *vcpu, unsigned int mark);

/* Stop the vCPU, and return when its thread is gone. vm->stopping must be set. */
void vcpu_stop(struct vcpu *vcpu);

#endif
