/* SPDX-License-Identifier: MIT */
#include "cpu_list.h"

#include <errno.h>
#include <stdlib.h>

/* Read a number at *text, which then points after it. */
static int cpu_list_number(const char **text, unsigned int *number)
{
	unsigned long value;
	char *end;

	if (**text < '0' || **text > '9') /* strtoul() takes blanks and signs, too */
		return -EINVAL;
	value = strtoul(*text, &end, 10);
	if (value >= CPU_LIST_MAX)
		return -EINVAL;
	*number = (unsigned int)value;
	*text = end;
	return 0;
}

static int cpu_list_add(struct cpu_list *list, unsigned int first, unsigned int last)
{
	if (last < first || last - first >= CPU_LIST_MAX - list->count)
		return -EINVAL;
	for (unsigned int cpu = first; cpu <= last; cpu++)
		list->cpus[list->count++] = (uint16_t)cpu;
	return 0;
}

int cpu_list_parse(struct cpu_list *list, const char *text)
{
	unsigned int first, last;

	list->count = 0;
	do {
		if (cpu_list_number(&text, &first) < 0)
			return -EINVAL;
		last = first;
		if (*text == '-' && (text++, cpu_list_number(&text, &last) < 0))
			return -EINVAL;
		if (cpu_list_add(list, first, last) < 0)
			return -EINVAL;
	} while (*text == ',' && text++);
	return *text ? -EINVAL : 0;
}

bool cpu_list_has(const struct cpu_list *list, unsigned int cpu)
{
	for (unsigned int i = 0; i < list->count; i++)
		if (list->cpus[i] == cpu)
			return true;
	return false;
}
