/* SPDX-License-Identifier: MIT */
/*
 * What the user says of PCIe root ports, and of devices below them.
 */
#ifndef MINIVMM_OPTIONS_PORTS_H
#define MINIVMM_OPTIONS_PORTS_H

#include "config.h"

/*
 * How many root ports are empty at first, and how much room each has: N, N,pref64-reserve=SIZE,
 * N,mem-reserve=SIZE. 0 or -EINVAL, logged.
 */
int options_set_ports(struct config *config, char *text);

/* Whether a device may come while the guest runs: there are a control socket and a root port. */
bool options_expect_devices(const struct config *config);

/* How many ports such a device finds empty, at most; without a control socket none comes. */
unsigned int options_free_ports(const struct config *config);

/* After all options: what needs a port has one. 0 or -EINVAL, logged. */
int options_check_ports(const struct config *config);

#endif
