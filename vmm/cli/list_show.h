/* SPDX-License-Identifier: MIT */
/*
 * `minivmm list`: which PCI devices this host has, and whether each can be passed through.
 *
 * Owns the table and its JSON form. It uses those of doctor's checks that wake no device.
 */
#ifndef MINIVMM_LIST_SHOW_H
#define MINIVMM_LIST_SHOW_H

#include <stdio.h>

#include "vfio/host/check/host_check.h"

/*
 * Write one line for each device, or a JSON array; bridges too with `all`. On a terminal the
 * columns are aligned under a heading, and no line is wider than the terminal: what has no room
 * beside the rest is folded, or stands below. Else the fields are separated by one tab. 0 or
 * -errno, logged.
 */
int list_show(bool all, bool json, const struct host_demand *demand, FILE *out);

#endif
