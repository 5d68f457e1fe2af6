/* SPDX-License-Identifier: MIT */
/* What the user says about PCIe root ports, and about devices below them. */
#ifndef MINIVMM_OPTIONS_PORTS_H
#define MINIVMM_OPTIONS_PORTS_H

#include "config.h"

/*
 * Parse how many root ports are empty at first, and how much room each has: N,
 * N,pref64-reserve=SIZE, N,mem-reserve=SIZE. Returns 0 or -EINVAL, logged.
 */
int options_set_ports(struct config *config, char *text);

/*
 * Returns whether a device may come while the guest runs: there are a control socket and a root
 * port.
 */
bool options_expect_devices(const struct config *config);

/* Returns how many ports such a device finds empty, at most; 0 without a control socket. */
unsigned int options_free_ports(const struct config *config);

/*
 * Check, after all options, that every device that needs a port has one. Returns 0 or -EINVAL,
 * logged.
 */
int options_check_ports(const struct config *config);

#endif
