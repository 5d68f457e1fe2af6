/* SPDX-License-Identifier: MIT */
/*
 * The process that opens files for minivmm once minivmm itself may open none.
 *
 * A guest's reboot closes a device and opens it again (RULES.md, rule 40). With groups this opens
 * no path. With iommufd it does, and it may need a right that minivmm has given up. So a child
 * process keeps that right and nothing else: it can open the files that it was told of before the
 * guest ran, and send them.
 */
#ifndef MINIVMM_SANDBOX_OPENER_H
#define MINIVMM_SANDBOX_OPENER_H

#include <sys/types.h>

#include "vmm/base/opener.h"

#define OPENER_SOCKET 3 /* its number in the child, which has no other file of minivmm's */

struct sandbox_opener {
	struct opener opener;
	pid_t pid; /* 0 if there is no process */
};

/*
 * Start the process for the files with these paths. Must be called while minivmm has one thread. 0
 * or -errno, logged.
 */
int sandbox_opener_start(struct sandbox_opener *opener, const char *const *paths,
			 unsigned int count);

/*
 * Start any other child that answers opener.h's questions. `run` confines itself, serves the
 * questions at OPENER_SOCKET, and returns when nobody asks any more.
 */
typedef void (*sandbox_opener_run)(void *arg);
int sandbox_opener_fork(struct sandbox_opener *opener, const char *name, sandbox_opener_run run,
			void *arg);

/* End the child and wait for it. Accepts a zeroed one. */
void sandbox_opener_stop(struct sandbox_opener *opener);

#endif
