/* SPDX-License-Identifier: MIT */
/*
 * A gate that threads pass on their way, and wait at while it is closed.
 *
 * Zeroed it is open. Who closes and opens it is one thread.
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

/* Wait while the gate is closed. Whether it was; without a system call while it is open. */
bool gate_pass(struct gate *gate);

void gate_open(struct gate *gate);

/* From now on who comes waits. */
void gate_close(struct gate *gate);

/* Until so many threads wait at the closed gate, or `ms` milliseconds are over. */
void gate_await(struct gate *gate, unsigned int threads, unsigned int ms);

#endif
