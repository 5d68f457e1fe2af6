/* SPDX-License-Identifier: MIT */
/*
 * Strings in JSON. Whoever prints a string writes the structure around it.
 *
 * Read beside it: RFC 8259, section 7.
 */
#ifndef MINIVMM_HOST_JSON_H
#define MINIVMM_HOST_JSON_H

#include <stdio.h>

/*
 * Print `text` as a JSON string, with its quotes. A file name may hold any byte: what is not
 * UTF-8 becomes U+FFFD.
 */
void host_json_string(const char *text, FILE *out);

#endif
