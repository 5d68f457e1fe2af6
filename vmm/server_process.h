/* SPDX-License-Identifier: MIT */
/*
 * A vhost-user server that minivmm starts and ends: qemu-storage-daemon for a disk image, virtiofsd
 * for a folder.
 *
 * Owns the process and minivmm's end of the socket to it. The socket never has a name that another
 * process could connect to: the server gets it as an open file, in which minivmm's connection is
 * already waiting. What the server prints goes to a file in memory; it is shown if the server
 * fails.
 */
#ifndef MINIVMM_SERVER_PROCESS_H
#define MINIVMM_SERVER_PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

#include "sandbox/sandbox.h"
#include "vmm/cli/config.h"

struct server_process {
	const char *path; /* image or folder, for messages */
	int image;        /* a disk image, locked; -1 as soon as its server has it */
	pid_t pid;        /* of the server, or of its supervisor; 0 if there is none */
	int file;         /* the same process: process_signal_open() */
	int life;         /* socket to the supervisor, or -1 */
	int socket;       /* connected to the server, until the caller takes it over; or -1 */
	int output;       /* file with what it printed, or -1 */
	bool lost;        /* it broke the protocol, or does not answer */
};

/* The command that installs virtiofsd. */
#define SERVER_PROCESS_GET_VIRTIOFSD "apt-get install virtiofsd   # Debian 12: qemu-system-common"

/* What keeps a folder from being shared. */
enum server_obstacle {
	SERVER_NO_OBSTACLE,
	SERVER_NOT_INSTALLED, /* there is no virtiofsd */
	SERVER_NO_NAMESPACE,  /* it takes a user namespace, which the host refuses to this caller */
};

/* Not logged; while minivmm has one thread. */
enum server_obstacle server_process_find_obstacle(const struct options_served *served);

/*
 * Start the server of a disk or a folder; minivmm must have one thread. Image or folder are checked
 * first. `sandbox` says whether the server is confined, and whether minivmm will be another user
 * when it ends it. 0 or -errno, logged; if the program is not installed, with the package that has
 * it.
 */
int server_process_start(struct server_process *process, const struct options_served *served,
			 const struct sandbox *sandbox);

/* Print what the server said last, after the device could not be set up or the server was lost. */
void server_process_explain(const struct server_process *process);

/*
 * End the server. The connection must be closed, so that the server only has to write its caches.
 * It gets some seconds for that, unless it is lost. Accepts a zeroed one.
 */
void server_process_stop(struct server_process *process);

#endif
