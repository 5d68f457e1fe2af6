/* SPDX-License-Identifier: MIT */
#include "host_kernel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "host_number.h"
#include "host_path.h"
#include "vmm/trace/macros.h"

/*
 * Returns whether a list of values, such as "on,sm_on", has one of `length` characters that is
 * `value`.
 */
static bool kernel_list_has(const char *list, const char *value, size_t length)
{
	for (const char *item = list; item; item = strchr(item, ',')) {
		item += *item == ',';
		if (strncmp(item, value, length) == 0 && strchr(",", item[length]))
			return true;
	}
	return false;
}

/* If a parameter is given twice, the last one counts. */
bool host_kernel_has_parameter(const char *word)
{
	struct host_path path = host_path("/proc/cmdline");
	char *text = host_read_file(&path), *next = text, *found;
	size_t key = strcspn(word, "=") + (strchr(word, '=') != NULL);
	bool has = false;

	while (next && (found = strsep(&next, " \n")))
		if (strncmp(found, word, key) == 0 && (word[key] || !found[key]))
			has = !word[key] ||
			      kernel_list_has(found + key, word + key, strlen(word + key));
	free(text);
	return has;
}

/* ---- where the command line is kept ---- */

/* GRUB tells the kernel which file it was; systemd-boot does not. */
#define GRUB_SIGN "BOOT_IMAGE="

enum loader_boot { LOADER_ANY, LOADER_GRUB, LOADER_NOT_GRUB };

/*
 * The first row that fits counts: this distribution, this file, and how the running kernel was
 * started.
 */
static const struct {
	const char *ids; /* words of os-release, with a space on both sides; NULL for any */
	const char *file;
	enum loader_boot boot;
	enum host_loader loader;
} host_loaders[] = {
	{ NULL, "/run/ostree-booted", LOADER_ANY, HOST_LOADER_OSTREE },
	{ NULL, "/etc/kernel/proxmox-boot-uuids", LOADER_NOT_GRUB, HOST_LOADER_PROXMOX },
	{ " pop ", "/usr/bin/kernelstub", LOADER_NOT_GRUB, HOST_LOADER_KERNELSTUB },
	{ " debian ubuntu ", "/etc/default/grub", LOADER_GRUB, HOST_LOADER_GRUB_DEBIAN },
	{ " fedora rhel centos ", "/usr/sbin/grubby", LOADER_ANY, HOST_LOADER_GRUBBY },
	{ " arch gentoo void ", "/etc/default/grub", LOADER_GRUB, HOST_LOADER_GRUB },
	{ " suse opensuse ", "/etc/default/grub", LOADER_GRUB, HOST_LOADER_GRUB2 },
	{ " nixos ", "/etc/nixos/configuration.nix", LOADER_ANY, HOST_LOADER_NIXOS },
	{ " arch ", "/etc/kernel/cmdline", LOADER_NOT_GRUB, HOST_LOADER_MKINITCPIO },
	{ NULL, "/etc/kernel/cmdline", LOADER_NOT_GRUB, HOST_LOADER_KERNEL_INSTALL },
	{ NULL, "/", LOADER_ANY, HOST_LOADER_UNKNOWN },
};

/* Returns whether ID or ID_LIKE of os-release has one of the words of ` ids `. */
static bool host_distribution_is(const char *os_release, const char *ids)
{
	const char *line = os_release;
	char word[64];

	for (; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, "ID=", 3) != 0 && strncmp(line, "ID_LIKE=", 8) != 0)
			continue;
		for (const char *p = strchr(line, '=') + 1; *p && *p != '\n';) {
			size_t length = strcspn(p, " \"'\n");

			snprintf(word, sizeof(word), " %.*s ", (int)length, p);
			if (length && strstr(ids, word))
				return true;
			p += length;
			p += strspn(p, " \"'");
		}
	}
	return false;
}

static bool host_was_started_by_grub(void)
{
	struct host_path path = host_path("/proc/cmdline");
	char *text = host_read_file(&path);
	bool found = text && strstr(text, GRUB_SIGN);

	free(text);
	return found;
}

