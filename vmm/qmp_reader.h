/* SPDX-License-Identifier: MIT */
/*
 * Cuts the bytes of a QMP client into messages, by the beginning and end of each JSON value.
 *
 * Owns the limits of a message, and where reading continues after an invalid one. The session lets
 * jansson check the JSON inside. Like QEMU's reader it also accepts strings in single quotes, and
 * converts them to double quotes.
 *
 * Read beside it: QEMU's docs/interop/qmp-spec, RFC 8259.
 */
#ifndef MINIVMM_QMP_READER_H
#define MINIVMM_QMP_READER_H

#include <stdbool.h>
#include <stddef.h>

#define QMP_MESSAGE_MAX 65536u
#define QMP_DEPTH_MAX   32u

enum qmp_read {
	QMP_READ_MORE,    /* the message is not complete */
	QMP_READ_MESSAGE, /* a message is complete, in `text` */
	QMP_READ_BAD,     /* an invalid message, `wrong` says why */
};

/* Begins zeroed. */
struct qmp_reader {
	size_t length, depth;
	char quote;         /* the quote of the current string, or 0 */
	bool escaped, bare; /* after a backslash; outside all brackets */
	bool ended;         /* the next byte begins a new message */
	const char *wrong;
	char text[QMP_MESSAGE_MAX];
};

/* Take one more byte. The result is valid until the next call. */
enum qmp_read qmp_reader_take(struct qmp_reader *reader, char byte);

#endif
