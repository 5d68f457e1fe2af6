/* SPDX-License-Identifier: MIT */
/*
 * SIGBUS of a vCPU: the host found an error in a page of guest RAM that it cannot correct.
 *
 * When the guest touches such a page, KVM sends the signal to the vCPU's thread, and the vCPU
 * faults on the page again and again until it is stopped. Who ends a run reads signals in the main
 * thread: this file brings the signal there, with the address that it carries.
 *
 * Read beside it: sigaction(2), BUS_MCEERR_AR; Documentation/virt/kvm/api.rst, KVM_SET_SIGNAL_MASK.
 */
#ifndef MINIVMM_BUS_ERROR_H
#define MINIVMM_BUS_ERROR_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/signalfd.h>

/* Whether this thread blocks SIGBUS. *without is what it blocks besides. */
bool bus_error_blocked(sigset_t *without);

/* A SIGBUS that waits for this thread becomes one that waits for the main thread. */
void bus_error_pass_on(void);

/*
 * Whether a signal that the main thread read says that memory is lost, by either way, and where in
 * our address space: *hva.
 */
bool bus_error_read(const struct signalfd_siginfo *info, uint64_t *hva);

#endif
