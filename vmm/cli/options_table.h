/* SPDX-License-Identifier: MIT */
/*
 * Options by table: each row names an option and says what is done with its value.
 *
 * Owns how words on a command line match rows: by the whole name after one or two dashes, with the
 * value in the next word or after an equals sign. Several names may mean the same.
 */
#ifndef MINIVMM_OPTIONS_TABLE_H
#define MINIVMM_OPTIONS_TABLE_H

#include <stddef.h>

#include "config.h"

enum options_kind {
	OPTIONS_FLAG,    /* no value: the bool at `offset` in struct config becomes true */
	OPTIONS_TEXT,    /* the const char * at `offset` points to the value */
	OPTIONS_SET,     /* set() reads the value */
	OPTIONS_COMMAND, /* no value: config->command becomes `command` */
};

/* A row without a name ends a table. */
struct options_row {
	const char *name;
	enum options_kind kind;
	size_t offset;
	/*
	 * 0; -EINVAL, logged; or -ENOTSUP, logged, for what is refused while the rest of the line
	 * can still be read. May cut up `value` in place and keep pointers into it.
	 */
	int (*set)(struct config *config, char *value);
	enum options_command command;
};

#define OPTIONS_ROW_FLAG(name, field)                                                              \
	{                                                                                          \
		name, OPTIONS_FLAG, offsetof(struct config, field), NULL, 0                        \
	}
#define OPTIONS_ROW_TEXT(name, field)                                                              \
	{                                                                                          \
		name, OPTIONS_TEXT, offsetof(struct config, field), NULL, 0                        \
	}
#define OPTIONS_ROW_SET(name, set)                                                                 \
	{                                                                                          \
		name, OPTIONS_SET, 0, set, 0                                                       \
	}
#define OPTIONS_ROW_COMMAND(name, which)                                                           \
	{                                                                                          \
		name, OPTIONS_COMMAND, 0, NULL, which                                              \
	}
#define OPTIONS_ROW_END                                                                            \
	{                                                                                          \
		NULL, OPTIONS_FLAG, 0, NULL, 0                                                     \
	}

/*
 * Options without a row, which do nothing to the config. Each function gets a name of `length`
 * characters; judge() gets a value that it may cut up, NULL for an option without one, and returns
 * what set() of a row does.
 */
struct options_others {
	bool (*has)(const char *name, size_t length);
	bool (*takes_value)(const char *name, size_t length);
	int (*judge)(const char *name, size_t length, char *value);
};

/*
 * Read all words of argv but the first into *config. A word that is not an option is passed to
 * word(); if that is NULL, it is an error. `others` has further options, or is NULL. `unknown` says
 * what to do about an unknown option. 0, or -EINVAL, logged in one line; in several where several
 * words are refused by -ENOTSUP.
 */
int options_read(struct config *config, const struct options_row *rows, int argc, char **argv,
		 int (*word)(struct config *config, const char *text),
		 const struct options_others *others, const char *unknown);

#endif
