/* SPDX-License-Identifier: MIT */
/*
 * Numbers in the host's files. A text that is no number is not taken for one, nor is a number
 * with a sign: a file of sysfs says -1 for "none", and a broken one says anything.
 */
#ifndef MINIVMM_HOST_NUMBER_H
#define MINIVMM_HOST_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

#include "host_path.h"

/*
 * Read the number at the beginning of `text`, after any blanks; in base 16 with or without "0x".
 * A blank, a newline or the end must follow it. Returns false, with a number of 0, if there is
 * none that fits.
 */
bool host_parse_number(const char *text, int base, uint64_t *number);

/* Read the number at the beginning of a file's first line in the same way. */
bool host_read_number(const struct host_path *path, int base, uint64_t *number);

#endif
