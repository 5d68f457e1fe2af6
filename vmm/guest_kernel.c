/* SPDX-License-Identifier: MIT */
#include "guest_kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "vmm/trace/log.h"
#include "vmm/trace/macros.h"

#define KERNEL_TRIED_MAX 1024

/* What stands for RELEASE in a place. */
enum kernel_name {
	KERNEL_RELEASE, /* all of it */
	KERNEL_FLAVOUR, /* what is behind its last dash: Alpine's "lts" */
	KERNEL_FIXED,   /* nothing */
};

static const struct kernel_place {
	const char *before, *after; /* the name is between them */
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

/* Ubuntu lets only root read it: whoever runs minivmm as a user has to be told. */
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
	log_error("default guest", "no file of the running kernel %s: tried%s", release, tried);
	log_fix("minivmm --kernel FILE ...   # any kernel that Linux' boot protocols start");
	return -ENOENT;
}

int guest_kernel_open(const char *release, struct host_path *path)
{
	char tried[KERNEL_TRIED_MAX] = "";
	struct host_path refused;
	int err = 0;

	for (unsigned int i = 0; i < array_size(kernel_places); i++) {
		const struct kernel_place *place = &kernel_places[i];
		size_t used = strlen(tried);
		int fd;

		*path = host_path("%s%s%s", place->before, kernel_name(release, place->name),
				  place->after);
		fd = open(path->text, O_RDONLY | O_CLOEXEC);
		if (fd >= 0)
			return fd;
		if (errno != ENOENT && errno != ENOTDIR && err == 0) {
			refused = *path; /* it may be readable elsewhere */
			err = -errno;
		}
		snprintf(tried + used, sizeof(tried) - used, "%s %s", used ? "," : "",
			 host_path_name(path));
	}
	if (err < 0) {
		*path = refused;
		return kernel_refuse(path, err);
	}
	return kernel_miss(release, tried);
}

struct host_path guest_kernel_modules(const char *release)
{
	static const char *const places[] = { "/lib/modules", "/usr/lib/modules",
					      "/run/booted-system/kernel-modules/lib/modules" };
	struct host_path path;

	for (unsigned int i = 0; i < array_size(places); i++) {
		path = host_path("%s/%s", places[i], release);
		if (host_path_exists(&path))
			return path;
	}
	return host_path("%s/%s", places[0], release);
}
