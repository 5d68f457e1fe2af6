/* SPDX-License-Identifier: MIT */
#include "machine_images.h"

#include <errno.h>
#include <fcntl.h>

#include "machine_state.h"
#include "vmm/base/served_file.h"
#include "vmm/trace/log.h"

static int machine_open_file(const char *path, const char *what, int *fd)
{
	*fd = open(path, O_RDONLY | O_CLOEXEC);
	return *fd < 0 ? log_errno(path, -errno, "open the %s", what) : 0;
}

static int machine_open_default_guest(struct machine *machine)
{
	const struct default_guest_order order = {
		.config = machine->config,
		.devices = machine->devices.found,
		.command = machine->config->run ? &machine->command : NULL,
	};
	int ret = 0;

	if (order.command) {
		command_streams_find_terminal(&machine->streams);
		ret = command_guest_init(&machine->command, machine->config, &machine->streams,
					 machine->served.has_root);
	}
	if (ret == 0)
		ret = default_guest_open(&machine->guest, &order, &machine->boot);
	command_guest_destroy(&machine->command);
	return ret;
}

static int machine_open_firmware(struct machine *machine)
{
	const struct config *config = machine->config;
	struct boot_config *boot = &machine->boot;
	int ret = machine_open_file(config->firmware, "firmware", &boot->kernel_fd);

	boot->kernel_name = config->firmware;
	boot->cmdline = "";
	return ret < 0 ? ret : uefi_machine_open(&machine->uefi, boot, true, config->vars);
}

static int machine_open_all(struct machine *machine)
{
	const struct config *config = machine->config;
	struct boot_config *boot = &machine->boot;
	int ret;

	boot->cpus = config->cpus;
	boot->dtb_name = config->dump_dtb;
	boot->kernel_name = config->kernel;
	boot->initrd_name = config->initrd;
	boot->cmdline = config->append ? config->append : "console=ttyS0";
	if (config->firmware)
		return machine_open_firmware(machine);
	if (!config->kernel || config->run)
		return machine_open_default_guest(machine);
	ret = machine_open_file(config->kernel, "kernel", &boot->kernel_fd);
	if (ret == 0 && config->initrd)
		ret = machine_open_file(config->initrd, "initrd", &boot->initrd_fd);
	return ret < 0 ? ret : uefi_machine_open(&machine->uefi, boot, false, NULL);
}

/* What a reboot reads again must not depend on another program or machine. */
static int machine_copy_image(const struct machine *machine, int fd, const char *path)
{
	int ret = fd < 0 ? 0 : served_file_copy(fd, machine->config->memory);

	return ret < 0 ? log_errno(path, ret, "copy it into memory") : 0;
}

int machine_open_images(struct machine *machine)
{
	const struct boot_config *boot = &machine->boot;
	int ret = machine_open_all(machine);

	if (ret == 0)
		ret = machine_copy_image(machine, boot->kernel_fd, boot->kernel_name);
	if (ret == 0)
		ret = machine_copy_image(machine, boot->initrd_fd, boot->initrd_name);
	return ret;
}
