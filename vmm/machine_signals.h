/* SPDX-License-Identifier: MIT */
/*
 * The signals that end a run.
 *
 * They are events of the main loop, so that everything is taken down in order. Some of them ask the
 * guest first, see power_button.h.
 */
#ifndef MINIVMM_MACHINE_SIGNALS_H
#define MINIVMM_MACHINE_SIGNALS_H

#include <signal.h>
#include <stdbool.h>

struct machine;

/*
 * Block the signals that end a run, and store them in *set. They stay pending until the main loop
 * reads them.
 */
void machine_block_signals(sigset_t *set);

/*
 * Take a signal that is still pending because the start failed before it was read; true if there
 * was one.
 */
bool machine_take_signal(struct machine *machine);

/* From here on the main loop reads the signals. 0 or -errno, logged. */
int machine_catch_signals(struct machine *machine);

#endif
