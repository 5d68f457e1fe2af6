/* SPDX-License-Identifier: MIT */
/*
 * Bytes and files on the socket of a vfio-user server: whole messages out, whole messages in.
 *
 * It knows how long a message is and that files are sent beside it, but not what it means. A
 * message must pass as a whole before a time of CLOCK_MONOTONIC, even if it comes in small pieces;
 * NULL means no limit. Functions return NULL, or words that follow "its vfio-user server" in a
 * message; then errno says why a call failed, or is 0 where none did.
 *
 * Read beside it: unix(7), SCM_RIGHTS.
 */
#ifndef MINIVMM_USER_SOCKET_H
#define MINIVMM_USER_SOCKET_H

#include <stdbool.h>
#include <sys/uio.h>
#include <time.h>

#include "user_message.h"

/*
 * Receive one message and check its header. *message must be zeroed before; the caller destroys it
 * whatever is returned.
 */
const char *user_socket_receive(int fd, struct user_message *message, const struct timespec *until);

/*
 * Wait for a message, and look at its header, which is checked. The message stays in the socket.
 */
const char *user_socket_peek(int fd, struct user_header *header, const struct timespec *until);

/*
 * Send one message from `count` parts with `fd_count` files, at most USER_FDS_MAX. The first part
 * is the header, whose size is filled in. The array of parts is changed.
 */
const char *user_socket_send(int fd, struct iovec *parts, unsigned int count, const int *fds,
			     unsigned int fd_count, const struct timespec *until);

#endif
