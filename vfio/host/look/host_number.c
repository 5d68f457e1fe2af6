/* SPDX-License-Identifier: MIT */
#include "host_number.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool host_parse_number(const char *text, int base, uint64_t *number)
{
	char *end;

	*number = 0;
	text += strspn(text, " \t");
	if (base == 16 ? !isxdigit((unsigned char)*text) : !isdigit((unsigned char)*text))
		return false; /* strtoull() accepts these: a sign, and no digit at all */
	errno = 0;
	*number = strtoull(text, &end, base);
	if (errno == 0 && (*end == '\0' || isspace((unsigned char)*end)))
		return true;
	*number = 0;
	return false;
}

bool host_read_number(const struct host_path *path, int base, uint64_t *number)
{
	char text[32];

	host_read_line(path, text, sizeof(text));
	return host_parse_number(text, base, number);
}
