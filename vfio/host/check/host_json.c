/* SPDX-License-Identifier: MIT */
#include "host_json.h"
#include "vmm/trace/macros.h"

/* Bytes of the UTF-8 character at `text`; 0 if there is none (RFC 3629, section 4). */
static unsigned int host_utf8_length(const unsigned char *text)
{
	static const struct {
		unsigned char first, last; /* of the leading byte */
		unsigned char low, high;   /* what the next may be */
		unsigned int length;
	} forms[] = {
		{ 0x01, 0x7f, 0x00, 0xff, 1 }, { 0xc2, 0xdf, 0x80, 0xbf, 2 },
		{ 0xe0, 0xe0, 0xa0, 0xbf, 3 }, { 0xe1, 0xec, 0x80, 0xbf, 3 },
		{ 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 },
		{ 0xf0, 0xf0, 0x90, 0xbf, 4 }, { 0xf1, 0xf3, 0x80, 0xbf, 4 },
		{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};

	for (unsigned int i = 0; i < array_size(forms); i++) {
		if (text[0] < forms[i].first || text[0] > forms[i].last)
			continue;
		if (text[1] < forms[i].low || text[1] > forms[i].high)
			return 0;
		for (unsigned int n = 2; n < forms[i].length; n++)
			if ((text[n] & 0xc0) != 0x80)
				return 0;
		return forms[i].length;
	}
	return 0;
}

void host_json_string(const char *text, FILE *out)
{
	const unsigned char *p = (const unsigned char *)text;

	fputc('"', out);
	while (*p) {
		unsigned int length = host_utf8_length(p);

		if (!length)
			fputs("\\ufffd", out);
		else if (*p == '"' || *p == '\\')
			fprintf(out, "\\%c", *p);
		else if (*p < 0x20)
			fprintf(out, "\\u%04x", *p);
		else
			fwrite(p, 1, length, out);
		p += length ? length : 1;
	}
	fputc('"', out);
}
