/* SPDX-License-Identifier: MIT */
/*
 * A vfio-user server for the demo device: the other end of vfio/backend/backend_user.c.
 *
 * Owns the conversation with one client. `minivmm --vfio demo` runs it in a process of its own;
 * build/guests/demo_device is the same for any client.
 */
#ifndef MINIVMM_DEMO_SERVER_H
#define MINIVMM_DEMO_SERVER_H

/*
 * A new device, served to the client at the other end of `socket`, which it owns, until that
 * leaves. 0; -EPROTO when the client breaks the protocol; or -errno.
 */
int demo_server_run(int socket);

#endif
