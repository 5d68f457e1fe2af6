/* SPDX-License-Identifier: MIT */
#include "command_line.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define LINE_SIZE 2048
#define WORDS_MAX 70

int command_line_parse(struct config *config, const char *line)
{
	static char text[LINE_SIZE], *argv[WORDS_MAX + 1]; /* config points into them */
	char *save = NULL;
	int argc = 0;

	ck_assert_int_lt(snprintf(text, sizeof(text), "minivmm %s", line), LINE_SIZE);
	for (char *word = strtok_r(text, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
		ck_assert_int_lt(argc, WORDS_MAX);
		argv[argc++] = word;
	}
	argv[argc] = NULL;
	return options_parse(config, argc, argv);
}

int command_line_catch(struct config *config, const char *line, struct stderr_text *caught)
{
	int ret;

	stderr_begin(caught);
	ret = command_line_parse(config, line);
	stderr_end(caught);
	return ret;
}

void command_line_refused(const char *line, const char *object, const char *words)
{
	struct stderr_text caught;
	struct config config;
	char start[128];

	ck_assert_int_eq(command_line_catch(&config, line, &caught), -EINVAL);
	snprintf(start, sizeof(start), "minivmm: error: %s: ", object);
	ck_assert_msg(strncmp(caught.text, start, strlen(start)) == 0, "said: %s", caught.text);
	stderr_holds(&caught, words);
	ck_assert_ptr_eq(strchr(caught.text, '\n'), caught.text + strlen(caught.text) - 1);
}
