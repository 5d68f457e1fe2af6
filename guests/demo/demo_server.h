/* SPDX-License-Identifier: MIT */
/*
 * A vfio-user server for the demo device: the other end of vfio/backend/backend_user.c.
 *
 * Owns the conversation with one client. `minivmm --vfio demo` runs it in a process of its own;
 * build/guests/demo_device serves it to any client.
 */
#ifndef MINIVMM_DEMO_SERVER_H
#define MINIVMM_DEMO_SERVER_H

/*
 * Make a new device and serve it to the client at the other end of `socket` until the client
 * leaves. Takes over the socket. Returns 0; -EPROTO if the client breaks the protocol; or another
 * -errno.
 */
int demo_server_run(int socket);

#endif
