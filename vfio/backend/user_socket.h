/* SPDX-License-Identifier: MIT */
/*
 * Bytes and files on the socket of a vfio-user server: whole messages out, whole messages in.
 *
 * Knows how long a message is and that files travel beside it, and nothing of what it means. A
 * message has until a point of CLOCK_MONOTONIC to pass as a whole, in however small pieces; where
 * that is NULL, forever. Functions return NULL, or what the server did, in words that follow "its
 * vfio-user server".
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
 * One message, its header checked. *message, zeroed before, is to be destroyed whatever comes back.
 */
const char *user_socket_receive(int fd, struct user_message *message, const struct timespec *until);

/*
 * The parts of one message with `fd_count` files, USER_FDS_MAX at most. The first part is its
 * header, whose size is filled in; the parts are used up.
 */
const char *user_socket_send(int fd, struct iovec *parts, unsigned int count, const int *fds,
			     unsigned int fd_count, const struct timespec *until);

#endif
