/* SPDX-License-Identifier: MIT */
#include "default_guest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
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

/* In a bzImage: a magic word, and where its version is told. Documentation/arch/x86/boot.rst. */
#define GUEST_SETUP_MAGIC   0x202
#define GUEST_SETUP_VERSION 0x20e
#define GUEST_SETUP_BASE    0x200

/* ---- the kernel ---- */

/* The running one's, unless the file itself tells another. */
static void guest_find_release(struct default_guest *guest, int fd)
{
	struct utsname host;
	char magic[4] = "", version[sizeof(guest->release)] = "";
	uint16_t at = 0;

	uname(&host);
	snprintf(guest->release, sizeof(guest->release), "%s", host.release);
	if (pread(fd, magic, sizeof(magic), GUEST_SETUP_MAGIC) != sizeof(magic) ||
	    memcmp(magic, "HdrS", sizeof(magic)) != 0 ||
	    pread(fd, &at, sizeof(at), GUEST_SETUP_VERSION) != sizeof(at) || at == 0 ||
	    pread(fd, version, sizeof(version) - 1, GUEST_SETUP_BASE + at) <= 0)
		return;
	version[strcspn(version, " ")] = '\0';
	snprintf(guest->release, sizeof(guest->release), "%s", version);
}

static int guest_open_kernel(struct default_guest *guest, const char *wanted, int *fd)
{
	struct host_path path;
	struct utsname host;

	uname(&host);
	if (wanted) {
		*fd = open(wanted, O_RDONLY | O_CLOEXEC);
		if (*fd < 0)
			return log_errno(wanted, -errno, "open the kernel");
	} else {
		*fd = guest_kernel_open(host.release, &path);
		if (*fd < 0)
			return *fd;
	}
	snprintf(guest->kernel, sizeof(guest->kernel), "%s", wanted ? wanted : path.text);
	guest_find_release(guest, *fd);
	return 0;
}

/* ---- the modules ---- */

/* What the initramfs is asked for: modaliases, and names of modules. */
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

/* By name: which of them the kernel has built in is not for us to know. */
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

/* What hears the power button, and shows it to the guest's init. */
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

	ret = guest_open_kernel(guest, order->config->kernel, &boot->kernel_fd);
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
	boot->kernel_name = guest->kernel;
	boot->initrd_name = "the default guest's initramfs";
	boot->cmdline = guest->cmdline;
	return 0;
}
