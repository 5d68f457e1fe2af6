/* SPDX-License-Identifier: MIT */
#include "trace_fault.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"

#define FAULT_ERRNO_MAX 134 /* no error number of Linux is as large */

static int fault_parse_errno(const char *text, struct trace_fault *fault)
{
	for (int err = 1; err < FAULT_ERRNO_MAX; err++) {
		const char *name = strerrorname_np(err);

		if (name && strcmp(name, text) == 0) {
			fault->how = TRACE_FAULT_ERROR;
			fault->err = -err;
			return 0;
		}
	}
	return -EINVAL;
}

static int fault_parse_irq(const char *text, struct trace_fault *fault)
{
	fault->how = strcmp(text, "lost") == 0   ? TRACE_FAULT_LOST
		     : strcmp(text, "late") == 0 ? TRACE_FAULT_LATE
						 : TRACE_FAULT_NONE;
	return fault->how == TRACE_FAULT_NONE ? -EINVAL : 0;
}

static int fault_parse_config(const char *text, struct trace_fault *fault)
{
	fault->how = TRACE_FAULT_ONES;
	return strcmp(text, "ffff") == 0 ? 0 : -EINVAL;
}

static int fault_parse_what(const struct trace_calls *const *rooms, const char *text, size_t length,
			    struct trace_fault *fault)
{
	const struct trace_about *about;

	if (length == 3 && strncmp(text, "irq", length) == 0) {
		fault->what = TRACE_FAULT_IRQ;
		return 0;
	}
	if (length == 6 && strncmp(text, "config", length) == 0) {
		fault->what = TRACE_FAULT_CONFIG;
		return 0;
	}
	about = trace_find_call(rooms, text, length);
	if (!about)
		return -EINVAL;
	fault->what = TRACE_FAULT_CALL;
	fault->call = about->tally;
	return 0;
}

static int fault_parse_how(const char *text, struct trace_fault *fault)
{
	switch (fault->what) {
	case TRACE_FAULT_IRQ:
		return fault_parse_irq(text, fault);
	case TRACE_FAULT_CONFIG:
		return fault_parse_config(text, fault);
	default:
		return fault_parse_errno(text, fault);
	}
}

static int fault_parse(const struct trace_calls *const *rooms, const char *text,
		       struct trace_fault *fault)
{
	const char *hash = strchr(text, '#');
	char *end;

	*fault = (struct trace_fault){ .what = TRACE_FAULT_CALL };
	if (!hash || fault_parse_what(rooms, text, (size_t)(hash - text), fault) < 0)
		return -EINVAL;
	errno = 0;
	fault->nth = strtoull(hash + 1, &end, 10);
	if (errno || end == hash + 1 || hash[1] == '-' || fault->nth == 0 || *end != '=')
		return -EINVAL;
	return fault_parse_how(end + 1, fault);
}

int trace_fault_parse(struct trace_faults *faults, const struct trace_calls *const *rooms,
		      const char *text)
{
	if (faults->count == TRACE_FAULTS_MAX) {
		log_error("--inject", "more than %d faults", TRACE_FAULTS_MAX);
		return -ENOSPC;
	}
	if (fault_parse(rooms, text, &faults->list[faults->count]) < 0) {
		log_error("--inject",
			  "%s: expected IOCTL#N=ERRNO, irq#N=lost, irq#N=late or config#N=ffff",
			  text);
		return -EINVAL;
	}
	faults->count++;
	return 0;
}

bool trace_faults_ask(const struct trace_faults *faults, enum trace_fault_what what)
{
	for (unsigned int i = 0; i < faults->count; i++)
		if (faults->list[i].what == what)
			return true;
	return false;
}

/* A dead device stays dead. Every other fault happens once. */
enum trace_fault_how trace_fault_due(const struct trace_faults *faults, enum trace_fault_what what,
				     const struct trace_tally *call, uint64_t nth, int *err)
{
	for (unsigned int i = 0; i < faults->count; i++) {
		const struct trace_fault *fault = &faults->list[i];

		if (fault->what != what || fault->call != call)
			continue;
		if (fault->nth == nth || (what == TRACE_FAULT_CONFIG && nth > fault->nth)) {
			*err = fault->err;
			return fault->how;
		}
	}
	return TRACE_FAULT_NONE;
}
