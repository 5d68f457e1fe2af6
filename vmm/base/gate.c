/* SPDX-License-Identifier: MIT */
#include "gate.h"

#include "unix_socket.h"

void gate_init(struct gate *gate)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_mutex_init(&gate->lock, NULL);
	pthread_cond_init(&gate->changed, &attr);
	pthread_condattr_destroy(&attr);
	gate->closed = false;
	gate->waiting = 0;
}

void gate_destroy(struct gate *gate)
{
	pthread_cond_destroy(&gate->changed);
	pthread_mutex_destroy(&gate->lock);
}

bool gate_pass(struct gate *gate)
{
	if (!gate->closed)
		return false;
	pthread_mutex_lock(&gate->lock);
	gate->waiting++;
	pthread_cond_broadcast(&gate->changed);
	while (gate->closed)
		pthread_cond_wait(&gate->changed, &gate->lock);
	gate->waiting--;
	pthread_mutex_unlock(&gate->lock);
	return true;
}

static void gate_set(struct gate *gate, bool closed)
{
	pthread_mutex_lock(&gate->lock);
	gate->closed = closed;
	pthread_cond_broadcast(&gate->changed);
	pthread_mutex_unlock(&gate->lock);
}

void gate_open(struct gate *gate)
{
	gate_set(gate, false);
}

void gate_close(struct gate *gate)
{
	gate_set(gate, true);
}

void gate_await(struct gate *gate, unsigned int threads, unsigned int ms)
{
	const struct timespec until = unix_socket_deadline(ms);
	int late = 0;

	pthread_mutex_lock(&gate->lock);
	while (gate->waiting < threads && !late)
		late = pthread_cond_timedwait(&gate->changed, &gate->lock, &until);
	pthread_mutex_unlock(&gate->lock);
}
