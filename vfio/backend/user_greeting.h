/* SPDX-License-Identifier: MIT */
/*
 * The first message to a vfio-user server, for a process that connects on behalf of another one.
 *
 * A confined minivmm lets such a process connect. If minivmm were taken over, it could ask for a
 * socket at which something else listens, for example a service of the user's that starts programs.
 * So the process itself speaks first, and it gives the socket away only if the other side answers
 * as a vfio-user server does.
 *
 * Read beside it: docs/interop/vfio-user.rst of the QEMU project, "VFIO_USER_VERSION".
 */
#ifndef MINIVMM_USER_GREETING_H
#define MINIVMM_USER_GREETING_H

/*
 * Ask the server at the socket `fd` for its version, as user_link_open() does, and wait for at most
 * `ms` milliseconds until its reply begins. The reply stays in the socket. Returns NULL, or words
 * that follow "its vfio-user server" in a message; not logged. Then errno says why a call failed,
 * or is 0 where none did.
 */
const char *user_greet(int fd, unsigned int ms);

#endif
