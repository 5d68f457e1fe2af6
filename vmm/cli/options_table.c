/* SPDX-License-Identifier: MIT */
#include "options_table.h"

#include <errno.h>
#include <string.h>

#include "vmm/trace/log.h"

/* The row that `word` names, and the value behind its equals sign, if there is one. */
static const struct options_row *options_find_row(const struct options_row *rows, char *word,
						  char **value)
{
	char *name = word + (word[1] == '-' ? 2 : 1);
	size_t length = strcspn(name, "=");

	*value = name[length] ? name + length + 1 : NULL;
	for (; rows->name; rows++)
		if (strlen(rows->name) == length && strncmp(rows->name, name, length) == 0)
			return rows;
	return NULL;
}

static bool options_takes_value(const struct options_row *row)
{
	return row->kind == OPTIONS_TEXT || row->kind == OPTIONS_SET;
}

static int options_apply(struct config *config, const struct options_row *row, char *value)
{
	void *field = (char *)config + row->offset;

	switch (row->kind) {
	case OPTIONS_FLAG:
		*(bool *)field = true;
		return 0;
	case OPTIONS_TEXT:
		*(const char **)field = value;
		return 0;
	case OPTIONS_SET:
		return row->set(config, value);
	case OPTIONS_COMMAND:
		config->command = row->command;
		return 0;
	}
	return -EINVAL;
}

/* The option at argv[*i]; its value may be in the next word. */
static int options_read_option(struct config *config, const struct options_row *rows, char **argv,
			       int *i, const char *unknown)
{
	char *word = argv[*i], *value;
	const struct options_row *row = options_find_row(rows, word, &value);

	if (!row || (value && !options_takes_value(row))) {
		log_error(word, "%s", unknown);
		return -EINVAL;
	}
	if (options_takes_value(row) && !value)
		value = argv[++*i];
	if (options_takes_value(row) && !value) {
		log_error(word, "needs a value");
		return -EINVAL;
	}
	return options_apply(config, row, value);
}

int options_read(struct config *config, const struct options_row *rows, int argc, char **argv,
		 int (*word)(struct config *config, const char *text), const char *unknown)
{
	int ret = 0;

	for (int i = 1; i < argc && ret == 0; i++) {
		if (argv[i][0] == '-' && argv[i][1]) {
			ret = options_read_option(config, rows, argv, &i, unknown);
		} else if (word) {
			ret = word(config, argv[i]);
		} else {
			log_error(argv[i], "unexpected word; minivmm --help shows the usage");
			ret = -EINVAL;
		}
	}
	return ret;
}
