/* SPDX-License-Identifier: MIT */
/*
 * The guest's power button. Whoever presses it wants the guest to power off in good order.
 *
 * Owns a process that waits for the key. It only ends the running programs. Init then finds that
 * its shell or command has ended, and powers off as usual.
 *
 * Read beside it: Documentation/input/input.rst, linux/input.h.
 */
#ifndef MINIVMM_INIT_BUTTON_H
#define MINIVMM_INIT_BUTTON_H

#include <stdbool.h>

/*
 * Watch all buttons that exist now. When one is pressed, a command gets SIGTERM and takes the
 * time that it needs; a shell and its children get SIGHUP, and are killed soon after. Without a
 * button nothing happens.
 */
void button_watch(bool command);

#endif
