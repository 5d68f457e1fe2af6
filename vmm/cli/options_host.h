/* SPDX-License-Identifier: MIT */
/*
 * The command lines of the subcommands that look after the host: list, doctor, config, bind,
 * restore.
 *
 * Owns which options and words each of them takes. The guest's options are options.h's.
 */
#ifndef MINIVMM_OPTIONS_HOST_H
#define MINIVMM_OPTIONS_HOST_H

#include "config.h"

/* The command that a word names; OPTIONS_RUN if it names none of these. */
enum options_command options_find_host_command(const char *word);

/*
 * Read the words after the command into *config, which holds defaults and the command. 0, or
 * -EINVAL for wrong usage (logged, one line). `argv[0]` is the command.
 */
int options_parse_host(struct config *config, int argc, char **argv);

/* Print their part of --help on standard output. */
void options_print_host_help(void);

#endif
