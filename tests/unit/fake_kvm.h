/* SPDX-License-Identifier: MIT */
/*
 * A stand-in for KVM: this program's own ioctl().
 *
 * Owns what KVM would remember (slots, routes, irqfds) as far as that decides what KVM answers.
 * Puts each call into the call log, by its name and the arguments that matter. It refuses what
 * KVM refuses, and aborts the test on an irqfd without a route, which has panicked real hosts.
 * While it is not armed, and for every call that is not KVM's, ioctl() is the system call.
 *
 * Read beside it: Documentation/virt/kvm/api.rst.
 */
#ifndef MINIVMM_TESTS_FAKE_KVM_H
#define MINIVMM_TESTS_FAKE_KVM_H

#include <stdbool.h>
#include <stdint.h>

/* Arm it as a host without VMs, and empty the call log. */
void fake_kvm_begin(void);
void fake_kvm_end(void);

/* Let the nth call of `name` from now on (1: the next) fail with `err`, a -errno. */
void fake_kvm_fail(const char *name, unsigned int nth, int err);

/*
 * Set who answers ioctls that are not KVM's; NULL for the kernel. `answer` returns as
 * trace_ioctl() does.
 */
void fake_kvm_set_other(int (*answer)(int fd, unsigned long request, unsigned long arg));

/*
 * Set what KVM_RUN does, in the vCPU's thread; with NULL it returns at once. `run` returns as
 * ioctl() does.
 */
void fake_kvm_set_run(int (*run)(void));

/* Set how many GSIs KVM_CAP_IRQ_ROUTING offers: 4096 if it is not set. */
void fake_kvm_set_gsis(uint32_t count);

/* Returns whether a memory slot covers the address. */
bool fake_kvm_mapped(uint64_t gpa);

/* Returns whether the guest can only read the memory at the address. */
bool fake_kvm_readonly(uint64_t gpa);

/* Return whether an irqfd is plugged into the GSI, and whether the pin is high. */
bool fake_kvm_plugged(uint32_t gsi);
bool fake_kvm_pin(uint32_t gsi);

/* Read the MSI route of a GSI; false if it has none. */
bool fake_kvm_route(uint32_t gsi, uint64_t *address, uint32_t *data);

#endif
