/* SPDX-License-Identifier: MIT */
#include "qmp_reader.h"

/* A byte that never occurs in JSON. Clients send it to discard an incomplete message. */
#define QMP_FORGET '\xff'

static void reader_reset(struct qmp_reader *reader)
{
	reader->length = reader->depth = 0;
	reader->quote = 0;
	reader->escaped = reader->bare = reader->ended = false;
	reader->wrong = NULL;
}

/* Keep the first error; from then on no bytes are kept. */
static void reader_fail(struct qmp_reader *reader, const char *wrong)
{
	if (!reader->wrong)
		reader->wrong = wrong;
}

static void reader_keep(struct qmp_reader *reader, char byte)
{
	if (reader->length == sizeof(reader->text))
		reader_fail(reader, "a message of more than 64 KiB");
	if (!reader->wrong)
		reader->text[reader->length++] = byte;
}

static enum qmp_read reader_end(struct qmp_reader *reader)
{
	reader->ended = true;
	return reader->wrong ? QMP_READ_BAD : QMP_READ_MESSAGE;
}

/* In the converted string, a double quote needs a backslash, and a single quote does not. */
static void reader_keep_in_string(struct qmp_reader *reader, char byte)
{
	if (reader->escaped && byte != '\'')
		reader_keep(reader, '\\');
	else if (!reader->escaped && byte == '"')
		reader_keep(reader, '\\');
	reader_keep(reader, byte);
}

static enum qmp_read reader_take_in_string(struct qmp_reader *reader, char byte)
{
	if (byte == '\n') {
		reader_fail(reader, "a string that does not end on its line");
		return reader_end(reader);
	}
	if (!reader->escaped && byte == reader->quote) {
		reader_keep(reader, '"');
		reader->quote = 0;
	} else if (!reader->escaped && byte == '\\') {
		reader->escaped = true;
	} else {
		reader_keep_in_string(reader, byte);
		reader->escaped = false;
	}
	return QMP_READ_MORE;
}

static enum qmp_read reader_close(struct qmp_reader *reader, char byte)
{
	reader_keep(reader, byte);
	reader->depth--;
	return reader->depth ? QMP_READ_MORE : reader_end(reader);
}

static enum qmp_read reader_take_outside(struct qmp_reader *reader, char byte)
{
	switch (byte) {
	case '{':
	case '[':
		if (++reader->depth > QMP_DEPTH_MAX)
			reader_fail(reader, "more than 32 levels");
		reader_keep(reader, byte);
		return QMP_READ_MORE;
	case '}':
	case ']':
		return reader_close(reader, byte);
	case '"':
	case '\'':
		reader->quote = byte;
		reader_keep(reader, '"');
		return QMP_READ_MORE;
	default:
		reader_keep(reader, byte);
		return QMP_READ_MORE;
	}
}

/* A value that is not in brackets ends with its line. */
static enum qmp_read reader_take_bare(struct qmp_reader *reader, char byte)
{
	reader_fail(reader, "expected an object");
	reader->bare = true;
	return byte == '\n' ? reader_end(reader) : QMP_READ_MORE;
}

static bool reader_is_blank(char byte)
{
	return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

enum qmp_read qmp_reader_take(struct qmp_reader *reader, char byte)
{
	if (reader->ended)
		reader_reset(reader);
	if (byte == QMP_FORGET) {
		reader_fail(reader, "a byte that JSON does not allow");
		return reader_end(reader);
	}
	if (reader->bare)
		return reader_take_bare(reader, byte);
	if (reader->quote)
		return reader_take_in_string(reader, byte);
	if (reader->depth || byte == '{' || byte == '[')
		return reader_take_outside(reader, byte);
	return reader_is_blank(byte) ? QMP_READ_MORE : reader_take_bare(reader, byte);
}
