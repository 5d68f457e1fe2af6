/* SPDX-License-Identifier: MIT */
/* Open files that minivmm inherited without being told of them. */
#ifndef MINIVMM_SANDBOX_FILES_H
#define MINIVMM_SANDBOX_FILES_H

/*
 * Close all inherited files except standard input, output and error and the `count` files in
 * `keep`. Inherited files are known by their lack of close-on-exec, which all files of minivmm's
 * own have. This needs /proc; without it the files stay open.
 */
void sandbox_files_close_strays(const int *keep, unsigned int count);

#endif
