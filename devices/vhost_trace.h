/* SPDX-License-Identifier: MIT */
/*
 * What each vhost-user message means, and why it is sent at that point: as spans of the trace.
 *
 * Read beside it: vmm/trace/trace.h; vfio/backend/user_trace.c does the same for vfio-user.
 */
#ifndef MINIVMM_VHOST_TRACE_H
#define MINIVMM_VHOST_TRACE_H

#include "vhost_message.h"
#include "vmm/trace/trace.h"

/* Begin the span when the message is about to be sent to the server that is called `peer`. */
void vhost_trace_begin(struct trace_span *span, const char *peer,
		       const struct vhost_message *message, unsigned int fd_count);

/* End the span when it was sent, and answered if it has an answer, with 0 or -errno. */
void vhost_trace_end(struct trace_span *span, const struct vhost_message *answer, int result);

#endif
