/* SPDX-License-Identifier: MIT */
#include "array.h"

#include <stdlib.h>
#include <string.h>

void *array_insert(void *array, size_t count, size_t size, size_t at, const void *element)
{
	char *grown = realloc(array, (count + 1) * size);

	if (!grown)
		return NULL;
	memmove(grown + (at + 1) * size, grown + at * size, (count - at) * size);
	memcpy(grown + at * size, element, size);
	return grown;
}

void array_remove(void *array, size_t count, size_t size, size_t at)
{
	char *gap = (char *)array + at * size;

	memmove(gap, gap + size, (count - at - 1) * size);
}
