/* SPDX-License-Identifier: MIT */
/*
 * vmm/qmp_reader.c and vmm/qmp_session.c: what a client may say, and what it is told, by table.
 * QEMU's docs/interop/qmp-spec.
 */
#include <stdlib.h>
#include <string.h>

#include "unit.h"
#include "vmm/qmp_session.h"

#define HELLO "{'execute':'qmp_capabilities'}"

static struct qmp_session session;

/* ---- commands of the test's own ---- */

static json_t *echo(void *owner, json_t *arguments, struct qmp_error *error)
{
	(void)owner;
	(void)error;
	return json_incref(arguments);
}

static json_t *fails(void *owner, json_t *arguments, struct qmp_error *error)
{
	(void)owner;
	(void)arguments;
	return qmp_error_set(error, "DeviceNotFound", "no \"such\" %s", "device");
}

static json_t *not_text(void *owner, json_t *arguments, struct qmp_error *error)
{
	(void)owner;
	(void)arguments;
	return qmp_error_set(error, NULL, "a name: \xff");
}

static const struct qmp_command commands[] = {
	{ "echo", { { "text", JSON_STRING, false }, { "flag", JSON_TRUE, true } }, false, echo },
	{ "any", { { 0 } }, true, echo },
	{ "fails", { { 0 } }, false, fails },
	{ "not-text", { { 0 } }, false, not_text },
};

static void begin(void)
{
	qmp_session_begin(&session, commands, UNIT_COUNT(commands), NULL);
	ck_assert_int_eq(strncmp(session.output, "{\"QMP\":{\"version\":{\"qemu\":{", 26), 0);
	qmp_session_sent(&session, session.output_size);
}

/* Collect what the session says to `text`, line by line. It is read at once. */
static const char *say(const char *text, size_t size)
{
	static char said[1 << 20];
	size_t length = 0;

	while (size) {
		size_t taken = qmp_session_take(&session, text, size);

		text += taken;
		size -= taken;
		ck_assert_uint_lt(length + session.output_size, sizeof(said));
		memcpy(said + length, session.output ? session.output : "", session.output_size);
		length += session.output_size;
		qmp_session_sent(&session, session.output_size);
	}
	said[length] = '\0';
	return said;
}

#define GENERIC(text) "{\"error\":{\"class\":\"GenericError\",\"desc\":\"" text "\"}}\r\n"
#define UNKNOWN(text) "{\"error\":{\"class\":\"CommandNotFound\",\"desc\":\"" text "\"}}\r\n"
#define WAITS         UNKNOWN("Expecting capabilities negotiation with 'qmp_capabilities'")
#define TOLD(text)    "{\"return\":" text "}\r\n"
#define ECHO(text)    "{'execute':'echo','arguments':{'text':" text "}}"

