/* SPDX-License-Identifier: MIT */
/*
 * What an examination found: one list of findings for the host, one for each device.
 *
 * A finding is a check's id, a verdict, what was found, and where something is wrong the exact
 * lines that mend it. Owns their memory and the ways to show them: a list to read, JSON, error
 * messages. Finds nothing itself.
 */
#ifndef MINIVMM_HOST_REPORT_H
#define MINIVMM_HOST_REPORT_H

#include <stdbool.h>
#include <stdio.h>

#define HOST_FINDINGS_MAX 32

enum host_status {
	HOST_OK,
	HOST_WARN, /* works, but the user wants to know */
	HOST_FAIL, /* a start would fail, or do harm */
};

struct host_finding {
	const char *check; /* its id, such as "driver" */
	enum host_status status;
	char *detail;
	char **fixes;
	unsigned int fix_count;
};

struct host_report {
	const char *object; /* a BDF, or "host" */
	const char *check;  /* the id that findings added now get */
	struct host_finding findings[HOST_FINDINGS_MAX];
	unsigned int count;
};

/* Add a finding of the check that runs, report->check. */
void host_report_add(struct host_report *report, enum host_status status, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Add a line that mends the last finding. */
void host_report_fix(struct host_report *report, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* The first finding that fails, or NULL. */
const struct host_finding *host_report_failure(const struct host_report *report);

/* A finding as an error message with its fixes, on standard error. */
void host_report_log(const struct host_report *report, const struct host_finding *finding);

/* All of it, to read. */
void host_report_print(const struct host_report *report, FILE *out);

/* The members "ready" and "checks" of a JSON object. */
void host_report_print_json(const struct host_report *report, bool ready, FILE *out);

/* Idempotent; accepts a zeroed report. */
void host_report_destroy(struct host_report *report);

#endif
