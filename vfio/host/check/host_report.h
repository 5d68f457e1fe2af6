/* SPDX-License-Identifier: MIT */
/*
 * What an examination found: one list of findings for the host, and one for each device.
 *
 * Owns the memory of the findings and the ways to show them: a list to read, JSON, error
 * messages. Finds nothing itself.
 */
#ifndef MINIVMM_HOST_REPORT_H
#define MINIVMM_HOST_REPORT_H

#include <stdbool.h>

#include "host_finding.h"

#define HOST_FINDINGS_MAX 32

struct host_report {
	const char *object; /* a BDF, or "host" */
	struct host_finding findings[HOST_FINDINGS_MAX];
	unsigned int count;
};

/*
 * Add a finding with its facts. Their texts are copied. The object and the program's name are
 * filled in.
 */
void host_report_add(struct host_report *report, enum host_found found, struct host_facts facts);

/* Returns the first finding that fails, or NULL. */
const struct host_finding *host_report_failure(const struct host_report *report);

/* Print a finding as an error message with its fixes, on standard error. */
void host_report_log(const struct host_report *report, const struct host_finding *finding);

/* Log all findings that fail, and destroy the report. Returns whether there was one. */
bool host_report_log_failures(struct host_report *report);

/* Log all findings with their fixes as information about an error, and destroy the report. */
void host_report_advise(struct host_report *report);

/* Log all findings that fail as warnings without fixes, and destroy the report. */
void host_report_warn(struct host_report *report);

/*
 * Print the whole report for people to read, on a terminal of `width` columns; 0: on no terminal,
 * and no line is broken.
 */
void host_report_print(const struct host_report *report, int width, FILE *out);

/* Print the members "ready" and "checks" of a JSON object. */
void host_report_print_json(const struct host_report *report, bool ready, FILE *out);

/* Free the report's findings. May be called twice, and accepts a zeroed report. */
void host_report_destroy(struct host_report *report);

#endif
