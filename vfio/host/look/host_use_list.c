/* SPDX-License-Identifier: MIT */
#include "host_use_list.h"

#include <stdio.h>
#include <string.h>

#include "host_path.h"

struct host_use *use_add(struct use_list *list, enum host_use_kind kind, const char *name)
{
	struct host_use *use;

	if (list->count < HOST_USES_MAX)
		list->count++;
	use = &list->uses[list->count - 1];
	*use = (struct host_use){ .kind = kind };
	snprintf(use->name, sizeof(use->name), "%s", name);
	return use;
}

bool use_has_name(const struct use_names *names, const char *name)
{
	for (unsigned int i = 0; i < names->count; i++)
		if (strcmp(names->names[i], name) == 0)
			return true;
	return false;
}

void use_add_name(struct use_names *names, const char *name)
{
	if (names->count < USE_NAMES_MAX && !use_has_name(names, name))
		snprintf(names->names[names->count++], USE_NAME_MAX, "%s", name);
}

void use_collect(struct use_names *names, const char *class, const char *bdf)
{
	struct host_path path = host_path("/sys/class/%s", class);
	struct host_dir dir;
	char below[HOST_BDF_MAX + 2];

	snprintf(below, sizeof(below), "/%s/", bdf);
	host_dir_read(&dir, &path);
	for (int i = 0; i < dir.count; i++) {
		const char *name = dir.entries[i]->d_name;
		struct host_path entry = host_path("/sys/class/%s/%s", class, name);
		struct host_path real = host_real_path(&entry);

		if (strstr(real.text, below))
			use_add_name(names, name);
	}
	host_dir_free(&dir);
}
