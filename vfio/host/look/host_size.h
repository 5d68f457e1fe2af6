/* SPDX-License-Identifier: MIT */
/* Sizes as people read them: a unit, and at most three significant digits. */
#ifndef MINIVMM_HOST_SIZE_H
#define MINIVMM_HOST_SIZE_H

#include <stdint.h>

#define HOST_SIZE_MAX 16

/*
 * Write "256 bytes", "16 KiB", "1.5 MiB" or "256 GiB": a number below 1000 with at most three
 * significant digits, rounded to the nearest. Returns `text`.
 */
const char *host_format_size(uint64_t bytes, char text[HOST_SIZE_MAX]);

#endif
