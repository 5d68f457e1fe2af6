/* SPDX-License-Identifier: MIT */
/*
 * Streams of text that somebody reads, or does not: a terminal, a pipe.
 *
 * Whoever writes waits for the reader, as always. But once minivmm is asked to end, nobody waits
 * long: what nobody reads is lost then. A write() could not be left, because the thread that would
 * learn of the end is often the one that writes. So these files do not block, and the wait is here.
 *
 * Read beside it: fopencookie(3), open(2) on O_NONBLOCK.
 */
#ifndef MINIVMM_PATIENT_STREAM_H
#define MINIVMM_PATIENT_STREAM_H

#include <stdio.h>

/*
 * Give the file `fd` an open file description of its own that does not block, if it is a terminal
 * or a pipe. (The one that it has may be shared with other programs, which O_NONBLOCK would upset.)
 * If that is not possible, as with a socket, the file stays as it is.
 */
void patient_stream_own(int fd);

/*
 * A stream that writes to the file, which is closed with it. After a loss its error indicator is
 * set, and errno is EAGAIN. NULL, with errno, if there is no memory; the file stays the caller's
 * then.
 */
FILE *patient_stream_open(int fd);

/*
 * Let messages go through such a stream: standard error becomes one. The standard files get
 * descriptions of their own; who reads or writes them by number must expect EAGAIN.
 */
void patient_stream_take_standard(void);

/* Minivmm ends, or was asked to: from here on no stream waits long for its reader. */
void patient_stream_hurry(void);

#endif
