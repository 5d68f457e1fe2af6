/* SPDX-License-Identifier: MIT */
#include "options_chardev.h"

#include <errno.h>
#include <string.h>

#include "options_json.h"
#include "options_qemu_words.h"
#include "options_values.h"
#include "options_words.h"
#include "vmm/trace/log.h"
#include "vmm/trace/macros.h"

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

/* `path=` is a file's or a socket's; a socket without `server` is one that others listen at. */
static void chardev_read_words(struct options_chardev *chardev, char *words, char **path)
{
	bool server = false;
	char *word;

	while ((word = words)) {
		words = options_cut_word(word);
		if (strncmp(word, "id=", 3) == 0)
			chardev->id = word + 3;
		else if (strncmp(word, "path=", 5) == 0)
			*path = word + 5;
		else if (strcmp(word, "server") == 0 || strcmp(word, "server=on") == 0)
			server = true;
	}
	if (server && strcmp(chardev->kind, "socket") == 0)
		chardev->path = *path;
}

int options_add_qemu_chardev(struct config *config, char *text)
{
	struct options_chardev chardev = { .kind = text };
	char *words, *path = NULL;

	if (options_json_flatten("-chardev", text) < 0)
		return -EINVAL;
	words = options_cut_word(text);
	chardev_read_words(&chardev, words, &path);
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

static const struct options_chardev *chardev_find(const struct config *config, const char *id)
{
	for (unsigned int i = 0; i < config->chardev_count; i++)
		if (strcmp(config->chardevs[i].id, id) == 0)
			return &config->chardevs[i];
	return NULL;
}

/* ---- the control socket ---- */

static void chardev_add_monitor(struct config *config, const char *id)
{
	if (config->monitor_count < OPTIONS_MONITORS_MAX)
		config->monitors[config->monitor_count++] = id;
}

int options_add_qemu_mon(struct config *config, char *text)
{
	const char *id = NULL;
	bool control = false;

	for (char *words = text, *word; (word = words);) {
		words = options_cut_word(word);
		if (strncmp(word, "chardev=", 8) == 0)
			id = word + 8;
		else if (strcmp(word, "mode=control") == 0)
			control = true;
		else if (!strchr(word, '=')) /* QEMU's implied name of the first word */
			id = word;
	}
	if (control && id)
		chardev_add_monitor(config, id);
	else
		log_info("-mon", "%s: " USE_QMP, id ? id : text);
	return 0;
}

/*
 * True for the words that mean what minivmm does: it listens, and does not wait for a client before
 * the guest starts.
 */
static bool options_judge_qmp_word(const char *word)
{
	static const char *const fine[] = { "server", "server=on", "wait=off", "nowait" };

	for (size_t i = 0; i < array_size(fine); i++)
		if (strcmp(word, fine[i]) == 0)
			return true;
	log_error(
		"--qmp",
		"%s: minivmm listens itself and does not wait for a client: use server=on,wait=off",
		word);
	return false;
}

int options_set_qmp(struct config *config, char *text)
{
	char *path = strsep(&text, ","), *word;

	if (strncmp(path, "chardev:", 8) == 0 && path[8]) {
		chardev_add_monitor(config, path + 8);
		return 0;
	}
	if (strncmp(path, "unix:", 5) != 0 || !path[5]) {
		log_error("--qmp", "%s: expected unix:PATH", path);
		return -EINVAL;
	}
	while ((word = strsep(&text, ",")))
		if (!options_judge_qmp_word(word))
			return -EINVAL;
	config->qmp = path + 5;
	return 0;
}

/* The first that listens is the control socket, and there is only one. */
static void chardev_choose_qmp(struct config *config)
{
	for (unsigned int i = 0; i < config->monitor_count; i++) {
		const char *id = config->monitors[i];
		const struct options_chardev *chardev = chardev_find(config, id);

		if (!config->qmp && chardev && chardev->path)
			config->qmp = chardev->path;
		else
			log_info("-mon", "chardev=%s: %s; ignored", id,
				 config->qmp ? "there is one control socket"
					     : "--qmp unix:PATH makes minivmm listen");
	}
}

/* ---- the serial port ---- */

static int chardev_refuse(const struct config *config, const char *kind)
{
	log_error("-serial", "chardev:%s: %s; use --console stdio, none, pty or file:PATH",
		  config->serial, kind);
	return -EINVAL;
}

static int chardev_choose_serial(struct config *config)
{
	const struct options_chardev *chardev;

	if (!config->serial)
		return 0;
	chardev = chardev_find(config, config->serial);
	if (!chardev)
		return chardev_refuse(config, "no -chardev has that id");
	return chardev->console ? options_set_console(config, chardev->console)
				: chardev_refuse(config, chardev->kind);
}

int options_check_chardev(struct config *config)
{
	chardev_choose_qmp(config);
	return chardev_choose_serial(config);
}
