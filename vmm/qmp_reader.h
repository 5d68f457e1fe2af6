/* SPDX-License-Identifier: MIT */
/*
 * Bytes of a QMP client, cut into messages: where a JSON value begins and ends.
 *
 * Owns the bounds of a message, and how reading goes on behind one that is none. Whether what is
 * inside is JSON, the session asks jansson. As QEMU's reader it takes strings in single quotes,
 * too, and makes them such in double ones.
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
	QMP_READ_MORE,    /* the message goes on */
	QMP_READ_MESSAGE, /* it is whole, in `text` */
	QMP_READ_BAD,     /* it was none: `wrong` says why */
};

/* Begins zeroed. */
struct qmp_reader {
	size_t length, depth;
	char quote;         /* of the string that it is in, or 0 */
	bool escaped, bare; /* behind a backslash; outside of all brackets */
	bool ended;         /* the next byte begins a new message */
	const char *wrong;
	char text[QMP_MESSAGE_MAX];
};

/* One byte more. What it led to is good until the next call. */
enum qmp_read qmp_reader_take(struct qmp_reader *reader, char byte);

#endif
