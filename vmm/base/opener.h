/* SPDX-License-Identifier: MIT */
/*
 * Opening files while the machine runs, from where no file may be opened any more.
 *
 * A process of its own, made in time, opens them and hands them over: sandbox/sandbox_opener.h, or
 * device_opener.h. Here is what whoever wants a file knows of it, and how both sides talk.
 */
#ifndef MINIVMM_OPENER_H
#define MINIVMM_OPENER_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OPENER_WORDS 512

/* Sockets to the processes that open; one request at a time, from one thread. */
struct opener {
	int socket;
	int names; /* to the one for images and servers; 0: there is none */
};

enum opener_what {
	OPENER_FILE,   /* to read and write */
	OPENER_IMAGE,  /* to read only */
	OPENER_SERVER, /* the socket that a vfio-user server listens at */
	OPENER_MORE,   /* from here on: questions of others to the same process */
};

struct opener_question {
	uint32_t what; /* enum opener_what */
	uint32_t ms;   /* how long to wait for the server */
	char path[PATH_MAX];
};

/* With it comes the file when err is 0. */
struct opener_answer {
	int32_t err;              /* 0 or -errno */
	char words[OPENER_WORDS]; /* of the error that the process has logged, or "" */
};

/*
 * Open `path` to read and write, close-on-exec: by `opener`, or directly if that is NULL. The file,
 * or -errno, not logged: what open() gave; -LOG_TOLD where the process is lost.
 */
int opener_open(const struct opener *opener, const char *path);

/*
 * The same to read only. By `opener` it must be a ROM, by its first bytes; -ENOEXEC if it is not.
 */
int opener_open_image(const struct opener *opener, const char *path);

/*
 * As unix_socket_connect(), by `opener` or directly. A socket; or -errno, logged. If it is by
 * `opener`, the server has been asked for its version already, and its reply is in the socket:
 * user_greeting.h.
 */
int opener_connect(const struct opener *opener, const char *path, unsigned int ms);

/*
 * One question at this socket and its answer, of `size` bytes, which begins with a struct
 * opener_answer. The answer's file, or -1 where none came with it. A lost process is -LOG_TOLD in
 * the answer.
 */
int opener_ask(int socket, const void *question, size_t question_size, struct opener_answer *answer,
	       size_t size);

/*
 * For the process that opens: the answer, and `fd` with it unless that is -1. False: nobody asks.
 */
bool opener_reply(int socket, const struct opener_answer *answer, size_t size, int fd);

#endif
