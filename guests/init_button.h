/* SPDX-License-Identifier: MIT */
/*
 * The guest's power button: whoever presses it wants the guest to power off in good order.
 *
 * Owns a process of its own that waits for the key. It only ends what runs: then init finds its
 * shell or its command gone, and powers off as it does anyway.
 *
 * Read beside it: Documentation/input/input.rst, linux/input.h.
 */
#ifndef MINIVMM_INIT_BUTTON_H
#define MINIVMM_INIT_BUTTON_H

#include <stdbool.h>

/*
 * Watch all buttons that there are by now. A command is told by SIGTERM, and takes the time that it
 * needs; a shell and its children are hung up, and killed soon after. Without a button nothing
 * happens.
 */
void button_watch(bool command);

#endif
