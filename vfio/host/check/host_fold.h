/* SPDX-License-Identifier: MIT */
/*
 * Text in a column of a terminal: broken at blanks into lines that fit.
 *
 * Owns where a line is broken. How wide the terminal is, the caller knows.
 */
#ifndef MINIVMM_HOST_FOLD_H
#define MINIVMM_HOST_FOLD_H

#include <stdio.h>

#define HOST_FOLD_MIN 24 /* what folded text needs; in less it is not folded */

/*
 * Print `text`, whose first line begins in column `start`, where the cursor is, and a newline. Each
 * further line begins in the same column with `prefix`. `width` is the terminal's, 0 if it is not
 * known: then there is one line.
 */
void host_print_folded(const char *text, int start, int width, const char *prefix, FILE *out);

#endif
