/* SPDX-License-Identifier: MIT */
/*
 * Text in a column of a terminal: broken at blanks into lines that fit.
 *
 * Owns where a line is broken. The caller knows how wide the terminal is.
 */
#ifndef MINIVMM_HOST_FOLD_H
#define MINIVMM_HOST_FOLD_H

#include <stdio.h>

#define HOST_FOLD_MIN 24 /* columns that folded text needs; with fewer it is not folded */

/*
 * Print `text` and a newline. Its first line begins in column `start`, where the cursor is. Each
 * further line begins in the same column with `prefix`. `width` is the terminal's, or 0 if it is
 * not known; the text is one line then.
 */
void host_print_folded(const char *text, int start, int width, const char *prefix, FILE *out);

#endif
