/* SPDX-License-Identifier: MIT */
/* Removes the folder that a test has made for itself. */
#ifndef MINIVMM_TESTS_SCRATCH_FOLDER_H
#define MINIVMM_TESTS_SCRATCH_FOLDER_H

/*
 * Remove the folder and all that is in it; a link goes, and what it points to stays. 0 or -errno.
 * It makes no assertion, so that it can be called at the exit of a test program.
 */
int scratch_folder_remove(const char *path);

/* The same at the exit: says what is left behind, if anything is. */
void scratch_folder_tidy(const char *path);

#endif
