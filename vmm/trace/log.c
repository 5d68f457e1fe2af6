/* SPDX-License-Identifier: MIT */
#include "log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define LOG_ERROR "minivmm: error: "

static _Thread_local struct {
	char *text; /* NULL: nobody wants it */
	size_t size;
} log_kept;

void log_keep_error(char *text, size_t size)
{
	log_kept.text = text;
	log_kept.size = size;
	if (text)
		text[0] = '\0';
}

/* One write() per message, so that lines of several threads never mix. */
static void log_line(const char *severity, const char *object, const char *cause, const char *fmt,
		     va_list args)
{
	char line[2048];
	char text[1536];

	vsnprintf(text, sizeof(text), fmt, args);
	snprintf(line, sizeof(line), "minivmm: %s: %s%s%s%s%s\n", severity, object ? object : "",
		 object ? ": " : "", text, cause ? ": " : "", cause ? cause : "");
	fputs(line, stderr);
	if (log_kept.text && !log_kept.text[0] && strcmp(severity, "error") == 0)
		snprintf(log_kept.text, log_kept.size, "%.*s",
			 (int)strcspn(line + strlen(LOG_ERROR), "\n"), line + strlen(LOG_ERROR));
}

void log_error(const char *object, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	log_line("error", object, NULL, fmt, args);
	va_end(args);
}

int log_errno(const char *object, int err, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	log_line("error", object, strerror(-err), fmt, args);
	va_end(args);
	return err;
}

void log_warn(const char *object, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	log_line("warning", object, NULL, fmt, args);
	va_end(args);
}

void log_info(const char *object, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	log_line("info", object, NULL, fmt, args);
	va_end(args);
}

void log_fix(const char *fmt, ...)
{
	char line[2048] = "  fix: ";
	va_list args;

	va_start(args, fmt);
	vsnprintf(line + strlen(line), sizeof(line) - strlen(line) - 1, fmt, args);
	va_end(args);
	strcat(line, "\n");
	fputs(line, stderr);
}
