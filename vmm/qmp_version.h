/* SPDX-License-Identifier: MIT */
/* minivmm's version in the form that QMP has for QEMU's. */
#ifndef MINIVMM_QMP_VERSION_H
#define MINIVMM_QMP_VERSION_H

#include <jansson.h>
#include <stdio.h>

/*
 * Returns an object, which is the caller's. The member is called `qemu`, as clients expect;
 * `package` says that this is minivmm.
 */
static inline json_t *qmp_version(void)
{
	int major = 0, minor = 0, micro = 0;

	sscanf(MINIVMM_VERSION, "%d.%d.%d", &major, &minor, &micro);
	return json_pack("{s:{s:i, s:i, s:i}, s:s}", "qemu", "micro", micro, "minor", minor,
			 "major", major, "package", "minivmm " MINIVMM_VERSION);
}

#endif
