/* SPDX-License-Identifier: MIT */
/*
 * Signals that are blocked until the main loop reads them, and keys that mean the same: whoever
 * waits long before that looks here.
 *
 * Read beside it: sigpending(2).
 */
#ifndef MINIVMM_PENDING_SIGNAL_H
#define MINIVMM_PENDING_SIGNAL_H

#include <pthread.h>
#include <stdbool.h>

/*
 * True if a signal is pending that asks minivmm to end. A signal that is not blocked is never
 * pending.
 */
bool pending_signal_ends(void);

/*
 * How this thread learns of keys that ask for the end while it waits, NULL: not at all. It must be
 * the thread that reads them otherwise. `owner` is handed to `asks`, and must outlive the watch.
 * What was asked before is forgotten.
 */
void pending_end_watch(bool (*asks)(void *owner), void *owner);

/*
 * How the same thread learns of them where it may hold any lock: `peeks` gets the owner of the
 * watch, takes no lock and does nothing about what else was typed. To be called after the watch has
 * begun.
 */
void pending_end_peek(bool (*peeks)(void *owner));

/*
 * Whether minivmm is asked to end, by a signal or by keys. For who has waited for a while. Any
 * thread learns of keys that the watching thread has seen here.
 */
bool pending_end_is_asked(void);

/* The same for who may hold any lock, because it writes a message or a line of the trace. */
bool pending_end_is_near(void);

/*
 * pthread_mutex_lock(), for a lock whose holder may wait for a server: the watching thread looks at
 * the keys meanwhile, of which the holder learns, and gives up.
 */
void pending_lock(pthread_mutex_t *lock);

/* The same for a lock whose holder may wait for the reader of a stream: patient_stream.h. */
void pending_lock_of_stream(pthread_mutex_t *lock);

#endif
