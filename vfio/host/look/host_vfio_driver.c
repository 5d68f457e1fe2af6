/* SPDX-License-Identifier: MIT */
#include "host_vfio_driver.h"

#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host_kernel.h"

#define VFIO_ALIAS "alias vfio_"

/* An alias with fewer open parts fits better. */
static unsigned int alias_openness(const char *alias)
{
	unsigned int stars = 0;

	for (; *alias; alias++)
		stars += *alias == '*';
	return stars;
}

/* A line reads "alias vfio_pci:v000015B3d0000101Esv*sd*bc*sc*i* mlx5_vfio_pci". */
static bool alias_matches(char *line, const char *modalias, const char **module)
{
	char *alias = line + strlen(VFIO_ALIAS), *end;

	if (strncmp(line, VFIO_ALIAS, strlen(VFIO_ALIAS)) != 0)
		return false;
	end = strchr(alias, ' ');
	if (!end)
		return false;
	*end = '\0';
	*module = end + 1;
	return strcmp(*module, "vfio_pci") != 0 && fnmatch(alias, modalias, 0) == 0;
}

bool host_find_vfio_module(const char *bdf, char module[HOST_DRIVER_MAX])
{
	unsigned int least = UINT_MAX;
	char modalias[HOST_MODALIAS_MAX], *text, *next, *line;
	struct host_path path = host_modules_file("modules.alias");
	const char *name;

	module[0] = '\0';
	next = text = host_read_file(&path);
	host_read_modalias(bdf, modalias);
	while (next && (line = strsep(&next, "\n"))) {
		if (!alias_matches(line, modalias, &name))
			continue;
		if (alias_openness(line) < least) {
			least = alias_openness(line);
			snprintf(module, HOST_DRIVER_MAX, "%s", name);
		}
	}
	free(text);
	return module[0] != '\0';
}

bool host_find_module_driver(const char *module, char driver[HOST_DRIVER_MAX])
{
	struct host_path path = host_path("/sys/module/%s/drivers", module);
	struct host_dir dir;
	bool found = false;

	host_dir_read(&dir, &path);
	for (int i = 0; i < dir.count && !found; i++) {
		found = strncmp(dir.entries[i]->d_name, "pci:", 4) == 0;
		if (found)
			snprintf(driver, HOST_DRIVER_MAX, "%s", dir.entries[i]->d_name + 4);
	}
	host_dir_free(&dir);
	return found;
}
