/* SPDX-License-Identifier: MIT */
/*
 * The QMP commands and events of a machine.
 *
 * Owns the meaning of each of them. qmp_session.h and qmp_server.h carry them.
 *
 * Read beside it: QEMU's qapi/ (qdev.json, run-state.json, pci.json, misc.json).
 */
#ifndef MINIVMM_MACHINE_QMP_H
#define MINIVMM_MACHINE_QMP_H

#include "vmm/core/vm_state.h"

struct machine;

/* Open the control socket, if the user wants one. 0 or -errno, logged. */
int machine_open_qmp(struct machine *machine);
void machine_close_qmp(struct machine *machine);

/*
 * Send the QMP events for the end of a run: the guest starts again, or ends for good with `event`.
 */
void machine_tell_reset(struct machine *machine);
void machine_tell_end(struct machine *machine, enum vm_event event);

#endif
