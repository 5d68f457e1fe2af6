/* SPDX-License-Identifier: MIT */
#include "options_table.h"

#include <errno.h>
#include <string.h>

#include "vmm/trace/log.h"

/* One option on a command line, and the value after its equals sign, if there is one. */
struct options_word {
	const char *text;
	const char *name;
	size_t length; /* of the name */
	char *value;
};

static struct options_word options_cut(char *text)
{
	char *name = text + (text[1] == '-' ? 2 : 1);
	size_t length = strcspn(name, "=");

	return (struct options_word){ text, name, length, name[length] ? name + length + 1 : NULL };
}

static const struct options_row *options_find_row(const struct options_row *rows,
						  const struct options_word *word)
{
	for (; rows->name; rows++)
		if (strlen(rows->name) == word->length &&
		    strncmp(rows->name, word->name, word->length) == 0)
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

/*
 * Take the option's value, which may be the next word, at argv[*i + 1]. 0, or -EINVAL, logged, if a
 * value is missing or not allowed.
 */
static int options_take_value(struct options_word *word, bool takes_value, char **argv, int *i,
			      const char *unknown)
{
	if (word->value && !takes_value) {
		log_error(word->text, "%s", unknown);
		return -EINVAL;
	}
	if (!takes_value || word->value)
		return 0;
	word->value = argv[++*i];
	if (word->value)
		return 0;
	log_error(word->text, "needs a value");
	return -EINVAL;
}

static int options_read_other(const struct options_others *others, struct options_word *word,
			      char **argv, int *i, const char *unknown)
{
	bool takes_value;
	int ret;

	if (!others || !others->has(word->name, word->length)) {
		log_error(word->text, "%s", unknown);
		return -EINVAL;
	}
	takes_value = others->takes_value(word->name, word->length);
	ret = options_take_value(word, takes_value, argv, i, unknown);
	return ret < 0 ? ret : others->judge(word->name, word->length, word->value);
}

static int options_read_option(struct config *config, const struct options_row *rows, char **argv,
			       int *i, const struct options_others *others, const char *unknown)
{
	struct options_word word = options_cut(argv[*i]);
	const struct options_row *row = options_find_row(rows, &word);
	int ret;

	if (!row)
		return options_read_other(others, &word, argv, i, unknown);
	ret = options_take_value(&word, options_takes_value(row), argv, i, unknown);
	return ret < 0 ? ret : options_apply(config, row, word.value);
}

static int options_read_word(struct config *config, const char *text,
			     int (*word)(struct config *config, const char *text))
{
	if (word)
		return word(config, text);
	log_error(text, "unexpected word; minivmm --help shows the usage");
	return -EINVAL;
}

int options_read(struct config *config, const struct options_row *rows, int argc, char **argv,
		 int (*word)(struct config *config, const char *text),
		 const struct options_others *others, const char *unknown)
{
	bool refused = false;
	int ret = 0;

	for (int i = 1; i < argc && ret == 0; i++) {
		if (argv[i][0] == '-' && argv[i][1])
			ret = options_read_option(config, rows, argv, &i, others, unknown);
		else
			ret = options_read_word(config, argv[i], word);
		if (ret == -ENOTSUP) {
			refused = true;
			ret = 0;
		}
	}
	return refused ? -EINVAL : ret;
}
