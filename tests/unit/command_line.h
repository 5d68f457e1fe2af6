/* SPDX-License-Identifier: MIT */
/* A command line in one string, with blanks between its words, as options_parse() gets it. */
#ifndef MINIVMM_TESTS_COMMAND_LINE_H
#define MINIVMM_TESTS_COMMAND_LINE_H

#include "stderr_text.h"
#include "vmm/cli/options.h"

/*
 * Returns what options_parse() answers to `minivmm LINE`. The strings of *config are good until
 * the next call.
 */
int command_line_parse(struct config *config, const char *line);

/* The same. *caught holds what is said. */
int command_line_catch(struct config *config, const char *line, struct stderr_text *caught);

/* `minivmm LINE` must be -EINVAL, with one line of error about `object` that holds `words`. */
void command_line_refused(const char *line, const char *object, const char *words);

#endif