static const struct {
	bool before; /* the negotiation */
	const char *text, *reply;
} talks[] = {
	/* The negotiation. */
	{ true, HELLO, TOLD("{}") },
	{ true, "{\"execute\":\"qmp_capabilities\",\"arguments\":{\"enable\":[]}}", TOLD("{}") },
	{ true, "{'execute':'qmp_capabilities','arguments':{'enable':['oob']}}",
	  GENERIC("There is no capability to enable") },
	{ true, "{'execute':'qmp_capabilities','arguments':{'enable':1}}",
	  GENERIC("Invalid parameter type for 'enable', expected: array") },
	{ true, ECHO("'a'"), WAITS },
	{ true, "{'execute':'nonsense'}", WAITS },
	{ false, HELLO, UNKNOWN("Capabilities negotiation is already complete, command ignored") },
	/* Commands, as scripts write them. */
	{ false, "{\"execute\":\"echo\",\"arguments\":{\"text\":\"a\"}}\n",
	  TOLD("{\"text\":\"a\"}") },
	{ false, "\r\n\t {\n  \"execute\": \"echo\",\n  \"arguments\": {\"text\": \"a\"}\n}\n\n",
	  TOLD("{\"text\":\"a\"}") },
	{ false, ECHO("'a'") ECHO("'b'"), TOLD("{\"text\":\"a\"}") TOLD("{\"text\":\"b\"}") },
	{ false, ECHO("'it\\'s \"so\"'"), TOLD("{\"text\":\"it's \\\"so\\\"\"}") },
	{ false, ECHO("\"it's {[\""), TOLD("{\"text\":\"it's {[\"}") },
	{ false, ECHO("\"\\\"}\\\\\""), TOLD("{\"text\":\"\\\"}\\\\\"}") },
	{ false, ECHO("'\\u00e4'"), TOLD("{\"text\":\"\\u00E4\"}") },
	{ false, "{'execute':'any','arguments':{'a':{'b':[1,2.5,null]}}}",
	  TOLD("{\"a\":{\"b\":[1,2.5,null]}}") },
	{ false, "{'execute':'any'}", TOLD("{}") },
	/* Ids come back, whatever they are. */
	{ false, "{'execute':'any','id':{'n':[1]}}", "{\"return\":{},\"id\":{\"n\":[1]}}\r\n" },
	{ false, "{'id':null,'execute':'any'}", "{\"return\":{},\"id\":null}\r\n" },
	{ false, "{'execute':'nonsense','id':'x'}",
	  "{\"error\":{\"class\":\"CommandNotFound\",\"desc\":\"The command nonsense has not been "
	  "found: minivmm does not have all of QEMU's; query-commands lists its "
	  "own\"},\"id\":\"x\"}"
	  "\r\n" },
	{ false, "{'id':3}",
	  "{\"error\":{\"class\":\"GenericError\",\"desc\":\"QMP input lacks member "
	  "'execute'\"},\"id\":3}\r\n" },
	/* What a message must look like. */
	{ false, "[1]", GENERIC("QMP input must be a JSON object") },
	{ false, "[{'execute':'any'}]", GENERIC("QMP input must be a JSON object") },
	{ false, "{}", GENERIC("QMP input lacks member 'execute'") },
	{ false, "{'execute':1}", GENERIC("QMP input member 'execute' must be a string") },
	{ false, "{'execute':'any','arguments':[]}",
	  GENERIC("QMP input member 'arguments' must be an object") },
	{ false, "{'execute':'any','more':1}", GENERIC("QMP input member 'more' is unexpected") },
	{ false, "{'exec-oob':'any'}", GENERIC("QMP input member 'exec-oob' is unexpected") },
	/* Arguments. */
	{ false, "{'execute':'echo'}", GENERIC("Parameter 'text' is missing") },
	{ false, ECHO("1"), GENERIC("Invalid parameter type for 'text', expected: string") },
	{ false, ECHO("'a','flag':'on'"),
	  GENERIC("Invalid parameter type for 'flag', expected: boolean") },
	{ false, ECHO("'a','flag':false"), TOLD("{\"text\":\"a\",\"flag\":false}") },
	{ false, ECHO("'a','x':1"), GENERIC("Parameter 'x' is unexpected") },
	{ false, "{'execute':'query-commands','arguments':{'x':1}}",
	  GENERIC("Parameter 'x' is unexpected") },
	{ false, "{'execute':'fails'}",
	  "{\"error\":{\"class\":\"DeviceNotFound\",\"desc\":\"no \\\"such\\\" device\"}}\r\n" },
	{ false, "{'execute':'not-text'}", GENERIC("failed, and its message cannot be encoded") },
	/* Junk comes. What comes behind it is understood. */
	{ false, "\n\n \t", "" },
	{ false, "hello\n{'execute':'any'}",
	  GENERIC("JSON parse error: expected an object") TOLD("{}") },
	{ false, "}\n{'execute':'any'}",
	  GENERIC("JSON parse error: expected an object") TOLD("{}") },
	{ false, "\"half\n{'execute':'any'}",
	  GENERIC("JSON parse error: expected an object") TOLD("{}") },
	{ false, "{'execute\n{'execute':'any'}",
	  GENERIC("JSON parse error: a string that does not end on its line") TOLD("{}") },
	{ false, "{'execute':'a\xff{'execute':'any'}",
	  GENERIC("JSON parse error: a byte that JSON does not allow") TOLD("{}") },
	{ false, "{'execute':'any'", "" }, /* half a message */
	{ false, "{'execute':}{'execute':'any'}",
	  GENERIC("JSON parse error: unexpected token near '}'") TOLD("{}") },
	{ false, "{]{'execute':'any'}",
	  GENERIC("JSON parse error: string or '}' expected near ']'") TOLD("{}") },
	{ false, "{'execute':'any','execute':'any'}",
	  GENERIC("JSON parse error: duplicate object key near '\\\"execute\\\"'") },
};

/* The text comes all at once, and byte by byte. */
START_TEST(talk)
{
	for (int one_by_one = 0; one_by_one < 2; one_by_one++) {
		char all[4096] = "";
		const char *text = talks[_i].text;

		begin();
		if (!talks[_i].before)
			say(HELLO, strlen(HELLO));
		for (; one_by_one && *text; text++)
			strcat(all, say(text, 1));
		ck_assert_str_eq(one_by_one ? all : say(text, strlen(text)), talks[_i].reply);
		qmp_session_end(&session);
	}
}
END_TEST

