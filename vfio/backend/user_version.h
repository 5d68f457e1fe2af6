/* SPDX-License-Identifier: MIT */
/*
 * The first exchange of a vfio-user connection: both sides say in JSON what they support.
 *
 * Owns what minivmm offers, and the check of the answer. JSON is read by libjansson, which is
 * loaded when it is needed: most starts have no vfio-user device.
 *
 * Read beside it: docs/interop/vfio-user.rst of the QEMU project, VFIO_USER_VERSION.
 */
#ifndef MINIVMM_USER_VERSION_H
#define MINIVMM_USER_VERSION_H

#include <stddef.h>
#include <stdint.h>

struct user_limits {
	unsigned int max_fds;  /* number of files that the server takes with one message */
	uint32_t max_transfer; /* bytes of data that it takes in one message */
	/* which of the reply's files is the socket for its own commands; -1: none */
	int twin;
};

/* What minivmm offers: the JSON text after struct user_version. */
extern const char user_version_offer[];

/*
 * Read the server's answer, `size` bytes of payload, into *limits. 0, -EPROTO with *wrong saying
 * what is wrong, or -ENOENT, logged, if libjansson is missing on this host.
 */
int user_version_parse(const void *payload, size_t size, struct user_limits *limits,
		       const char **wrong);

#endif
