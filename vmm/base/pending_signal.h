/* SPDX-License-Identifier: MIT */
/*
 * Signals that are blocked until the main loop reads them, and keys that mean the same: whoever
 * waits long before that looks here.
 *
 * Read beside it: sigpending(2).
 */
#ifndef MINIVMM_PENDING_SIGNAL_H
#define MINIVMM_PENDING_SIGNAL_H

#include <stdbool.h>

/*
 * True if a signal is pending that asks minivmm to end. A signal that is not blocked is never
 * pending.
 */
bool pending_signal_ends(void);

/*
 * How this thread learns of keys that ask for the end while it waits, NULL: not at all. It must be
 * the thread that reads them otherwise. `owner` is handed to `asks`, and must outlive the watch.
 */
void pending_end_watch(bool (*asks)(void *owner), void *owner);

/* Whether minivmm is asked to end, by a signal or by keys. For who has waited for a while. */
bool pending_end_is_asked(void);

#endif
