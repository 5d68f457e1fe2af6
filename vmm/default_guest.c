/* SPDX-License-Identifier: MIT */
#include "default_guest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>

#include "firmware/initramfs.h"
#include "vmm/trace/log.h"

static int guest_open_kernel(struct default_guest *guest, const char *release, int *fd)
{
	int ret;

	snprintf(guest->kernel, sizeof(guest->kernel), "/boot/vmlinuz-%s", release);
	*fd = open(guest->kernel, O_RDONLY | O_CLOEXEC);
	if (*fd >= 0)
		return 0;
	ret = log_errno(guest->kernel, -errno, "open the running kernel for the default guest");
	log_fix("minivmm --kernel FILE ...   # any bzImage or ELF vmlinux");
	return ret;
}

static int guest_build_initramfs(const struct host_device *devices, unsigned int count,
				 const char *release, int *fd)
{
	char(*modaliases)[HOST_MODALIAS_MAX] = calloc(count + 1, sizeof(*modaliases));
	const char **list = calloc(count + 1, sizeof(*list));
	struct initramfs_config config = { .modaliases = list };
	char modules[128];
	int ret = -ENOMEM;

	snprintf(modules, sizeof(modules), "/lib/modules/%s", release);
	config.modules = modules;
	if (!modaliases || !list)
		goto out;
	for (unsigned int i = 0; i < count; i++)
		if (host_read_modalias(devices[i].bdf, modaliases[i]) == 0)
			list[config.modalias_count++] = modaliases[i];
	ret = initramfs_build(&config, fd);
out:
	free(modaliases);
	free(list);
	return ret;
}

int default_guest_open(struct default_guest *guest, const struct host_device *devices,
		       unsigned int count, const char *append, struct boot_config *boot)
{
	struct utsname host;
	int ret, length;

	uname(&host);
	ret = guest_open_kernel(guest, host.release, &boot->kernel_fd);
	if (ret < 0)
		return ret;
	ret = guest_build_initramfs(devices, count, host.release, &boot->initrd_fd);
	length =
		snprintf(guest->cmdline, sizeof(guest->cmdline), "console=ttyS0 quiet panic=-1%s%s",
			 append ? " " : "", append ? append : "");
	if (length >= (int)sizeof(guest->cmdline))
		return log_errno("--append", -E2BIG, "%d characters", length);
	boot->kernel_name = guest->kernel;
	boot->initrd_name = "the default guest's initramfs";
	boot->cmdline = guest->cmdline;
	return ret;
}
