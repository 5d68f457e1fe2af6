/* SPDX-License-Identifier: MIT */
#include "options_json.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/trace/log.h"
#include "vmm/trace/macros.h"

static const char *json_kind_key(const json_t *object)
{
	static const char *const keys[] = { "qom-type", "driver", "type" };

	for (size_t i = 0; i < array_size(keys); i++)
		if (json_is_string(json_object_get(object, keys[i])))
			return keys[i];
	return NULL;
}

/* A comma in a word is written twice. */
static void json_put(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (*text == ',')
			fputc(',', out);
		fputc(*text, out);
	}
}

static void json_put_value(FILE *out, const json_t *value)
{
	if (json_is_string(value))
		json_put(out, json_string_value(value));
	else if (json_is_integer(value))
		fprintf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
	else if (json_is_real(value))
		fprintf(out, "%g", json_real_value(value));
	else if (json_is_boolean(value))
		fputs(json_is_true(value) ? "on" : "off", out);
	else
		fputs(json_is_null(value) ? "null" : "{...}", out);
}

static void json_put_object(FILE *out, json_t *object, const char *kind)
{
	json_t *value;
	const char *key;

	json_put(out, json_string_value(json_object_get(object, kind)));
	json_object_foreach(object, key, value)
	{
		if (strcmp(key, kind) == 0)
			continue;
		fputc(',', out);
		json_put(out, key);
		fputc('=', out);
		json_put_value(out, value);
	}
}

/* The object as words, to be freed; NULL without memory. */
static char *json_to_words(json_t *object, const char *kind)
{
	size_t size;
	char *words = NULL;
	FILE *out = open_memstream(&words, &size);

	if (!out)
		return NULL;
	json_put_object(out, object, kind);
	if (fclose(out) == 0)
		return words;
	free(words);
	return NULL;
}

/* In place, so that what points into a command line goes on doing so. Doubled commas take room. */
static int json_flatten_object(const char *option, json_t *object, char *text)
{
	const char *kind = json_kind_key(object);
	char *words;
	int ret = -EINVAL;

	if (!kind) {
		log_error(option, "%s: an object without driver, qom-type or type", text);
		return -EINVAL;
	}
	words = json_to_words(object, kind);
	if (words && strlen(words) <= strlen(text)) {
		strcpy(text, words);
		ret = 0;
	} else {
		log_error(option, "%s: too many commas in its values", text);
	}
	free(words);
	return ret;
}

int options_json_flatten(const char *option, char *text)
{
	json_error_t error;
	json_t *object;
	int ret;

	if (text[0] != '{')
		return 0;
	object = json_loads(text, JSON_REJECT_DUPLICATES, &error);
	if (!object) {
		log_error(option, "%s: not JSON: %s, at character %d", text, error.text,
			  error.position);
		return -EINVAL;
	}
	ret = json_flatten_object(option, object, text);
	json_decref(object);
	return ret;
}
