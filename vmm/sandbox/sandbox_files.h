/* SPDX-License-Identifier: MIT */
/*
 * Files that minivmm was started with and was told nothing of.
 */
#ifndef MINIVMM_SANDBOX_FILES_H
#define MINIVMM_SANDBOX_FILES_H

/*
 * Close what the caller left open beside standard input, output and error, and the `count` files
 * `keep`. Needs /proc; without it they stay. Files of minivmm's own have close-on-exec, and so are
 * told apart: a file that came through exec() has not.
 */
void sandbox_files_close_strays(const int *keep, unsigned int count);

#endif
