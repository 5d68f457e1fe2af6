/* SPDX-License-Identifier: MIT */
#include "host_kernel.h"

#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "host_path.h"

bool host_kernel_has_parameter(const char *word)
{
	struct host_path path = host_path("/proc/cmdline");
	char *text = host_read_file(&path), *next = text, *found;
	bool has = false;

	while (next && !has && (found = strsep(&next, " \n")))
		has = strcmp(found, word) == 0;
	free(text);
	return has;
}

/* ---- where the command line is kept ---- */

/* `tool` tells two families apart that share a name; each `%s` is the parameter. */
struct host_loader {
	const char *ids; /* of os-release, with a space on both sides */
	const char *tool;
	const char *add, *del;
};

#define GRUB_ADD "sudo sed -i '/^GRUB_CMDLINE_LINUX=/s/=\"/=\"%s /' /etc/default/grub && "
#define GRUB_DEL "sudo sed -i '/^GRUB_CMDLINE_LINUX/s/%s//' /etc/default/grub && "
#define FILE_ADD "sudo sed -i '1s/$/ %s/' /etc/kernel/cmdline && "
#define FILE_DEL "sudo sed -i '1s/%s//' /etc/kernel/cmdline && "
#define REBOOT   " && sudo reboot"

static const struct host_loader host_loaders[] = {
	{ NULL, "/usr/sbin/proxmox-boot-tool", FILE_ADD "sudo proxmox-boot-tool refresh" REBOOT,
	  FILE_DEL "sudo proxmox-boot-tool refresh" REBOOT },
	{ " pop ", NULL, "sudo kernelstub -a %s" REBOOT, "sudo kernelstub -d %s" REBOOT },
	{ " debian ubuntu ", "/etc/default/grub", GRUB_ADD "sudo update-grub" REBOOT,
	  GRUB_DEL "sudo update-grub" REBOOT },
	{ " fedora rhel centos ", "/usr/sbin/grubby",
	  "sudo grubby --update-kernel=ALL --args=%s" REBOOT,
	  "sudo grubby --update-kernel=ALL --remove-args=%s" REBOOT },
	{ " arch ", "/etc/default/grub",
	  GRUB_ADD "sudo grub-mkconfig -o /boot/grub/grub.cfg" REBOOT,
	  GRUB_DEL "sudo grub-mkconfig -o /boot/grub/grub.cfg" REBOOT },
	{ " suse opensuse ", "/etc/default/grub",
	  GRUB_ADD "sudo grub2-mkconfig -o /boot/grub2/grub.cfg" REBOOT,
	  GRUB_DEL "sudo grub2-mkconfig -o /boot/grub2/grub.cfg" REBOOT },
	{ " nixos ", NULL,
	  "add %s to boot.kernelParams in /etc/nixos/configuration.nix, then: "
	  "sudo nixos-rebuild boot" REBOOT,
	  "remove %s from boot.kernelParams in /etc/nixos/configuration.nix, then: "
	  "sudo nixos-rebuild boot" REBOOT },
	{ NULL, "/etc/kernel/cmdline",
	  FILE_ADD "sudo kernel-install add $(uname -r) /lib/modules/$(uname -r)/vmlinuz" REBOOT,
	  FILE_DEL "sudo kernel-install add $(uname -r) /lib/modules/$(uname -r)/vmlinuz" REBOOT },
	{ NULL, NULL,
	  "add %s to the kernel command line in the boot loader's settings, then reboot",
	  "remove %s from the kernel command line in the boot loader's settings, then reboot" },
};

/* Whether ID or ID_LIKE of os-release has one of the words of ` ids `. */
static bool host_distribution_is(const char *os_release, const char *ids)
{
	const char *line = os_release;
	char word[64];

	for (; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, "ID=", 3) != 0 && strncmp(line, "ID_LIKE=", 8) != 0)
			continue;
		for (const char *p = strchr(line, '=') + 1; *p && *p != '\n';) {
			size_t length = strcspn(p, " \"\n");

			snprintf(word, sizeof(word), " %.*s ", (int)length, p);
			if (length && strstr(ids, word))
				return true;
			p += length;
			p += strspn(p, " \"");
		}
	}
	return false;
}

static const struct host_loader *host_find_loader(void)
{
	struct host_path path = host_path("/etc/os-release");
	char *os_release = host_read_file(&path);
	const struct host_loader *loader = host_loaders;

	/* The last one fits always. */
	for (;; loader++) {
		struct host_path tool = host_path("%s", loader->tool ? loader->tool : "/");

		if (loader->ids && !(os_release && host_distribution_is(os_release, loader->ids)))
			continue;
		if (host_path_exists(&tool))
			break;
	}
	free(os_release);
	return loader;
}

void host_fix_add_parameter(struct host_report *report, const char *word)
{
	host_report_fix(report, host_find_loader()->add, word);
}

void host_fix_del_parameter(struct host_report *report, const char *word)
{
	host_report_fix(report, host_find_loader()->del, word);
}

/* ---- modules ---- */

/* Whether a list of module files has NAME.ko, packed or not. */
static bool host_modules_list(const char *release, const char *list, const char *name)
{
	struct host_path path = host_path("/lib/modules/%s/%s", release, list);
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
	struct utsname host;

	uname(&host);
	if (host_modules_list(host.release, "modules.builtin", name))
		return HOST_MODULE_BUILTIN;
	return host_modules_list(host.release, "modules.dep", name) ? HOST_MODULE_FILE
								    : HOST_MODULE_ABSENT;
}

/* Dashes and underscores are the same in module names. */
static bool host_module_named(const char *text, const char *name)
{
	for (; *name; text++, name++)
		if (*text != *name && !(*name == '-' && *text == '_'))
			return false;
	return !*text || strchr(" \t,\n", *text);
}

/* A line of a file of modprobe.d that begins with the keyword and speaks of the module. */
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
		found = host_module_named(line + length + strspn(line + length, " \t"), name);
		if (found)
			snprintf(where, size, "%s in %s", line, path->text + strlen(host_root()));
	}
	free(text);
	return found;
}

/* A parameter such as module_blacklist=a,b with the module among its values. */
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

static bool host_modprobe_says(const char *keyword, const char *name, char *where, size_t size)
{
	static const char *const folders[] = { "/etc/modprobe.d", "/run/modprobe.d",
					       "/usr/lib/modprobe.d", "/lib/modprobe.d" };
	bool found = false;

	for (unsigned int i = 0; i < sizeof(folders) / sizeof(folders[0]) && !found; i++) {
		struct host_path path = host_path("%s", folders[i]);
		struct host_dir dir;

		host_dir_read(&dir, &path);
		for (int n = 0; n < dir.count && !found; n++) {
			path = host_path("%s/%s", folders[i], dir.entries[n]->d_name);
			found = host_conf_says(&path, keyword, name, where, size);
		}
		host_dir_free(&dir);
	}
	return found;
}

bool host_module_is_blocked(const char *name, char *where, size_t size)
{
	return host_cmdline_says("module_blacklist=", name, where, size) ||
	       host_modprobe_says("install", name, where, size);
}

bool host_module_is_blacklisted(const char *name, char *where, size_t size)
{
	return host_cmdline_says("modprobe.blacklist=", name, where, size) ||
	       host_modprobe_says("blacklist", name, where, size);
}
