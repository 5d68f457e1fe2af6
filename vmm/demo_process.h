/* SPDX-License-Identifier: MIT */
/*
 * `--vfio demo`: a device without hardware, which a child process serves.
 *
 * Owns that process. guests/demo/ has the device.
 */
#ifndef MINIVMM_DEMO_PROCESS_H
#define MINIVMM_DEMO_PROCESS_H

#include <sys/types.h>

struct thread_guard;

struct demo {
	pid_t pid;  /* 0 if there is none */
	int file;   /* process_signal_open() */
	int socket; /* connected to the process, until the caller takes it over; or -1 */
};

/*
 * Start the process; minivmm must have one thread. `guard` confines it, unless NULL. 0 or -errno,
 * logged.
 */
int demo_start(struct demo *demo, const struct thread_guard *guard);

/* End the process, and close the socket if it was not taken over. Accepts a zeroed one. */
void demo_stop(struct demo *demo);

#endif
