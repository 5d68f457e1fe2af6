/* SPDX-License-Identifier: MIT */
/*
 * The signals that end a run: events of the main loop, so that everything is taken down in order.
 * Some of them ask the guest first: see power_button.h.
 */
#ifndef MINIVMM_MACHINE_SIGNALS_H
#define MINIVMM_MACHINE_SIGNALS_H

#include <signal.h>
#include <stdbool.h>

struct machine;

/*
 * Block the signals that end a run and tell which they are, in *set. Until the main loop reads them
 * they wait.
 */
void machine_block_signals(sigset_t *set);

/* Whether a signal waits that nobody has read, because the start failed before, or by it. */
bool machine_take_signal(struct machine *machine);

/* From here on they are read by the main loop. 0 or -errno, logged. */
int machine_catch_signals(struct machine *machine);

#endif
