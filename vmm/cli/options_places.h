/* SPDX-License-Identifier: MIT */
/*
 * The bus, device number and function that each device and each root port of the command line
 * gets.
 *
 * Owns the check of all `bus=` and `addr=` together, once all options are read, so that their
 * order does not matter. host_places.h plugs the devices in at these places, or at free ones.
 */
#ifndef MINIVMM_OPTIONS_PLACES_H
#define MINIVMM_OPTIONS_PLACES_H

#include "config.h"

/* Returns whether the name is one that QEMU gives the root bus. */
bool options_is_root_bus(const char *bus);

/*
 * Find the port that each device names, and refuse two on one place. Afterwards the options of a
 * device below a named port have port=on, `bus`, and in `devfn` its function number; those of all
 * others have no `bus`. 0 or -EINVAL, logged.
 */
int options_check_places(struct config *config);

#endif
