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
	int stats_fd; /* KVM's counters of it, while somebody draws curves of them; else -1 */
	struct kvm_run *run;
	pthread_t thread;
	bool started;
	uint64_t exits[VM_EXIT_REASONS];
	atomic_uint handling; /* odd while an exit is handled, by devices for one */
};

/*
 * Once per process: vcpu_stop() interrupts a vCPU's system call by a signal that does nothing else,
 * VCPU_SIGNAL_PAUSE ends KVM_RUN alone.
 */
void vcpu_init_kick(void);

/* Create vCPU `index` in its power-on state. 0 or -errno, logged. */
int vcpu_init(struct vcpu *vcpu, struct vm *vm, unsigned int index);
void vcpu_destroy(struct vcpu *vcpu);

/* Let it run in a thread of its own until vm->stopping or an event. 0 or -errno, logged. */
int vcpu_start(struct vcpu *vcpu);

/*
 * Whether an exit that was being handled when `handling` read `mark` is over. A device that has
 * left the buses is in use by none then.
 */
bool vcpu_exit_is_over(const struct vcpu *vcpu, unsigned int mark);

/* Returns when the thread is gone. vm->stopping must be set. */
void vcpu_stop(struct vcpu *vcpu);

#endif
