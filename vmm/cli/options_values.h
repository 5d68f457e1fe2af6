/* SPDX-License-Identifier: MIT */
/*
 * Values of options that are more than a text: their syntax and their bounds.
 *
 * Each function sets what `text` says in *config. 0, or -EINVAL, logged in one line.
 */
#ifndef MINIVMM_OPTIONS_VALUES_H
#define MINIVMM_OPTIONS_VALUES_H

#include "config.h"

/* "512" and "512M" are both MiB. 0 or -EINVAL, not logged. */
int options_parse_size(const char *text, uint64_t *bytes);

/* A size in whole MiB and what pages it has: 512, 512M, 4G,hugepages=on|off|2M|1G. */
int options_set_memory(struct config *config, char *text);

/* Read a number of vCPUs, also as QEMU's cpus=N, and a host CPU for each: N,pin=LIST. */
int options_set_cpus(struct config *config, char *text);

/* stdio, none, pty or file:PATH; points into `text`. */
int options_set_console(struct config *config, char *text);

/* Read the number of seconds that a guest has to power off after it was asked to. */
int options_set_grace(struct config *config, char *text);

#endif
