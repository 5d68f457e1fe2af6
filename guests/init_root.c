/* SPDX-License-Identifier: MIT */
#include "init_root.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOWER  "/lower" /* the host's files */
#define MEMORY "/memory"
#define ROOT   "/root"

static int root_complain(const char *object, const char *operation)
{
	fprintf(stderr, "minivmm: error: guest: %s: %s: %s\n", object, operation, strerror(errno));
	return -1;
}

static int root_mount(const char *type, const char *source, const char *place, unsigned long flags,
		      const char *data)
{
	if (mount(source, place, type, flags, data) == 0)
		return 0;
	return root_complain(place, "mount");
}

void root_make_folder(const char *path)
{
	char part[4096];

	snprintf(part, sizeof(part), "%s", path);
	for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(part, 0755);
		*slash = '/';
	}
	mkdir(part, 0755);
}

int root_add_share(const char *tag, const char *place, bool readonly)
{
	root_make_folder(place);
	return root_mount("virtiofs", tag, place, readonly ? MS_RDONLY : 0, NULL);
}

/* Links that udev would add to /dev. The kernel fills the rest. */
static void root_add_links(void)
{
	static const char *const links[][2] = {
		{ "/proc/self/fd", "/dev/fd" },
		{ "/proc/self/fd/0", "/dev/stdin" },
		{ "/proc/self/fd/1", "/dev/stdout" },
		{ "/proc/self/fd/2", "/dev/stderr" },
	};

	for (unsigned int i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		if (symlink(links[i][0], links[i][1]) && errno != EEXIST)
			root_complain(links[i][1], "make a link");
}

/*
 * File systems that the kernel makes, and folders that programs expect to be empty after a boot.
 */
static int root_add_kernel(void)
{
	static const struct {
		const char *type, *place, *data;
	} mounts[] = {
		{ "proc", "/proc", NULL },
		{ "sysfs", "/sys", NULL },
		{ "devtmpfs", "/dev", NULL },
		{ "devpts", "/dev/pts", "mode=620,ptmxmode=666" },
		{ "tmpfs", "/dev/shm", "mode=1777" },
		{ "tmpfs", "/run", "mode=755" },
	};

	for (unsigned int i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++) {
		mkdir(mounts[i].place, 0755);
		/* EBUSY: the kernel can mount /dev itself */
		if (mount(mounts[i].type, mounts[i].place, mounts[i].type, MS_NOSUID,
			  mounts[i].data) &&
		    errno != EBUSY)
			return root_complain(mounts[i].place, "mount");
	}
	root_add_links();
	return 0;
}

/* The root that the kernel starts with cannot be unmounted. The new root covers it. */
static int root_switch(void)
{
	if (chdir(ROOT) || mount(".", "/", NULL, MS_MOVE, NULL) || chroot(".") || chdir("/"))
		return root_complain(ROOT, "make it the root");
	return 0;
}

/* Without the loopback interface a program does not even reach itself. */
static void root_start_loopback(void)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request))
		root_complain("lo", "switch on");
	if (fd >= 0)
		close(fd);
}

/* Writes go into a layer in memory above the folder. */
static int root_mount_layers(const char *tag)
{
	mkdir(LOWER, 0755);
	mkdir(MEMORY, 0755);
	if (root_mount("virtiofs", tag, LOWER, MS_RDONLY, NULL) ||
	    root_mount("tmpfs", "memory", MEMORY, 0, "mode=755"))
		return -1;
	mkdir(MEMORY "/upper", 0755);
	mkdir(MEMORY "/work", 0755);
	return root_mount("overlay", "overlay", ROOT, 0,
			  "lowerdir=" LOWER ",upperdir=" MEMORY "/upper,workdir=" MEMORY "/work");
}

int root_enter(const char *tag, bool layered)
{
	int ret;

	root_start_loopback();
	if (!tag)
		return root_add_kernel();
	ret = layered ? root_mount_layers(tag) : root_mount("virtiofs", tag, ROOT, MS_RDONLY, NULL);
	if (ret == 0)
		ret = root_switch();
	return ret ? ret : root_add_kernel();
}

int root_add_memory(const char *place)
{
	return root_mount("tmpfs", "memory", place, MS_NOSUID, "mode=1777");
}
