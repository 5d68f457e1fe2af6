/* SPDX-License-Identifier: MIT */
#include "call_log.h"

#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define CALLS_MAX     4096
#define CALLS_TEXT    256
#define CALLS_ALL_MAX (64 * 1024)

static char calls[CALLS_MAX][CALLS_TEXT];
static unsigned int calls_made;

void calls_begin(void)
{
	calls_made = 0;
}

void calls_add(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	if (calls_made < CALLS_MAX)
		vsnprintf(calls[calls_made], CALLS_TEXT, fmt, args);
	va_end(args);
	calls_made++;
}

void calls_expect(const char *expected)
{
	static char all[CALLS_ALL_MAX];
	size_t length = 0;

	all[0] = '\0';
	ck_assert_msg(calls_made <= CALLS_MAX, "%u calls", calls_made);
	for (unsigned int i = 0; i < calls_made && length < sizeof(all); i++)
		length += (size_t)snprintf(all + length, sizeof(all) - length, "%s\n", calls[i]);
	calls_begin();
	ck_assert_msg(strcmp(all, expected) == 0, "expected:\n%sbut there was:\n%s", expected, all);
}

unsigned int calls_count(const char *start)
{
	unsigned int count = 0;

	ck_assert_msg(calls_made <= CALLS_MAX, "%u calls", calls_made);
	for (unsigned int i = 0; i < calls_made; i++)
		count += strncmp(calls[i], start, strlen(start)) == 0;
	return count;
}

unsigned int calls_first(const char *start)
{
	for (unsigned int i = 0; i < calls_made && i < CALLS_MAX; i++)
		if (strncmp(calls[i], start, strlen(start)) == 0)
			return i;
	ck_abort_msg("no `%s` among %u calls", start, calls_made);
}

unsigned int calls_last(const char *start)
{
	for (unsigned int i = calls_made < CALLS_MAX ? calls_made : CALLS_MAX; i--;)
		if (strncmp(calls[i], start, strlen(start)) == 0)
			return i;
	ck_abort_msg("no `%s` among %u calls", start, calls_made);
}
