/* SPDX-License-Identifier: MIT */
#include "qmp_session.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "qmp_version.h"

#define QMP_OUTPUT_FIRST 4096u

#define QMP_GENERIC   "GenericError"
#define QMP_NOT_FOUND "CommandNotFound"

json_t *qmp_error_set(struct qmp_error *error, const char *class, const char *fmt, ...)
{
	va_list args;

	error->class = class;
	va_start(args, fmt);
	vsnprintf(error->text, sizeof(error->text), fmt, args);
	va_end(args);
	return NULL;
}

/* ---- output ---- */

/* Make room for `size` more bytes. The buffer doubles, so that many events cost little each. */
static bool session_make_room(struct qmp_session *session, size_t size)
{
	size_t room = session->output_room ? session->output_room : QMP_OUTPUT_FIRST;
	char *grown;

	if (size > QMP_OUTPUT_MAX - session->output_size)
		return false;
	while (room < session->output_size + size)
		room *= 2;
	if (room == session->output_room)
		return true;
	grown = realloc(session->output, room);
	if (!grown)
		return false;
	session->output = grown;
	session->output_room = room;
	return true;
}

static void session_put(struct qmp_session *session, const char *text, size_t size)
{
	if (session->broken || !session_make_room(session, size)) {
		session->broken = true;
		return;
	}
	memcpy(session->output + session->output_size, text, size);
	session->output_size += size;
}

/* Write one line. Takes `value` over; if it is NULL because memory is short, the session ends. */
static void session_say(struct qmp_session *session, json_t *value)
{
	char *text = value ? json_dumps(value, JSON_COMPACT | JSON_ENSURE_ASCII) : NULL;

	if (text) {
		session_put(session, text, strlen(text));
		session_put(session, "\r\n", 2);
	} else {
		session->broken = true;
	}
	free(text);
	json_decref(value);
}

void qmp_session_sent(struct qmp_session *session, size_t count)
{
	if (!count)
		return;
	session->output_size -= count;
	memmove(session->output, session->output + count, session->output_size);
	if (session->output_size == 0)
		qmp_session_end(session);
}

void qmp_session_event(struct qmp_session *session, const char *name, json_t *data)
{
	struct timespec now;
	json_t *event;

	if (!session->negotiated) {
		json_decref(data);
		return;
	}
	clock_gettime(CLOCK_REALTIME, &now);
	event = json_pack("{s:{s:I, s:I}, s:s}", "timestamp", "seconds", (json_int_t)now.tv_sec,
			  "microseconds", (json_int_t)now.tv_nsec / 1000, "event", name);
	if (data)
		json_object_set_new(event, "data", data);
	session_say(session, event);
}

/* ---- replies ---- */

/* `id` is the command's, or NULL. */
static void session_reply(struct qmp_session *session, json_t *id, json_t *result)
{
	json_t *reply = json_pack("{s:o}", "return", result);

	if (id)
		json_object_set(reply, "id", id);
	session_say(session, reply);
}

static void session_refuse(struct qmp_session *session, json_t *id, const struct qmp_error *error)
{
	json_t *reply = json_pack("{s:{s:s, s:s}}", "error", "class",
				  error->class ? error->class : QMP_GENERIC, "desc", error->text);

	if (!reply) /* the text is not UTF-8, because it contains a name of the host's */
		reply = json_pack("{s:{s:s, s:s}}", "error", "class", QMP_GENERIC, "desc",
				  "failed, and its message cannot be encoded");
	if (id)
		json_object_set(reply, "id", id);
	session_say(session, reply);
}

/* ---- what a command must look like ---- */

static bool session_is_a(const json_t *value, json_type type)
{
	return type == JSON_TRUE ? json_is_boolean(value) : json_typeof(value) == type;
}

static const char *session_type_name(json_type type)
{
	static const char *const names[] = {
		[JSON_OBJECT] = "object",   [JSON_ARRAY] = "array", [JSON_STRING] = "string",
		[JSON_INTEGER] = "integer", [JSON_REAL] = "number", [JSON_TRUE] = "boolean",
		[JSON_FALSE] = "boolean",   [JSON_NULL] = "null"
	};

	return names[type];
}

static const struct qmp_argument *session_find_argument(const struct qmp_command *command,
							const char *name)
{
	for (size_t i = 0; i < QMP_ARGUMENTS_MAX && command->arguments[i].name; i++)
		if (strcmp(command->arguments[i].name, name) == 0)
			return &command->arguments[i];
	return NULL;
}

static bool session_has_all(const struct qmp_command *command, const json_t *arguments,
			    struct qmp_error *error)
{
	for (size_t i = 0; i < QMP_ARGUMENTS_MAX && command->arguments[i].name; i++) {
		const struct qmp_argument *argument = &command->arguments[i];

		if (!argument->optional && !json_object_get(arguments, argument->name)) {
			qmp_error_set(error, NULL, "Parameter '%s' is missing", argument->name);
			return false;
		}
	}
	return true;
}

static bool session_fits(const struct qmp_command *command, json_t *arguments,
			 struct qmp_error *error)
{
	const char *name;
	json_t *value;

	json_object_foreach(arguments, name, value)
	{
		const struct qmp_argument *argument = session_find_argument(command, name);

		if (!argument && !command->more) {
			qmp_error_set(error, NULL, "Parameter '%.64s' is unexpected", name);
			return false;
		}
		if (argument && !session_is_a(value, argument->type)) {
			qmp_error_set(error, NULL, "Invalid parameter type for '%s', expected: %s",
				      argument->name, session_type_name(argument->type));
			return false;
		}
	}
	return session_has_all(command, arguments, error);
}

