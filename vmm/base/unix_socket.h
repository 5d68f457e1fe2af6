/* SPDX-License-Identifier: MIT */
/*
 * The socket to a server of devices: the connection, deadlines, files that are sent with a message.
 *
 * It knows no protocol: vfio/backend/user_socket.h and devices/vhost_message.h have the messages.
 *
 * Read beside it: unix(7), cmsg(3).
 */
#ifndef MINIVMM_UNIX_SOCKET_H
#define MINIVMM_UNIX_SOCKET_H

#include <sys/socket.h>
#include <time.h>

/*
 * Connect to the server that listens at `path`, and wait for at most `ms` milliseconds until it
 * accepts. `protocol` is its name, for messages. Returns a socket, which is the caller's, or
 * -errno, logged.
 */
int unix_socket_connect(const char *path, const char *protocol, unsigned int ms);

/* The time `ms` milliseconds from now, by CLOCK_MONOTONIC. */
struct timespec unix_socket_deadline(unsigned int ms);

/* Milliseconds until that time, rounded down; 0 if it is over. */
int unix_socket_time_left(const struct timespec *until);

/* After so long a wait it is looked whether minivmm is to end: pending_end_is_asked(). */
#define UNIX_SOCKET_SLICE_MS 100

/* The same, for a wait in slices. */
int unix_socket_slice(const struct timespec *until);

/*
 * A call on the socket of a server has failed: wait until it can be made again, for a slice at
 * most. NULL: make it again. Otherwise what is wrong with the server, words that follow "its
 * server": `late` if the time is over, or others if minivmm is to end, with an errno of 0; or else
 * errno says why. `until` may be NULL: no limit.
 */
const char *unix_socket_wait(int fd, short events, const struct timespec *until, const char *late);

/*
 * Send `count` files with *msg. `control` is memory for them: CMSG_SPACE(count * sizeof(int)) bytes
 * or more, aligned as a struct cmsghdr, there until the message is sent.
 */
void unix_socket_attach(struct msghdr *msg, void *control, const int *fds, unsigned int count);

#endif
