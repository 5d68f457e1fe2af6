/* SPDX-License-Identifier: MIT */
/*
 * `--vfio demo`: a device without hardware, served by a process of our own.
 *
 * Owns that process. What the device is, is in guests/demo/.
 */
#ifndef MINIVMM_DEMO_PROCESS_H
#define MINIVMM_DEMO_PROCESS_H

#include <sys/types.h>

struct thread_guard;

struct demo {
	pid_t pid;  /* 0 while there is none */
	int socket; /* connected to it, until somebody takes it over; or -1 */
};

/*
 * Start it; while the process has one thread. `guard` confines it, or is NULL. 0 or -errno, logged.
 */
int demo_start(struct demo *demo, const struct thread_guard *guard);

/* End it and close the socket if it is still there. Accepts a zeroed one. */
void demo_stop(struct demo *demo);

#endif
