/* SPDX-License-Identifier: MIT */
/*
 * The command line, read into a struct config.
 *
 * Owns the table of a guest's options, the help text, and what is wrong usage. Opens nothing and
 * starts nothing. How words match a table is options_table.h's, values that take more than a copy
 * are options_values.h's and options_devices.h's, the other commands are options_host.h's.
 */
#ifndef MINIVMM_OPTIONS_H
#define MINIVMM_OPTIONS_H

#include "config.h"

/*
 * All calls that minivmm ever makes to KVM and VFIO, which --trace tells and --inject lets fail;
 * see trace_find_call().
 */
extern const struct trace_calls *const options_calls[];

/*
 * Read the command line into *config, whose strings point into argv; lists of properties are cut up
 * in place. 0, or -EINVAL for wrong usage (logged, one line).
 */
int options_parse(struct config *config, int argc, char **argv);

/* The text of --help, on standard output. */
void options_print_help(void);

#endif