/* Check a message; returns the name of the command, or NULL with *error filled in. */
static const char *session_check(json_t *message, struct qmp_error *error)
{
	json_t *execute = json_object_get(message, "execute"), *value;
	const char *name;

	if (!json_is_object(message)) {
		qmp_error_set(error, NULL, "QMP input must be a JSON object");
		return NULL;
	}
	json_object_foreach(message, name, value) if (strcmp(name, "execute") != 0 &&
						      strcmp(name, "arguments") != 0 &&
						      strcmp(name, "id") != 0)
	{
		qmp_error_set(error, NULL, "QMP input member '%.64s' is unexpected", name);
		return NULL;
	}
	value = json_object_get(message, "arguments");
	if (!execute)
		qmp_error_set(error, NULL, "QMP input lacks member 'execute'");
	else if (!json_is_string(execute))
		qmp_error_set(error, NULL, "QMP input member 'execute' must be a string");
	else if (value && !json_is_object(value))
		qmp_error_set(error, NULL, "QMP input member 'arguments' must be an object");
	else
		return json_string_value(execute);
	return NULL;
}

/* ---- commands ---- */

/* minivmm offers no capabilities, so none can be enabled. */
static json_t *session_negotiate(struct qmp_session *session, json_t *arguments,
				 struct qmp_error *error)
{
	static const struct qmp_command row = {
		.name = "qmp_capabilities",
		.arguments = { { "enable", JSON_ARRAY, true } },
	};
	json_t *wanted;

	if (session->negotiated)
		return qmp_error_set(error, QMP_NOT_FOUND,
				     "Capabilities negotiation is already complete, command "
				     "ignored");
	if (!session_fits(&row, arguments, error))
		return NULL;
	wanted = json_object_get(arguments, "enable");
	if (json_array_size(wanted) > 0)
		return qmp_error_set(error, NULL, "There is no capability to enable");
	session->negotiated = true;
	return json_object();
}

static json_t *session_list_commands(const struct qmp_session *session)
{
	json_t *list = json_array();

	json_array_append_new(list, json_pack("{s:s}", "name", "qmp_capabilities"));
	json_array_append_new(list, json_pack("{s:s}", "name", "query-commands"));
	for (size_t i = 0; i < session->command_count; i++)
		json_array_append_new(list, json_pack("{s:s}", "name", session->commands[i].name));
	return list;
}

static json_t *session_execute(struct qmp_session *session, const char *name, json_t *arguments,
			       struct qmp_error *error)
{
	static const struct qmp_command list = { .name = "query-commands" };
	const struct qmp_command *command = NULL;

	if (strcmp(name, "qmp_capabilities") == 0)
		return session_negotiate(session, arguments, error);
	if (!session->negotiated)
		return qmp_error_set(error, QMP_NOT_FOUND,
				     "Expecting capabilities negotiation with "
				     "'qmp_capabilities'");
	if (strcmp(name, list.name) == 0)
		return session_fits(&list, arguments, error) ? session_list_commands(session)
							     : NULL;
	for (size_t i = 0; i < session->command_count && !command; i++)
		if (strcmp(name, session->commands[i].name) == 0)
			command = &session->commands[i];
	if (!command)
		return qmp_error_set(error, QMP_NOT_FOUND,
				     "The command %.64s has not been found: minivmm does not have "
				     "all of QEMU's; query-commands lists its own",
				     name);
	return session_fits(command, arguments, error)
		       ? command->run(session->owner, arguments, error)
		       : NULL;
}

static void session_answer(struct qmp_session *session, json_t *message)
{
	struct qmp_error error = { .class = NULL };
	json_t *id = json_object_get(message, "id");
	const char *name = session_check(message, &error);
	json_t *arguments = json_object_get(message, "arguments"), *result = NULL;

	if (name) {
		arguments = arguments ? json_incref(arguments) : json_object();
		result = session_execute(session, name, arguments, &error);
		json_decref(arguments);
	}
	if (result)
		session_reply(session, id, result);
	else
		session_refuse(session, id, &error);
}

static void session_refuse_text(struct qmp_session *session, const char *why)
{
	struct qmp_error error = { .class = NULL };

	qmp_error_set(&error, NULL, "JSON parse error: %s", why);
	session_refuse(session, NULL, &error);
}

static void session_read(struct qmp_session *session)
{
	json_error_t wrong;
	json_t *message = json_loadb(session->reader.text, session->reader.length,
				     JSON_REJECT_DUPLICATES, &wrong);

	if (message)
		session_answer(session, message);
	else
		session_refuse_text(session, wrong.text);
	json_decref(message);
}

size_t qmp_session_take(struct qmp_session *session, const char *bytes, size_t count)
{
	size_t taken = 0;

	while (taken < count && session->output_size < QMP_OUTPUT_ENOUGH && !session->broken)
		switch (qmp_reader_take(&session->reader, bytes[taken++])) {
		case QMP_READ_MESSAGE:
			session_read(session);
			break;
		case QMP_READ_BAD:
			session_refuse_text(session, session->reader.wrong);
			break;
		case QMP_READ_MORE:
			break;
		}
	return taken;
}

/* ---- life ---- */

void qmp_session_begin(struct qmp_session *session, const struct qmp_command *commands,
		       size_t count, void *owner)
{
	memset(session, 0, sizeof(*session));
	session->commands = commands;
	session->command_count = count;
	session->owner = owner;
	session_say(session,
		    json_pack("{s:{s:o, s:[]}}", "QMP", "version", qmp_version(), "capabilities"));
}

void qmp_session_end(struct qmp_session *session)
{
	free(session->output);
	session->output = NULL;
	session->output_size = session->output_room = 0;
}
