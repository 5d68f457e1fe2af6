/* SPDX-License-Identifier: MIT */
/*
 * What each vfio-user message means, and why it is sent at that point: as spans of the trace.
 *
 * Read beside it: vmm/trace/trace.h; backend_trace.c does the same for ioctls.
 */
#ifndef MINIVMM_USER_TRACE_H
#define MINIVMM_USER_TRACE_H

#include "user_message.h"
#include "vmm/trace/trace.h"

/*
 * Begin the span when a command is sent or received; `payload` holds at least the fixed part of its
 * payload.
 */
void user_trace_begin(struct trace_span *span, const char *peer, enum user_command command,
		      const void *payload, unsigned int fd_count);

/* End the span when the command is answered, with 0 or -errno. */
void user_trace_end(struct trace_span *span, int result);

#endif
