/* SPDX-License-Identifier: MIT */
#include "host_report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host_fold.h"
#include "host_json.h"
#include "vmm/trace/log.h"

/* Columns: of what a finding says, and of a fix behind "fix: ". */
#define REPORT_TEXT_START 19
#define REPORT_FIX_START  24

static const char *const host_status_words[] = {
	[HOST_OK] = "ok",
	[HOST_WARN] = "warn",
	[HOST_UNSEEN] = "warn",
	[HOST_FAIL] = "fail",
};

/* The text is NULL only if there was no memory for it. */
static const char *report_or(const char *text)
{
	return text ? text : "out of memory";
}

static char *report_copy(const char *text)
{
	return text ? strdup(text) : NULL;
}

void host_report_add(struct host_report *report, enum host_found found, struct host_facts facts)
{
	if (report->count == HOST_FINDINGS_MAX)
		return;
	facts.object = report->object;
	facts.program = program_invocation_name;
#define COPY(name) facts.name = report_copy(facts.name);
	HOST_FACT_TEXTS(COPY)
#undef COPY
	report->findings[report->count++] = (struct host_finding){ found, facts };
}

static enum host_status report_status(const struct host_finding *finding)
{
	return host_words_find(finding->found)->status;
}

const struct host_finding *host_report_failure(const struct host_report *report)
{
	for (unsigned int i = 0; i < report->count; i++)
		if (report_status(&report->findings[i]) == HOST_FAIL)
			return &report->findings[i];
	return NULL;
}

static void report_log(const struct host_report *report, const struct host_finding *finding,
		       void (*log)(const char *object, const char *fmt, ...))
{
	char *text = host_finding_text(finding);

	log(report->object, "%s", report_or(text));
	free(text);
	for (unsigned int i = 0; (text = host_finding_fix(finding, i)); i++) {
		log_fix("%s", text);
		free(text);
	}
}

void host_report_log(const struct host_report *report, const struct host_finding *finding)
{
	report_log(report, finding, log_error);
}

void host_report_advise(struct host_report *report)
{
	for (unsigned int i = 0; i < report->count; i++)
		report_log(report, &report->findings[i], log_info);
	host_report_destroy(report);
}

bool host_report_log_failures(struct host_report *report)
{
	bool failed = host_report_failure(report) != NULL;

	for (unsigned int i = 0; i < report->count; i++)
		if (report_status(&report->findings[i]) == HOST_FAIL)
			host_report_log(report, &report->findings[i]);
	host_report_destroy(report);
	return failed;
}

void host_report_warn(struct host_report *report)
{
	for (unsigned int i = 0; i < report->count; i++) {
		char *text = host_finding_text(&report->findings[i]);

		if (report_status(&report->findings[i]) == HOST_FAIL)
			log_warn(report->object, "%s", report_or(text));
		free(text);
	}
	host_report_destroy(report);
}

/*
 * A command stays whole, so that it can be copied; the comment behind it goes to lines of its own
 * where both have no room in one.
 */
static void report_print_fix(char *fix, int width, FILE *out)
{
	char *comment = strstr(fix, "   # ");
	int used = fprintf(out, "%*sfix: ", REPORT_TEXT_START, "") + (int)strlen(fix);

	if (!width || used <= width || !comment) {
		fprintf(out, "%s\n", fix);
		return;
	}
	*comment = '\0';
	fprintf(out, "%s\n%*s", fix, REPORT_FIX_START, "");
	host_print_folded(comment + 3, REPORT_FIX_START, width, "# ", out);
}

static void report_print_finding(const struct host_finding *finding, int width, FILE *out)
{
	char *text = host_finding_text(finding);

	fprintf(out, "  %-4s  %-9s  ", host_status_words[report_status(finding)],
		host_check_name(host_words_find(finding->found)->check));
	host_print_folded(report_or(text), REPORT_TEXT_START, width, "", out);
	free(text);
	for (unsigned int i = 0; (text = host_finding_fix(finding, i)); i++) {
		report_print_fix(text, width, out);
		free(text);
	}
}

void host_report_print(const struct host_report *report, int width, FILE *out)
{
	for (unsigned int i = 0; i < report->count; i++)
		report_print_finding(&report->findings[i], width, out);
}

/* Absent if everything was seen. */
static void report_print_seer(const struct host_finding *finding, FILE *out)
{
	const char *seer = host_seers[host_words_find(finding->found)->seer];

	if (!seer)
		return;
	fputs(",\"seen_by\":", out);
	host_json_string(seer, out);
}

static void report_print_finding_json(const struct host_finding *finding, FILE *out)
{
	char *text = host_finding_text(finding);

	fputs("{\"id\":", out);
	host_json_string(host_check_name(host_words_find(finding->found)->check), out);
	fputs(",\"status\":", out);
	host_json_string(host_status_words[report_status(finding)], out);
	fputs(",\"detail\":", out);
	host_json_string(report_or(text), out);
	free(text);
	fputs(",\"fix\":[", out);
	for (unsigned int i = 0; (text = host_finding_fix(finding, i)); i++) {
		fputs(i ? "," : "", out);
		host_json_string(text, out);
		free(text);
	}
	fputs("]", out);
	report_print_seer(finding, out);
	fputs("}", out);
}

void host_report_print_json(const struct host_report *report, bool ready, FILE *out)
{
	fprintf(out, "\"ready\":%s,\"checks\":[", ready ? "true" : "false");
	for (unsigned int i = 0; i < report->count; i++) {
		fputs(i ? ",\n  " : "\n  ", out);
		report_print_finding_json(&report->findings[i], out);
	}
	fputs("]", out);
}

void host_report_destroy(struct host_report *report)
{
	for (unsigned int i = 0; i < report->count; i++) {
		struct host_facts *facts = &report->findings[i].facts;

#define FREE(name) free((char *)facts->name);
		HOST_FACT_TEXTS(FREE)
#undef FREE
	}
	report->count = 0;
}
