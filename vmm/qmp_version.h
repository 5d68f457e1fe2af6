/* SPDX-License-Identifier: MIT */
/*
 * Who speaks: minivmm's version in the shape that QMP has for QEMU's.
 */
#ifndef MINIVMM_QMP_VERSION_H
#define MINIVMM_QMP_VERSION_H

#include <jansson.h>
#include <stdio.h>

/* The caller's. The member is called `qemu`, as clients expect; `package` says who it is. */
static inline json_t *qmp_version(void)
{
	int major = 0, minor = 0, micro = 0;

	sscanf(MINIVMM_VERSION, "%d.%d.%d", &major, &minor, &micro);
	return json_pack("{s:{s:i, s:i, s:i}, s:s}", "qemu", "micro", micro, "minor", minor,
			 "major", major, "package", "minivmm " MINIVMM_VERSION);
}

#endif
