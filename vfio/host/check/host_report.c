/* SPDX-License-Identifier: MIT */
#include "host_report.h"

#include <stdarg.h>
#include <stdlib.h>

#include "host_json.h"
#include "vmm/trace/log.h"

static const char *const host_status_words[] = { "ok", "warn", "fail" };

void host_report_add(struct host_report *report, enum host_status status, const char *fmt, ...)
{
	struct host_finding *finding = &report->findings[report->count];
	va_list args;

	if (report->count == HOST_FINDINGS_MAX)
		return;
	*finding = (struct host_finding){ .check = report->check, .status = status };
	va_start(args, fmt);
	if (vasprintf(&finding->detail, fmt, args) < 0)
		finding->detail = NULL;
	va_end(args);
	report->count++;
}

void host_report_fix(struct host_report *report, const char *fmt, ...)
{
	struct host_finding *finding = &report->findings[report->count - 1];
	char **grown, *line;
	va_list args;
	int length;

	va_start(args, fmt);
	length = vasprintf(&line, fmt, args);
	va_end(args);
	if (length < 0)
		return;
	grown = realloc(finding->fixes, (finding->fix_count + 1) * sizeof(*grown));
	if (!grown) {
		free(line);
		return;
	}
	grown[finding->fix_count++] = line;
	finding->fixes = grown;
}

/* Only when there was no memory for it is there no text. */
static const char *host_finding_text(const struct host_finding *finding)
{
	return finding->detail ? finding->detail : "out of memory";
}

const struct host_finding *host_report_failure(const struct host_report *report)
{
	for (unsigned int i = 0; i < report->count; i++)
		if (report->findings[i].status == HOST_FAIL)
			return &report->findings[i];
	return NULL;
}

void host_report_log(const struct host_report *report, const struct host_finding *finding)
{
	log_error(report->object, "%s", host_finding_text(finding));
	for (unsigned int i = 0; i < finding->fix_count; i++)
		log_fix("%s", finding->fixes[i]);
}

void host_report_print(const struct host_report *report, FILE *out)
{
	for (unsigned int i = 0; i < report->count; i++) {
		const struct host_finding *finding = &report->findings[i];

		fprintf(out, "  %-4s  %-9s  %s\n", host_status_words[finding->status],
			finding->check, host_finding_text(finding));
		for (unsigned int n = 0; n < finding->fix_count; n++)
			fprintf(out, "                   fix: %s\n", finding->fixes[n]);
	}
}

static void host_finding_print_json(const struct host_finding *finding, FILE *out)
{
	fputs("{\"id\":", out);
	host_json_string(finding->check, out);
	fputs(",\"status\":", out);
	host_json_string(host_status_words[finding->status], out);
	fputs(",\"detail\":", out);
	host_json_string(host_finding_text(finding), out);
	fputs(",\"fix\":[", out);
	for (unsigned int i = 0; i < finding->fix_count; i++) {
		fputs(i ? "," : "", out);
		host_json_string(finding->fixes[i], out);
	}
	fputs("]}", out);
}

void host_report_print_json(const struct host_report *report, bool ready, FILE *out)
{
	fprintf(out, "\"ready\":%s,\"checks\":[", ready ? "true" : "false");
	for (unsigned int i = 0; i < report->count; i++) {
		fputs(i ? ",\n  " : "\n  ", out);
		host_finding_print_json(&report->findings[i], out);
	}
	fputs("]", out);
}

void host_report_destroy(struct host_report *report)
{
	for (unsigned int i = 0; i < report->count; i++) {
		for (unsigned int n = 0; n < report->findings[i].fix_count; n++)
			free(report->findings[i].fixes[n]);
		free(report->findings[i].fixes);
		free(report->findings[i].detail);
	}
	report->count = 0;
}
