/* SPDX-License-Identifier: MIT */
/*
 * Two waits of minivmm's by calls that ThreadSanitizer and helgrind know, for tests/kvm/threads.sh.
 *
 * They do not know pthread_clockjoin_np() and pthread_mutex_clocklock(): a thread that was joined
 * seems to run on, and a lock seems to be given back by who never took it. The compiler includes
 * this header before each file. Helgrind must be told of a join, too (KNOWN_TO_HELGRIND).
 */
#ifndef MINIVMM_TESTS_KNOWN_WAITS_H
#define MINIVMM_TESTS_KNOWN_WAITS_H

#ifndef __ASSEMBLER__

#include <errno.h>
#include <pthread.h>
#include <time.h>

#ifdef KNOWN_TO_HELGRIND
#include <valgrind/helgrind.h>
#endif

static inline void known_joined(pthread_t thread)
{
#ifdef KNOWN_TO_HELGRIND
	DO_CREQ_v_W(_VG_USERREQ__HG_PTHREAD_JOIN_POST, pthread_t, thread);
#else
	(void)thread;
#endif
}

static inline int known_is_over(const struct timespec *until)
{
	const struct timespec tick = { .tv_nsec = 1000000 };
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (now.tv_sec > until->tv_sec ||
	    (now.tv_sec == until->tv_sec && now.tv_nsec >= until->tv_nsec))
		return 1;
	nanosleep(&tick, NULL);
	return 0;
}

static inline int known_join(pthread_t thread, void **value, const struct timespec *until)
{
	int err;

	while ((err = pthread_tryjoin_np(thread, value)) == EBUSY)
		if (known_is_over(until))
			return ETIMEDOUT;
	if (!err)
		known_joined(thread);
	return err;
}

static inline int known_lock(pthread_mutex_t *lock, const struct timespec *until)
{
	int err;

	while ((err = pthread_mutex_trylock(lock)) == EBUSY)
		if (known_is_over(until))
			return ETIMEDOUT;
	return err;
}

/* minivmm waits by the monotonic clock alone. */
#define pthread_clockjoin_np(thread, value, clock, until) known_join(thread, value, until)
#define pthread_mutex_clocklock(lock, clock, until)       known_lock(lock, until)

/* What the sanitizer keeps for a thread does not fit into minivmm's small stacks. */
#define pthread_setattr_default_np(attributes) ((void)(attributes))

#endif
#endif
