/* SPDX-License-Identifier: MIT */
#include "host_fold.h"

#include <string.h>

/* How much of the text is in a line of `room` columns: up to the last blank, or all of them. */
static int fold_length(const char *text, int room)
{
	int length = room;

	while (length > 0 && text[length] != ' ')
		length--;
	return length ? length : room;
}

void host_print_folded(const char *text, int start, int width, const char *prefix, FILE *out)
{
	int room = width - start;

	while (room >= HOST_FOLD_MIN && (int)strlen(text) > room) {
		int length = fold_length(text, room);

		fprintf(out, "%.*s\n%*s%s", length, text, start, "", prefix);
		text += length + (text[length] == ' ');
		room = width - start - (int)strlen(prefix);
	}
	fprintf(out, "%s\n", text);
}
