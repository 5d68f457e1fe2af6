/* SPDX-License-Identifier: MIT */
#include "pending_signal.h"

#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <time.h>

#define PENDING_SLICE_NS 100000000

static _Thread_local struct {
	bool (*asks)(void *owner);
	bool (*peeks)(void *owner);
	void *owner;
} pending_keys;

/* For all threads, from the watching one. */
static atomic_bool pending_by_keys;

bool pending_signal_ends(void)
{
	sigset_t pending;

	sigpending(&pending);
	return sigismember(&pending, SIGINT) || sigismember(&pending, SIGTERM) ||
	       sigismember(&pending, SIGHUP) || sigismember(&pending, SIGQUIT);
}

void pending_end_watch(bool (*asks)(void *owner), void *owner)
{
	pending_keys.asks = asks;
	pending_keys.peeks = NULL;
	pending_keys.owner = owner;
	atomic_store(&pending_by_keys, false);
}

void pending_end_peek(bool (*peeks)(void *owner))
{
	pending_keys.peeks = peeks;
}

bool pending_end_is_asked(void)
{
	if (pending_keys.asks && pending_keys.asks(pending_keys.owner))
		atomic_store(&pending_by_keys, true);
	return atomic_load(&pending_by_keys) || pending_signal_ends();
}

bool pending_end_is_near(void)
{
	if (pending_keys.peeks && pending_keys.peeks(pending_keys.owner))
		atomic_store(&pending_by_keys, true);
	return atomic_load(&pending_by_keys) || pending_signal_ends();
}

static void pending_wait_for_lock(pthread_mutex_t *lock, bool (*look)(void))
{
	struct timespec until;

	if (pthread_mutex_trylock(lock) == 0)
		return;
	for (;;) {
		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_nsec += PENDING_SLICE_NS;
		until.tv_sec += until.tv_nsec / 1000000000;
		until.tv_nsec %= 1000000000;
		if (pthread_mutex_clocklock(lock, CLOCK_MONOTONIC, &until) == 0)
			return;
		look();
	}
}

void pending_lock(pthread_mutex_t *lock)
{
	pending_wait_for_lock(lock, pending_end_is_asked);
}

void pending_lock_of_stream(pthread_mutex_t *lock)
{
	pending_wait_for_lock(lock, pending_end_is_near);
}