/* Send `text` `count` times, between two others. */
static const char *say_many(const char *before, const char *text, size_t count, const char *behind)
{
	size_t size = strlen(before) + count * strlen(text) + strlen(behind);
	char *all = malloc(size + 1), *at = all;
	const char *said;

	at = stpcpy(at, before);
	while (count--)
		at = stpcpy(at, text);
	stpcpy(at, behind);
	said = say(all, size);
	free(all);
	return said;
}

#define DEEP GENERIC("JSON parse error: more than 32 levels") TOLD("{}")
#define LONG GENERIC("JSON parse error: a message of more than 64 KiB") TOLD("{}")

START_TEST(as_deep_as_may_be)
{
	begin();
	say(HELLO, strlen(HELLO));
	say_many("{'execute':'any','arguments':{'a':", "[", 30, "1");
	ck_assert_ptr_nonnull(strstr(say_many("", "]", 30, "}}"), "{\"return\":{\"a\":[["));
	ck_assert_str_eq(say_many("", "[", 33, ""), "");
	ck_assert_str_eq(say_many("", "]", 33, "{'execute':'any'}"), DEEP);
	ck_assert_str_eq(say_many("", "[", 3000000, ""), "");
	ck_assert_str_eq(say_many("", "]", 3000000, "{'execute':'any'}"), DEEP);
	qmp_session_end(&session);
}
END_TEST

START_TEST(as_long_as_may_be)
{
	begin();
	say(HELLO, strlen(HELLO));
	ck_assert_str_eq(say_many("{'execute':'any'", " ", QMP_MESSAGE_MAX - 17, "}"), TOLD("{}"));
	ck_assert_str_eq(say_many("{'execute':'any'", " ", QMP_MESSAGE_MAX, "}{'execute':'any'}"),
			 LONG);
	ck_assert_str_eq(say_many("{'", "x", 3000000, "'}{'execute':'any'}"), LONG);
	qmp_session_end(&session);
}
END_TEST

/* The client writes and never reads. Its words wait, and so do the replies. */
START_TEST(who_does_not_read_is_not_served)
{
	static char text[QMP_OUTPUT_ENOUGH * 2];
	size_t taken;

	begin();
	memset(text, 'x', sizeof(text));
	for (size_t i = 1; i < sizeof(text); i += 2)
		text[i] = '\n';
	taken = qmp_session_take(&session, text, sizeof(text));
	ck_assert_uint_lt(taken, sizeof(text));
	ck_assert_uint_ge(session.output_size, QMP_OUTPUT_ENOUGH);
	ck_assert_uint_lt(session.output_size, QMP_OUTPUT_ENOUGH + 512);
	ck_assert_uint_eq(qmp_session_take(&session, text, sizeof(text)), 0);
	/* Events go on, up to a bound. */
	session.negotiated = true;
	for (unsigned int i = 0; i < 100000 && !session.broken; i++)
		qmp_session_event(&session, "RESET", NULL);
	ck_assert(session.broken);
	ck_assert_uint_le(session.output_size, QMP_OUTPUT_MAX);
	qmp_session_end(&session);
}
END_TEST

START_TEST(events)
{
	begin();
	qmp_session_event(&session, "STOP", json_object());
	ck_assert_uint_eq(session.output_size, 0); /* not before the negotiation */
	say(HELLO, strlen(HELLO));
	qmp_session_event(&session, "STOP", NULL);
	qmp_session_event(&session, "RESET", json_pack("{s:b}", "guest", 1));
	session.output[session.output_size - 1] = '\0';
	ck_assert_ptr_nonnull(strstr(session.output, "},\"event\":\"STOP\"}\r\n"));
	ck_assert_ptr_nonnull(
		strstr(session.output, "\"event\":\"RESET\",\"data\":{\"guest\":true}}"));
	ck_assert_int_eq(strncmp(session.output, "{\"timestamp\":{\"seconds\":", 24), 0);
	qmp_session_end(&session);
}
END_TEST

START_TEST(commands_are_listed)
{
	begin();
	say(HELLO, strlen(HELLO));
	ck_assert_str_eq(say("{'execute':'query-commands'}", 28),
			 TOLD("[{\"name\":\"qmp_capabilities\"},{\"name\":\"query-commands\"},"
			      "{\"name\":\"echo\"},{\"name\":\"any\"},{\"name\":\"fails\"},"
			      "{\"name\":\"not-text\"}]"));
	qmp_session_end(&session);
}
END_TEST

UNIT_MAIN("qmp_session", { talk, UNIT_COUNT(talks) }, { as_deep_as_may_be, 0 },
	  { as_long_as_may_be, 0 }, { who_does_not_read_is_not_served, 0 }, { events, 0 },
	  { commands_are_listed, 0 })
