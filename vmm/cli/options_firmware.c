/* SPDX-License-Identifier: MIT */
#include "options_firmware.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "options_devices.h"
#include "options_words.h"
#include "vmm/trace/log.h"
#include "vmm/trace/macros.h"

int options_set_firmware(struct config *config, char *text)
{
	char *words = options_cut_word(text), *word;

	config->firmware = text;
	config->vars = NULL;
	while ((word = words)) {
		words = options_cut_word(word);
		if (strncmp(word, "vars=", 5) != 0 || !word[5]) {
			log_error("--firmware", "%s: expected FILE[,vars=FILE]", word);
			return -EINVAL;
		}
		config->vars = word + 5;
	}
	if (*text)
		return 0;
	log_error("--firmware", "expected the path of UEFI firmware");
	return -EINVAL;
}

/* ---- QEMU's -drive, as far as it is about flash ---- */

struct options_drive {
	const char *file, *interface, *unit, *format, *readonly;
	const char *other; /* what does not matter: a name, or how the file is read and written */
};

static const char **drive_field(struct options_drive *drive, const char *word, size_t length)
{
	const struct {
		const char *name;
		const char **field;
	} fields[] = {
		{ "file", &drive->file },         { "if", &drive->interface },
		{ "unit", &drive->unit },         { "format", &drive->format },
		{ "readonly", &drive->readonly }, { "id", &drive->other },
		{ "size", &drive->other },        { "node-name", &drive->other },
		{ "index", &drive->unit },        { "media", &drive->other },
		{ "cache", &drive->other },       { "aio", &drive->other },
		{ "discard", &drive->other },     { "file.locking", &drive->other },
	};

	for (size_t i = 0; i < array_size(fields); i++)
		if (strlen(fields[i].name) == length && strncmp(fields[i].name, word, length) == 0)
			return fields[i].field;
	return NULL;
}

static bool drive_is(const char *value, const char *one, const char *other)
{
	return !value || strcmp(value, one) == 0 || strcmp(value, other) == 0;
}

static bool drive_is_flash(const struct options_drive *drive)
{
	return drive->interface && strcmp(drive->interface, "pflash") == 0;
}

/* Other words that QEMU takes for a switch. */
static const char *drive_switch(const char *value)
{
	if (value && (strcmp(value, "true") == 0 || strcmp(value, "yes") == 0))
		return "on";
	return value && (strcmp(value, "false") == 0 || strcmp(value, "no") == 0) ? "off" : value;
}

static const char *drive_objection(const struct options_drive *drive)
{
	if (!drive_is_flash(drive))
		return "only if=pflash is known; --disk adds a disk";
	if (!drive->file || !*drive->file)
		return "needs file=";
	if (!drive_is(drive->unit, "0", "1"))
		return "unit= is 0, the code, or 1, the variables";
	if (!drive_is(drive->format, "raw", "raw"))
		return "format= is raw";
	if (!drive_is(drive->readonly, "on", "off"))
		return "readonly= is on or off";
	return NULL;
}

/* Without a unit, the first file is the code and the second the variables. */
static bool drive_is_vars(const struct config *config, const struct options_drive *drive)
{
	return drive->unit ? strcmp(drive->unit, "1") == 0 : config->firmware != NULL;
}

int options_add_qemu_drive(struct config *config, char *text)
{
	struct options_drive drive = { 0 };
	const char *objection, *unknown = NULL;
	char *word, *words = text;

	while ((word = words)) {
		size_t length = strcspn(word, "=,");
		const char **field = drive_field(&drive, word, length);

		words = options_cut_word(word);
		if (strcmp(word, "readonly") == 0) { /* the old spelling of readonly=on */
			drive.readonly = "on";
			continue;
		}
		if (field && word[length] == '=')
			*field = word + length + 1;
		else if (!unknown)
			unknown = word;
	}
	drive.readonly = drive_switch(drive.readonly);
	objection = drive_objection(&drive);
	if (objection || unknown) {
		log_error("-drive", "%s%s", objection ? objection : unknown,
			  objection ? "" : ": unknown property");
		return drive_is_flash(&drive) ? -EINVAL : -ENOTSUP;
	}
	if (!drive_is_vars(config, &drive)) {
		config->firmware = drive.file;
		return 0;
	}
	config->vars = drive.file;
	if (!drive.readonly || strcmp(drive.readonly, "off") == 0)
		return 0;
	log_error("-drive",
		  "%s: variables that cannot be written are of no use; leave them out to keep "
		  "variables in memory",
		  drive.file);
	return -EINVAL;
}

/* ---- all together ---- */

int options_check_firmware(const struct config *config)
{
	const struct {
		const char *option, *value;
	} others[] = {
		{ "--kernel", config->kernel },
		{ "--initrd", config->initrd },
		{ "--append", config->append },
		{ "a command", config->run ? config->run[0] : NULL },
	};

	if (config->vars && !config->firmware) {
		log_error(config->vars,
			  "is a file of variables without firmware: use --firmware FILE,vars=%s",
			  config->vars);
		return -EINVAL;
	}
	for (size_t i = 0; i < array_size(others); i++)
		if (config->firmware && others[i].value) {
			log_error(others[i].option, "cannot be combined with --firmware, which "
						    "starts what is on the guest's disk");
			return -EINVAL;
		}
	return 0;
}
