/* SPDX-License-Identifier: MIT */
#include "default_guest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "firmware/initramfs.h"
#include "guest_kernel.h"
#include "vfio/host/look/host_kernel.h"
#include "vmm/trace/log.h"
#include "vmm/trace/macros.h"

/* ---- the kernel ---- */

static int guest_open_running_kernel(struct default_guest *guest, int *fd)
{
	struct host_path path;

	*fd = guest_kernel_open(guest->release, &path);
	if (*fd < 0)
		return *fd;
	snprintf(guest->kernel, sizeof(guest->kernel), "%s", path.text);
	return 0;
}

/* Modules of another release than the kernel's would be of no use to it. */
static int guest_open_other_kernel(struct default_guest *guest, struct boot_config *boot)
{
	bool found;
	int ret;

	boot->kernel_fd = open(guest->kernel, O_RDONLY | O_CLOEXEC);
	if (boot->kernel_fd < 0)
		return log_errno(guest->kernel, -errno, "open the kernel");
	ret = boot_find_release(boot, guest->release, &found);
	if (ret == 0 && !found)
		log_warn(guest->kernel, "does not tell its release: it gets the modules of %s",
			 guest->release);
	return ret;
}

static int guest_open_kernel(struct default_guest *guest, const char *wanted,
			     struct boot_config *boot)
{
	struct utsname host;

	uname(&host);
	snprintf(guest->release, sizeof(guest->release), "%s", host.release);
	boot->kernel_name = guest->kernel;
	if (!wanted)
		return guest_open_running_kernel(guest, &boot->kernel_fd);
	snprintf(guest->kernel, sizeof(guest->kernel), "%s", wanted);
	return guest_open_other_kernel(guest, boot);
}

/* ---- the modules ---- */

/* What the initramfs must have modules for: modaliases, and names of modules. */
struct guest_wishes {
	char modaliases[OPTIONS_DEVICES_MAX][HOST_MODALIAS_MAX];
	const char *list[OPTIONS_DEVICES_MAX + 16];
	size_t count;
};

static void guest_wish_devices(struct guest_wishes *wishes, const struct default_guest_order *order)
{
	for (unsigned int i = 0; i < order->config->device_count; i++)
		if (host_read_modalias(order->devices[i].bdf, wishes->modaliases[i]) == 0)
			wishes->list[wishes->count++] = wishes->modaliases[i];
}

/* These modules are asked for by name; some may be built into the kernel. */
static void guest_wish_virtio(struct guest_wishes *wishes, const struct default_guest_order *order)
{
	static const char *const drivers[VIRTIO_VHOST_KINDS] = { "virtio_blk", "virtiofs",
								 "virtio_net" };
	static const char *const command[] = { "virtio_console", "virtiofs", "overlay" };
	const struct config *config = order->config;
	bool kinds[VIRTIO_VHOST_KINDS] = { false };

	for (unsigned int i = 0; i < config->served_count; i++)
		kinds[config->served[i].kind] = true;
	if (config->served_count || order->command)
		wishes->list[wishes->count++] = "virtio_pci";
	for (unsigned int kind = 0; kind < VIRTIO_VHOST_KINDS; kind++)
		if (kinds[kind])
			wishes->list[wishes->count++] = drivers[kind];
	for (unsigned int i = 0; order->command && i < array_size(command); i++)
		wishes->list[wishes->count++] = command[i];
}

/* The modules that report the power button to the guest's init. */
static void guest_wish_button(struct guest_wishes *wishes)
{
	wishes->list[wishes->count++] = arch_layout.ged_port ? "button" : "gpio_keys";
	wishes->list[wishes->count++] = "evdev";
}

static int guest_build_initramfs(struct default_guest *guest,
				 const struct default_guest_order *order, int *fd)
{
	struct guest_wishes *wishes = calloc(1, sizeof(*wishes));
	struct initramfs_config config = { .modalias_count = 0 };
	struct host_path modules = host_modules_folder(guest->release);
	int ret;

	if (!wishes)
		return log_errno("default guest", -ENOMEM, "allocate");
	guest_wish_devices(wishes, order);
	guest_wish_virtio(wishes, order);
	guest_wish_button(wishes);
	config.modules = modules.text;
	config.modaliases = wishes->list;
	config.modalias_count = wishes->count;
	if (order->command) {
		config.command = order->command->text;
		config.command_size = order->command->size;
		config.files = order->command->files;
	}
	ret = initramfs_build(&config, fd);
	free(wishes);
	return ret;
}

/* ---- both ---- */

int default_guest_open(struct default_guest *guest, const struct default_guest_order *order,
		       struct boot_config *boot)
{
	const char *append = order->config->append;
	int ret, length;

	ret = guest_open_kernel(guest, order->config->kernel, boot);
	if (ret < 0)
		return ret;
	ret = guest_build_initramfs(guest, order, &boot->initrd_fd);
	if (ret < 0)
		return ret;
	length =
		snprintf(guest->cmdline, sizeof(guest->cmdline), "console=ttyS0 quiet panic=-1%s%s",
			 append ? " " : "", append ? append : "");
	if (length >= (int)sizeof(guest->cmdline))
		return log_errno("--append", -E2BIG, "%d characters", length);
	boot->initrd_name = "the default guest's initramfs";
	boot->cmdline = guest->cmdline;
	return 0;
}
