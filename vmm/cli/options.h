/* SPDX-License-Identifier: MIT */
/*
 * The command line, read into a struct config.
 *
 * Owns the table of a guest's options, the help text, and the checks for wrong usage. It opens
 * nothing and starts nothing. options_table.h matches words with a table, options_values.h and
 * options_devices.h parse values, and options_host.h has the other commands.
 */
#ifndef MINIVMM_OPTIONS_H
#define MINIVMM_OPTIONS_H

#include "config.h"

/* All calls that minivmm makes to KVM and VFIO, for --trace and --inject; see trace_find_call(). */
extern const struct trace_calls *const options_calls[];

/*
 * Read the command line into *config, whose strings point into argv; lists of properties are cut up
 * in place. 0, or -EINVAL for wrong usage (logged, one line).
 */
int options_parse(struct config *config, int argc, char **argv);

/* Print the text of --help on standard output. */
void options_print_help(void);

#endif
