/* SPDX-License-Identifier: MIT */
#include "guest_kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vmm/trace/log.h"
#include "vmm/trace/macros.h"

#define KERNEL_TRIED_MAX 1024

/* The part of a path that depends on the release. */
enum kernel_name {
	KERNEL_RELEASE, /* the whole release */
	KERNEL_FLAVOUR, /* the part after its last dash: Alpine's "lts" */
	KERNEL_FIXED,   /* nothing */
};

static const struct kernel_place {
	const char *before, *after; /* the parts of the path before and after it */
	enum kernel_name name;
} kernel_places[] = {
	{ "/boot/vmlinuz-", "", KERNEL_RELEASE },
	{ "/usr/lib/modules/", "/vmlinuz", KERNEL_RELEASE }, /* Fedora, Arch, openSUSE, Debian 14 */
	{ "/lib/modules/", "/vmlinuz", KERNEL_RELEASE },
	{ "/usr/lib/modules/", "/Image", KERNEL_RELEASE }, /* openSUSE on Arm */
	{ "/run/booted-system/kernel", "", KERNEL_FIXED }, /* NixOS */
	{ "/boot/Image-", "", KERNEL_RELEASE },
	{ "/boot/kernel-", "", KERNEL_RELEASE }, /* Gentoo */
	{ "/boot/vmlinuz-", "", KERNEL_FLAVOUR },
	{ "/boot/vmlinuz-huge-", "", KERNEL_RELEASE }, /* Slackware */
	{ "/boot/vmlinuz-generic-", "", KERNEL_RELEASE },
	{ "/run/booted-system/kernel/bzImage", "", KERNEL_FIXED }, /* Guix */
	{ "/run/booted-system/kernel/Image", "", KERNEL_FIXED },
};

static const char *kernel_name(const char *release, enum kernel_name name)
{
	const char *dash = strrchr(release, '-');

	switch (name) {
	case KERNEL_RELEASE:
		return release;
	case KERNEL_FLAVOUR:
		return dash ? dash + 1 : release;
	default:
		return "";
	}
}

/* Ubuntu lets only root read the kernel, so a user who is not root is told how to change that. */
static int kernel_refuse(const struct host_path *path, int err)
{
	const char *name = host_path_name(path);

	log_errno(name, err, "open the running kernel for the default guest");
	if (err == -EACCES)
		log_fix("sudo chmod +r %s   # until the kernel is updated", name);
	log_fix("minivmm --kernel FILE ...   # any kernel that Linux' boot protocols start");
	return err;
}

static int kernel_miss(const char *release, const char *tried)
{
	log_error("default guest", "no file of the running kernel %s was found: tried%s", release,
		  tried);
	log_fix("minivmm --kernel FILE ...   # any kernel that Linux' boot protocols start");
	return -ENOENT;
}

/* A search: the places that were tried, and the first file that exists but cannot be read. */
struct kernel_search {
	char tried[KERNEL_TRIED_MAX];
	struct host_path refused;
	int err; /* why that file cannot be read */
};

/* Open a file; -1 if that fails or it is a folder, because Guix has a folder of that name. */
static int kernel_try(struct kernel_search *search, const struct host_path *path)
{
	size_t used = strlen(search->tried);
	int fd = open(path->text, O_RDONLY | O_CLOEXEC), err = fd < 0 ? errno : 0;
	struct stat status;

	if (fd >= 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode))
		return fd;
	if (fd >= 0)
		close(fd);
	if (err && err != ENOENT && err != ENOTDIR && !search->err) {
		search->refused = *path; /* go on, because another place may have a readable copy */
		search->err = -err;
	}
	snprintf(search->tried + used, sizeof(search->tried) - used, "%s %s", used ? "," : "",
		 host_path_name(path));
	return -1;
}

/*
 * GRUB tells the kernel the path of its own file, as "(hd0,gpt2)/vmlinuz-6.8". The path begins at
 * the root of a file system, which may be that of /boot. "" if the boot loader gives no such path.
 */
static void kernel_read_boot_image(char *name, size_t size)
{
	struct host_path path = host_path("/proc/cmdline");
	char text[1024], *found, *file;

	host_read_line(&path, text, sizeof(text));
	found = strstr(text, "BOOT_IMAGE=");
	file = found ? strchr(found, '/') : NULL;
	snprintf(name, size, "%.*s", file ? (int)strcspn(file, " ") : 0, file ? file : "");
	if (found && file > found + strcspn(found, " "))
		name[0] = '\0';
}

static int kernel_try_boot_image(struct kernel_search *search, struct host_path *path)
{
	static const char *const folders[] = { "", "/boot" };
	char name[256];
	int fd = -1;

	kernel_read_boot_image(name, sizeof(name));
	for (unsigned int i = 0; i < array_size(folders) && fd < 0 && name[0]; i++) {
		*path = host_path("%s%s", folders[i], name);
		fd = kernel_try(search, path);
	}
	return fd;
}

int guest_kernel_open(const char *release, struct host_path *path)
{
	struct kernel_search search = { .err = 0 };
	int fd = -1;

	for (unsigned int i = 0; i < array_size(kernel_places) && fd < 0; i++) {
		const struct kernel_place *place = &kernel_places[i];

		*path = host_path("%s%s%s", place->before, kernel_name(release, place->name),
				  place->after);
		fd = kernel_try(&search, path);
	}
	if (fd < 0)
		fd = kernel_try_boot_image(&search, path);
	if (fd >= 0)
		return fd;
	if (!search.err)
		return kernel_miss(release, search.tried);
	*path = search.refused;
	return kernel_refuse(path, search.err);
}
