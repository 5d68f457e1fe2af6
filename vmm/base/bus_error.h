/* SPDX-License-Identifier: MIT */
/*
 * SIGBUS of a vCPU: the host found an error in a page of guest RAM that it cannot correct.
 *
 * When the guest touches such a page, KVM sends the signal to the vCPU's thread, and the vCPU
 * faults on the page again and again until it is stopped. A run is ended by the main thread, which
 * reads signals: this file passes the signal on to it, with the address that it carries.
 *
 * Read beside it: sigaction(2), BUS_MCEERR_AR; Documentation/virt/kvm/api.rst, KVM_SET_SIGNAL_MASK.
 */
#ifndef MINIVMM_BUS_ERROR_H
#define MINIVMM_BUS_ERROR_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/signalfd.h>

/* True if this thread blocks SIGBUS. *without is the set of all other signals that it blocks. */
bool bus_error_blocked(sigset_t *without);

/* Turn a SIGBUS that is pending for this thread into one that is pending for the main thread. */
void bus_error_pass_on(void);

/*
 * True if a signal that the main thread read reports lost memory, in either form; *hva is the
 * address in minivmm.
 */
bool bus_error_read(const struct signalfd_siginfo *info, uint64_t *hva);

#endif
