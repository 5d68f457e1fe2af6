/* SPDX-License-Identifier: MIT */
/*
 * A gate that threads pass, and at which they wait while it is closed.
 *
 * A zeroed gate is open. Only one thread closes and opens it.
 */
#ifndef MINIVMM_GATE_H
#define MINIVMM_GATE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

struct gate {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	atomic_bool closed;
	unsigned int waiting;
};

void gate_init(struct gate *gate);
void gate_destroy(struct gate *gate);

/* Wait while the gate is closed; true if it was. Makes no system call if the gate is open. */
bool gate_pass(struct gate *gate);

void gate_open(struct gate *gate);

/* Close the gate: from now on threads wait at it. */
void gate_close(struct gate *gate);

/* Wait until `threads` threads wait at the closed gate, or `ms` milliseconds are over. */
void gate_await(struct gate *gate, unsigned int threads, unsigned int ms);

#endif
