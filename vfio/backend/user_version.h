/* SPDX-License-Identifier: MIT */
/*
 * The first exchange of a vfio-user connection: both sides say what they can do, in JSON.
 *
 * Knows what is offered and what an answer may contain. JSON is read by libjansson, which is loaded
 * when it is needed: most starts have no vfio-user device.
 *
 * Read beside it: docs/interop/vfio-user.rst of the QEMU project, VFIO_USER_VERSION.
 */
#ifndef MINIVMM_USER_VERSION_H
#define MINIVMM_USER_VERSION_H

#include <stddef.h>
#include <stdint.h>

struct user_limits {
	unsigned int max_fds;  /* files the server takes with one message */
	uint32_t max_transfer; /* bytes of data it takes in one */
	int twin;              /* which of the reply's files its own commands come on; -1: none */
};

/* What we offer: the JSON text behind struct user_version. */
extern const char user_version_offer[];

/*
 * The server's answer, `size` bytes of payload, into *limits. 0; -EPROTO with *wrong saying what is
 * wrong with it; or -ENOENT, logged, where libjansson is missing on this host.
 */
int user_version_parse(const void *payload, size_t size, struct user_limits *limits,
		       const char **wrong);

#endif
