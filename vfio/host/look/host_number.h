/* SPDX-License-Identifier: MIT */
/*
 * Numbers in the host's files. What is no number, or one with a sign, is not taken for one: a file
 * of sysfs says -1 for "none", and a broken one says anything.
 */
#ifndef MINIVMM_HOST_NUMBER_H
#define MINIVMM_HOST_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

#include "host_path.h"

/*
 * The number at the beginning of `text`, behind blanks; of base 16 with or without "0x". A blank,
 * a newline or the end follows it. False, and 0, where there is none that fits.
 */
bool host_parse_number(const char *text, int base, uint64_t *number);

/* The same of the first line of a file. */
bool host_read_number(const struct host_path *path, int base, uint64_t *number);

#endif
