/* SPDX-License-Identifier: MIT */
/*
 * The control socket, with any bytes from a client, in pieces of any size.
 *
 * What comes out must be lines of JSON objects, bounded in size. After a line break and the byte
 * that occurs in no JSON, the next command must be understood.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz_input.h"
#include "vmm/qmp_session.h"

#define RESUME "\xff{'execute':'query-commands','id':'resumed'}"

static json_t *echo(void *owner, json_t *arguments, struct qmp_error *error)
{
	(void)owner;
	(void)error;
	return json_incref(arguments);
}

static json_t *fails(void *owner, json_t *arguments, struct qmp_error *error)
{
	const char *words = json_string_value(json_object_get(arguments, "words"));

	(void)owner;
	return qmp_error_set(error, NULL, "%s", words);
}

static const struct qmp_command commands[] = {
	{ "any", { { 0 } }, true, echo },
	{ "echo", { { "driver", JSON_STRING, false }, { "id", JSON_STRING, true } }, false, echo },
	{ "fails", { { "words", JSON_STRING, false } }, false, fails },
};

/* Each line that waits must be an object. Returns whether one of them has the id of RESUME. */
static bool check_output(struct qmp_session *session)
{
	bool resumed = false;
	const char *at = session->output, *end = at ? at + session->output_size : NULL;

	while (at < end) {
		const char *line = memchr(at, '\n', (size_t)(end - at));
		json_t *value;

		if (!line || line == at || line[-1] != '\r')
			abort();
		value = json_loadb(at, (size_t)(line - at), JSON_ALLOW_NUL, NULL);
		if (!json_is_object(value))
			abort();
		resumed |= json_is_string(json_object_get(value, "id")) &&
			   strcmp(json_string_value(json_object_get(value, "id")), "resumed") == 0;
		json_decref(value);
		at = line + 1;
	}
	qmp_session_sent(session, session->output_size);
	return resumed;
}

static bool feed(struct qmp_session *session, const char *bytes, size_t count)
{
	bool resumed = false;

	while (count) {
		size_t taken = qmp_session_take(session, bytes, count);

		if (session->broken || taken > count)
			abort();
		bytes += taken;
		count -= taken;
		resumed |= check_output(session);
	}
	return resumed;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct qmp_session session;
	struct fuzz_input input = { data, size };
	char piece[256];
	uint8_t length;

	qmp_session_begin(&session, commands, sizeof(commands) / sizeof(commands[0]), NULL);
	check_output(&session);
	fuzz_bytes(&input, &length, 1);
	session.negotiated = length & 1;
	while (fuzz_left(&input)) {
		size_t count = length ? length : 1;

		if (count > fuzz_left(&input))
			count = fuzz_left(&input);
		fuzz_bytes(&input, piece, count);
		feed(&session, piece, count);
		qmp_session_event(&session, "RESET", NULL);
	}
	if (!feed(&session, RESUME, strlen(RESUME)))
		abort();
	qmp_session_end(&session);
	return 0;
}
