/* SPDX-License-Identifier: MIT */
/*
 * Signals that are blocked until the main loop reads them: whoever waits long before that looks
 * here.
 *
 * Read beside it: sigpending(2).
 */
#ifndef MINIVMM_PENDING_SIGNAL_H
#define MINIVMM_PENDING_SIGNAL_H

#include <stdbool.h>

/* Whether a signal waits that asks minivmm to end. Where none is blocked, none ever waits. */
bool pending_signal_ends(void);

#endif
