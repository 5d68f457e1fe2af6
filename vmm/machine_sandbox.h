/* SPDX-License-Identifier: MIT */
/* Which parts of a machine are confined, and when; sandbox/sandbox.h has the means. */
#ifndef MINIVMM_MACHINE_SANDBOX_H
#define MINIVMM_MACHINE_SANDBOX_H

struct machine;

/*
 * Prepare the sandbox, once the devices are known and before there is a thread or a child process.
 * Nothing is given up yet. 0 or -errno, logged.
 */
int machine_prepare_sandbox(struct machine *machine);

/*
 * Give up what a running machine does not need: once, at the first start. From then on files of
 * devices are opened by another process. 0 or -errno, logged.
 */
int machine_confine(struct machine *machine);

#endif
