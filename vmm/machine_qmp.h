/* SPDX-License-Identifier: MIT */
/*
 * What can be asked of a machine by QMP, and what it tells: the commands and the events.
 *
 * Owns what each of them means here. How they travel is qmp_session.h's and qmp_server.h's.
 *
 * Read beside it: QEMU's qapi/ (qdev.json, run-state.json, pci.json, misc.json).
 */
#ifndef MINIVMM_MACHINE_QMP_H
#define MINIVMM_MACHINE_QMP_H

#include "vmm/core/vm_state.h"

struct machine;

/* The control socket, if the user wants one. 0 or -errno, logged. */
int machine_open_qmp(struct machine *machine);
void machine_close_qmp(struct machine *machine);

/* The run has come to `event`: the guest starts again, or ends for good. */
void machine_tell_reset(struct machine *machine);
void machine_tell_end(struct machine *machine, enum vm_event event);

#endif