static bool host_loader_fits(unsigned int i, const char *os_release, bool grub)
{
	struct host_path file = host_path("%s", host_loaders[i].file);
	const char *ids = host_loaders[i].ids;

	if (ids && !(os_release && host_distribution_is(os_release, ids)))
		return false;
	if (host_loaders[i].boot != LOADER_ANY && (host_loaders[i].boot == LOADER_GRUB) != grub)
		return false;
	return host_path_exists(&file);
}

/* The last row always fits. */
enum host_loader host_find_loader(void)
{
	struct host_path path = host_path("/etc/os-release");
	char *os_release = host_read_file(&path);
	bool grub = host_was_started_by_grub();
	unsigned int i = 0;

	while (i < array_size(host_loaders) - 1 && !host_loader_fits(i, os_release, grub))
		i++;
	free(os_release);
	return host_loaders[i].loader;
}

/* ---- modules ---- */

struct host_path host_modules_folder(const char *release)
{
	static const char *const places[] = {
		"/lib/modules",
		"/usr/lib/modules",
		"/run/booted-system/kernel-modules/lib/modules", /* NixOS */
		"/run/current-system/kernel-modules/lib/modules",
		"/run/booted-system/kernel/lib/modules", /* Guix */
	};

	for (unsigned int i = 0; i < array_size(places); i++) {
		struct host_path path = host_path("%s/%s", places[i], release);

		if (host_path_exists(&path))
			return path;
	}
	return host_path("%s/%s", places[0], release);
}

struct host_path host_modules_file(const char *name)
{
	struct host_path path = host_path("/proc/sys/kernel/osrelease"), folder;
	struct utsname host;

	uname(&host);
	if (host_path_exists(&path)) /* of a host that need not be this one */
		host_read_line(&path, host.release, sizeof(host.release));
	folder = host_modules_folder(host.release);
	return host_path_in(&folder, name);
}

/* Returns whether a list of module files has NAME.ko, packed or not. */
static bool host_modules_list(const char *list, const char *name)
{
	struct host_path path = host_modules_file(list);
	char *text = host_read_file(&path), *next = text, *line, file[64];
	bool found = false;

	snprintf(file, sizeof(file), "/%s.ko", name);
	while (next && !found && (line = strsep(&next, "\n"))) {
		line[strcspn(line, ":")] = '\0';
		found = strstr(line, file) != NULL;
	}
	free(text);
	return found;
}

enum host_module host_find_module(const char *name)
{
	struct host_path path = host_modules_file("modules.dep");

	if (!host_path_exists(&path))
		return HOST_MODULE_UNSEEN;
	if (host_modules_list("modules.builtin", name))
		return HOST_MODULE_BUILTIN;
	return host_modules_list("modules.dep", name) ? HOST_MODULE_FILE : HOST_MODULE_ABSENT;
}

/* Dashes and underscores are the same in module names. */
static bool host_module_named(const char *text, const char *name)
{
	for (; *name; text++, name++)
		if (*text != *name && !(*name == '-' && *text == '_'))
			return false;
	return !*text || strchr(" \t,\n", *text);
}

/*
 * What stands behind the module's name decides. `install NAME COMMAND` runs any command in place
 * of loading, and in many guides that command loads the module. The commands here do not.
 */
static bool host_command_does_nothing(const char *command)
{
	static const char *const nothings[] = { "/bin/false", "/bin/true", "false", "true", ":" };

	command += strncmp(command, "/usr/", 5) == 0 ? 4 : 0;
	for (unsigned int i = 0; i < array_size(nothings); i++)
		if (strncmp(command, nothings[i], strlen(nothings[i])) == 0 &&
		    strchr(" \t;", command[strlen(nothings[i])]))
			return true;
	return false;
}

