/* SPDX-License-Identifier: MIT */
/*
 * Sizes as people read them: at most three digits that count, and a unit.
 */
#ifndef MINIVMM_HOST_SIZE_H
#define MINIVMM_HOST_SIZE_H

#include <stdint.h>

#define HOST_SIZE_MAX 16

/*
 * "256 bytes", "16 KiB", "1.5 MiB", "256 GiB": a number below 1000 with at most three digits,
 * rounded to the nearest. Returns `text`.
 */
const char *host_format_size(uint64_t bytes, char text[HOST_SIZE_MAX]);

#endif
