/* SPDX-License-Identifier: MIT */
/*
 * Strings in JSON. The structure around them is written by those who know it.
 *
 * Read beside it: RFC 8259, section 7.
 */
#ifndef MINIVMM_HOST_JSON_H
#define MINIVMM_HOST_JSON_H

#include <stdio.h>

/*
 * `text` as a JSON string, with its quotes. What is not UTF-8 - a file name may hold any byte -
 * becomes U+FFFD.
 */
void host_json_string(const char *text, FILE *out);

#endif