/* Find a line of modprobe.d by its keyword; `rest` is what follows the blanks behind it. */
static bool host_line_says(const char *rest, const char *keyword, const char *name)
{
	if (!host_module_named(rest, name))
		return false;
	rest += strlen(name);
	return strcmp(keyword, "install") != 0 ||
	       host_command_does_nothing(rest + strspn(rest, " \t"));
}

/* Find a line of a modprobe.d file that begins with the keyword and is about the module. */
static bool host_conf_says(const struct host_path *path, const char *keyword, const char *name,
			   char *where, size_t size)
{
	char *text = host_read_file(path), *next = text, *line;
	size_t length = strlen(keyword);
	bool found = false;

	while (next && !found && (line = strsep(&next, "\n"))) {
		line += strspn(line, " \t");
		if (strncmp(line, keyword, length) != 0 || !strchr(" \t", line[length]))
			continue;
		found = host_line_says(line + length + strspn(line + length, " \t"), keyword, name);
		if (found)
			snprintf(where, size, "%s in %s", line, host_path_name(path));
	}
	free(text);
	return found;
}

/* Find a parameter such as module_blacklist=a,b that has the module among its values. */
static bool host_cmdline_says(const char *key, const char *name, char *where, size_t size)
{
	struct host_path path = host_path("/proc/cmdline");
	char *text = host_read_file(&path), *next = text, *word;
	bool found = false;

	while (next && !found && (word = strsep(&next, " \n"))) {
		if (strncmp(word, key, strlen(key)) != 0)
			continue;
		for (char *p = word + strlen(key); p && !found; p = strchr(p, ',')) {
			p += *p == ',';
			found = host_module_named(p, name);
		}
		if (found)
			snprintf(where, size, "%s on the kernel command line", word);
	}
	free(text);
	return found;
}

static const char *const modprobe_folders[] = { "/etc/modprobe.d", "/run/modprobe.d",
						"/usr/local/lib/modprobe.d", "/usr/lib/modprobe.d",
						"/lib/modprobe.d" };

/*
 * modprobe reads *.conf. A file in an earlier folder replaces the files of the same name in later
 * ones.
 */
static bool host_conf_counts(unsigned int folder, const char *file)
{
	size_t length = strlen(file);

	if (length < 5 || strcmp(file + length - 5, ".conf") != 0)
		return false;
	for (unsigned int i = 0; i < folder; i++) {
		struct host_path other = host_path("%s/%s", modprobe_folders[i], file);

		if (host_path_exists(&other))
			return false;
	}
	return true;
}

static bool host_modprobe_says(const char *keyword, const char *name, char *where, size_t size)
{
	bool found = false;

	for (unsigned int i = 0; i < array_size(modprobe_folders) && !found; i++) {
		struct host_path path = host_path("%s", modprobe_folders[i]);
		struct host_dir dir;

		host_dir_read(&dir, &path);
		for (int n = 0; n < dir.count && !found; n++) {
			path = host_path("%s/%s", modprobe_folders[i], dir.entries[n]->d_name);
			found = host_conf_counts(i, dir.entries[n]->d_name) &&
				host_conf_says(&path, keyword, name, where, size);
		}
		host_dir_free(&dir);
	}
	return found;
}

/* Hardened hosts set this switch, which cannot be turned back. */
static bool host_modules_are_disabled(char *where, size_t size)
{
	struct host_path path = host_path("/proc/sys/kernel/modules_disabled");
	uint64_t disabled;

	if (!host_read_number(&path, 10, &disabled) || !disabled)
		return false;
	snprintf(where, size, "kernel.modules_disabled is 1 until the next boot");
	return true;
}

bool host_module_is_blocked(const char *name, char *where, size_t size)
{
	return host_modules_are_disabled(where, size) ||
	       host_cmdline_says("module_blacklist=", name, where, size) ||
	       host_modprobe_says("install", name, where, size);
}

bool host_module_is_blacklisted(const char *name, char *where, size_t size)
{
	return host_cmdline_says("modprobe.blacklist=", name, where, size) ||
	       host_modprobe_says("blacklist", name, where, size);
}
