/* SPDX-License-Identifier: MIT */
#include "host_words_tables.h"

#include <stddef.h>

#include "vmm/trace/macros.h"

const struct host_words *host_words_find(enum host_found found)
{
	static const struct host_words *const tables[] = {
		host_words_of_host,
		host_words_of_memory,
		host_words_of_access,
		host_words_of_hardware,
	};

	for (size_t i = 0; i < array_size(tables); i++)
		if (tables[i][found].text)
			return &tables[i][found];
	return NULL;
}
