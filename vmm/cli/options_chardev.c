/* SPDX-License-Identifier: MIT */
#include "options_chardev.h"

#include <errno.h>
#include <string.h>

#include "options_devices.h"
#include "options_json.h"
#include "options_values.h"
#include "vmm/trace/log.h"

/* `path=`, of a file, and `file:`, which a console's begins with, are of one length. */
static char *chardev_file(char *path)
{
	static const char kind[] = { 'f', 'i', 'l', 'e', ':' };

	return path ? memcpy(path - sizeof(kind), kind, sizeof(kind)) : NULL;
}

/* What --console says of it; NULL for a kind that no console has. */
static char *chardev_console(char *kind, char *path)
{
	if (strcmp(kind, "null") == 0)
		return strcpy(kind, "none");
	if (strcmp(kind, "file") == 0)
		return chardev_file(path);
	return strcmp(kind, "stdio") == 0 || strcmp(kind, "pty") == 0 ? kind : NULL;
}

int options_add_qemu_chardev(struct config *config, char *text)
{
	struct options_chardev chardev = { .kind = text };
	char *words, *word, *path = NULL;

	if (options_json_flatten("-chardev", text) < 0)
		return -EINVAL;
	words = options_cut_word(text);
	while ((word = words)) {
		words = options_cut_word(word);
		if (strncmp(word, "id=", 3) == 0)
			chardev.id = word + 3;
		else if (strncmp(word, "path=", 5) == 0)
			path = word + 5;
	}
	if (!chardev.id || !*chardev.id) {
		log_error("-chardev", "%s: needs id=ID", text);
		return -EINVAL;
	}
	if (config->chardev_count == OPTIONS_CHARDEVS_MAX) {
		log_error("-chardev", "more than %d", OPTIONS_CHARDEVS_MAX);
		return -EINVAL;
	}
	chardev.console = chardev_console(text, path);
	config->chardevs[config->chardev_count++] = chardev;
	return 0;
}

static int chardev_refuse(const struct config *config, const char *kind)
{
	log_error("-serial", "chardev:%s: %s; use --console stdio, none, pty or file:PATH",
		  config->serial, kind);
	return -EINVAL;
}

int options_check_chardev(struct config *config)
{
	if (!config->serial)
		return 0;
	for (unsigned int i = 0; i < config->chardev_count; i++) {
		const struct options_chardev *chardev = &config->chardevs[i];

		if (strcmp(chardev->id, config->serial) != 0)
			continue;
		return chardev->console ? options_set_console(config, chardev->console)
					: chardev_refuse(config, chardev->kind);
	}
	return chardev_refuse(config, "no -chardev has that id");
}
