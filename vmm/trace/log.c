/* SPDX-License-Identifier: MIT */
#include "log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "log_limit.h"

#define LOG_ERROR "minivmm: error: "

static _Thread_local struct {
	char *text; /* NULL: the error is not kept */
	size_t size;
} log_kept;

void log_keep_error(char *text, size_t size)
{
	log_kept.text = text;
	log_kept.size = size;
	if (text)
		text[0] = '\0';
}

/* The line that mends an error goes the way of its error. */
static _Thread_local bool log_hidden;

/* What the end of a line says of those that are not shown; "" if all are. */
static const char *log_describe_hidden(const struct log_verdict *verdict, char *text, size_t size)
{
	text[0] = '\0';
	if (verdict->hidden)
		snprintf(text, size, " (%u more like it were not shown)", verdict->hidden);
	else if (verdict->last)
		snprintf(text, size, " (of more like it, one in %u seconds is shown)",
			 LOG_LIMIT_INTERVAL_S);
	return text;
}

/* The first one is what all others come from. */
static void log_keep(const char *words, size_t length)
{
	if (log_kept.text && !log_kept.text[0])
		snprintf(log_kept.text, log_kept.size, "%.*s", (int)length, words);
}

void log_repeat_error(const char *words)
{
	log_keep(words, strlen(words));
}

/* One write() per message, so that lines of several threads never mix. */
static void log_line(const char *severity, const char *object, const char *cause, const char *fmt,
		     va_list args)
{
	const struct log_verdict verdict = log_limit_ask(fmt, object);
	char line[2048], text[1536], more[64];

	log_hidden = !verdict.shown;
	vsnprintf(text, sizeof(text), fmt, args);
	snprintf(line, sizeof(line), "minivmm: %s: %s%s%s%s%s%s\n", severity, object ? object : "",
		 object ? ": " : "", text, cause ? ": " : "", cause ? cause : "",
		 log_describe_hidden(&verdict, more, sizeof(more)));
	if (verdict.shown)
		fputs(line, stderr);
	if (strcmp(severity, "error") == 0)
		log_keep(line + strlen(LOG_ERROR), strcspn(line + strlen(LOG_ERROR), "\n"));
}

void log_error(const char *object, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	log_line("error", object, NULL, fmt, args);
	va_end(args);
}

const char *log_reason(int err)
{
	return err == -LOG_TOLD ? "an earlier message says why" : strerror(-err);
}

int log_errno(const char *object, int err, const char *fmt, ...)
{
	va_list args;

	log_hidden = err == -LOG_TOLD;
	if (log_hidden)
		return err;
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

	if (log_hidden)
		return;
	va_start(args, fmt);
	vsnprintf(line + strlen(line), sizeof(line) - strlen(line) - 1, fmt, args);
	va_end(args);
	strcat(line, "\n");
	fputs(line, stderr);
}
