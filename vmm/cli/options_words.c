/* SPDX-License-Identifier: MIT */
#include "options_words.h"

#include <stddef.h>

char *options_cut_word(char *word)
{
	char *from = word, *to = word;

	for (; *from; *to++ = *from++) {
		if (*from != ',' || *++from == ',')
			continue;
		*to = '\0';
		return from;
	}
	*to = '\0';
	return NULL;
}
