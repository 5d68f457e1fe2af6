/* SPDX-License-Identifier: MIT */
#include "host_persist.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vmm/base/write_whole.h"
#include "vmm/trace/log.h"
#include "vmm/trace/macros.h"

#define RULES       "/etc/udev/rules.d"
#define RULE_PREFIX "60-minivmm-"
#define RULE_SUFFIX ".rules"

/*
 * Tools that make an initramfs: the file that tells them what to take, and the command that runs
 * them.
 */
static const struct persist_tool {
	const char *folder; /* the tool is installed if this path exists */
	const char *file;
	const char *text;
	mode_t mode;
	const char *command;
} persist_tools[] = {
	{ "/etc/initramfs-tools/hooks", "minivmm",
	  "#!/bin/sh\n"
	  "# Made by minivmm bind --persist: rules that bind devices to VFIO at boot.\n"
	  "[ \"$1\" != prereqs ] || exit 0\n"
	  ". /usr/share/initramfs-tools/hook-functions\n"
	  "mkdir -p \"$DESTDIR/usr/lib/udev/rules.d\"\n"
	  "cp " RULES "/" RULE_PREFIX "*" RULE_SUFFIX " \"$DESTDIR/usr/lib/udev/rules.d\"\n"
	  "manual_add_modules vfio-pci\n",
	  0755, "sudo update-initramfs -u -k all" },
	{ "/etc/dracut.conf.d", "minivmm.conf",
	  "# Made by minivmm bind --persist: rules that bind devices to VFIO at boot.\n"
	  "add_drivers+=\" vfio-pci \"\n"
	  "for rule in " RULES "/" RULE_PREFIX "*" RULE_SUFFIX "; do\n"
	  "	install_items+=\" $rule \"\n"
	  "done\n",
	  0644, "sudo dracut --force --regenerate-all" },
	{ "/etc/mkinitcpio.conf.d", "minivmm.conf",
	  "# Made by minivmm bind --persist: rules that bind devices to VFIO at boot.\n"
	  "MODULES+=(vfio-pci)\n"
	  "FILES+=(" RULES "/" RULE_PREFIX "*" RULE_SUFFIX ")\n",
	  0644, "sudo mkinitcpio -P" },
};

static const struct persist_tool *persist_find_tool(void)
{
	for (unsigned int i = 0; i < array_size(persist_tools); i++) {
		struct host_path folder = host_path("%s", persist_tools[i].folder);

		if (host_path_exists(&folder))
			return &persist_tools[i];
	}
	return NULL;
}

static struct host_path persist_rule_path(const char *bdf)
{
	return host_path(RULES "/" RULE_PREFIX "%s" RULE_SUFFIX, bdf);
}

/* Write the whole file or nothing: it replaces an older one only when all is written. */
static int persist_write(const struct host_path *path, const char *text, mode_t mode)
{
	struct host_path made = host_path("%s.new", host_path_name(path));
	int fd, ret;

	unlink(made.text);
	fd = open(made.text, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	if (fd < 0)
		return log_errno(host_path_name(path), -errno, "create");
	ret = write_whole(fd, text, strlen(text), -1);
	if (ret == 0 && (fchmod(fd, mode) < 0 || fsync(fd) < 0))
		ret = -errno;
	close(fd);
	if (ret == 0 && rename(made.text, path->text) < 0)
		ret = -errno;
	if (ret < 0)
		unlink(made.text);
	return ret < 0 ? log_errno(host_path_name(path), ret, "write") : 0;
}

static int persist_write_tool(void)
{
	const struct persist_tool *tool = persist_find_tool();
	struct host_path path;

	if (!tool)
		return 0;
	path = host_path("%s/%s", tool->folder, tool->file);
	return persist_write(&path, tool->text, tool->mode);
}

/*
 * The first lines of a rule are the same for every device. A driver that is built in, or that was
 * faster, is made to let the device go. Then the VFIO driver is asked at once, in case it is
 * there already; and it is loaded, in case it is not.
 */
static const char persist_rule[] =
	"# Made by minivmm bind --persist; minivmm restore %1$s removes it.\n"
	"%2$s, DRIVER==\"?*\", DRIVER!=\"%3$s\", ATTR{driver/unbind}=\"%1$s\"\n"
	"%2$s, ATTR{driver_override}=\"%3$s\"\n"
	"%2$s, DRIVER!=\"%3$s\", ATTR{[subsystem/pci]drivers_probe}=\"%1$s\"\n"
	"%2$s, RUN{builtin}+=\"kmod load %3$s\"\n";

/* The rule also names the IDs: another device may be in this place one day. */
int host_persist_add(const struct host_device *device, const char *driver)
{
	struct host_path folder = host_path(RULES), path = persist_rule_path(device->bdf);
	char text[1024], match[128];
	int ret;

	if (!host_path_exists(&folder)) {
		log_error(device->bdf,
			  "the binding cannot be kept without udev, and there is no " RULES);
		return -ENOENT;
	}
	snprintf(match, sizeof(match),
		 "ACTION==\"add\", SUBSYSTEM==\"pci\", KERNEL==\"%s\", ATTR{vendor}==\"0x%04x\", "
		 "ATTR{device}==\"0x%04x\"",
		 device->bdf, device->vendor, device->device);
	snprintf(text, sizeof(text), persist_rule, device->bdf, match, driver);
	ret = persist_write(&path, text, 0644);
	return ret < 0 ? ret : persist_write_tool();
}

bool host_is_persistent(const char *bdf)
{
	struct host_path path = persist_rule_path(bdf);

	return host_path_exists(&path);
}

void host_for_each_persistent(void (*visit)(const char *bdf, void *arg), void *arg)
{
	struct host_path path = host_path(RULES);
	struct host_dir dir;

	host_dir_read(&dir, &path);
	for (int i = 0; i < dir.count; i++) {
		char *name = dir.entries[i]->d_name, *end = strstr(name, RULE_SUFFIX);
		char bdf[HOST_BDF_MAX];

		if (strncmp(name, RULE_PREFIX, strlen(RULE_PREFIX)) != 0 || !end)
			continue;
		*end = '\0';
		if (host_parse_bdf(name + strlen(RULE_PREFIX), bdf) == 0)
			visit(bdf, arg);
	}
	host_dir_free(&dir);
}

static void persist_count(const char *bdf, void *arg)
{
	unsigned int *count = arg;

	(void)bdf;
	++*count;
}

int host_persist_remove(const char *bdf)
{
	const struct persist_tool *tool = persist_find_tool();
	struct host_path path = persist_rule_path(bdf);
	unsigned int left = 0;

	if (unlink(path.text) < 0)
		return errno == ENOENT ? 0 : log_errno(host_path_name(&path), -errno, "remove");
	host_for_each_persistent(persist_count, &left);
	if (left || !tool)
		return 0;
	path = host_path("%s/%s", tool->folder, tool->file);
	unlink(path.text);
	return 0;
}

void host_persist_tell(void)
{
	const struct persist_tool *tool = persist_find_tool();

	if (tool)
		log_fix("%s   # so that the next boot knows it before drivers are loaded",
			tool->command);
}
