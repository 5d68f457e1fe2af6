/* SPDX-License-Identifier: MIT */
#include "machine_sandbox.h"

#include <stdio.h>

#include "guests/command_ports.h"
#include "vfio/host/check/host_memlock.h"
#include "machine_state.h"
#include "machine_status.h"
#include "vmm/base/process_signal.h"
#include "vmm/cli/options_ports.h"

#define MACHINE_DEVICE_PATH 48 /* VFIO_CDEV_PATH with any number */

static bool machine_uses(const struct machine *machine, enum host_access access)
{
	return machine->devices.count && machine->devices.access == access;
}

/* ---- the process that opens devices, again or for the first time ---- */

/* A device whose file was handed over stays open, so it need not be opened again. */
static unsigned int machine_find_reopened(const struct machine *machine, const char **paths,
					  char text[][MACHINE_DEVICE_PATH])
{
	const struct config *config = machine->config;
	unsigned int count = 0;

	if (config->no_sandbox || !machine_uses(machine, HOST_ACCESS_IOMMUFD))
		return 0;
	for (unsigned int i = 0; i < machine->devices.count; i++) {
		if (config->vfio[i].has_fd)
			continue;
		snprintf(text[count], MACHINE_DEVICE_PATH, VFIO_CDEV_PATH,
			 machine->devices.found[i].cdev);
		paths[count] = text[count];
		count++;
	}
	return count;
}

static int machine_start_opener(struct machine *machine, const char *const *paths,
				unsigned int count)
{
	if (machine->config->no_sandbox)
		return 0;
	if (options_expect_devices(machine->config)) {
		host_try_memlock(machine->config->memory);
		return device_opener_start(&machine->opener, &machine->sandbox);
	}
	if (!count)
		return 0;
	return sandbox_opener_start(&machine->opener.devices, paths, count);
}

/* From now on: what was opened before was opened with all rights. */
static void machine_use_opener(struct machine *machine)
{
	const struct sandbox_opener *child = &machine->opener.devices;
	const struct opener *opener = child->pid ? &child->opener : NULL;

	machine->devices.space.opener = opener;
	if (!options_expect_devices(machine->config))
		return;
	machine->devices.finder = opener;
	machine->users.opener = opener;
}

/* ---- before ---- */

static uint32_t machine_thread_kinds(const struct config *config)
{
	uint32_t kinds = SANDBOX_MAIN | SANDBOX_VCPU;

	kinds |= config->user_count || options_expect_devices(config) ? SANDBOX_SERVER : 0;
	kinds |= config->run ? SANDBOX_COMMAND : 0;
	for (unsigned int i = 0; i < config->user_count; i++)
		kinds |= config->users[i].path ? 0 : SANDBOX_DEMO;
	return kinds;
}

/* The demo device, and servers: those that a supervisor ends are started after this is asked. */
static bool machine_will_end_children(const struct config *config)
{
	return (machine_thread_kinds(config) & SANDBOX_DEMO) || config->served_count || config->run;
}

int machine_prepare_sandbox(struct machine *machine)
{
	const struct config *config = machine->config;
	char text[OPTIONS_DEVICES_MAX][MACHINE_DEVICE_PATH];
	const char *paths[OPTIONS_DEVICES_MAX];
	unsigned int reopened = machine_find_reopened(machine, paths, text);
	bool more = options_expect_devices(config);
	const struct sandbox_options options = {
		.user = config->user,
		.status = config->run ? COMMAND_STATUS_FAILED : MACHINE_EXIT_HOST,
		.threads = machine_thread_kinds(config),
		.wanted = { .groups = more || machine_uses(machine, HOST_ACCESS_GROUP),
			    .iommufd = more || machine_uses(machine, HOST_ACCESS_IOMMUFD),
			    .hotplug = more,
			    .children = machine_will_end_children(config),
			    .kill = !process_signal_has_files(),
			    .pin = config->pinned.count > 0 },
	};
	int ret = config->no_sandbox ? 0 : sandbox_init(&machine->sandbox, &options);

	return ret < 0 ? ret : machine_start_opener(machine, paths, reopened);
}

/* ---- the moment ---- */

/* Files that the caller opened for us are no strays. */
int machine_confine(struct machine *machine)
{
	const struct config *config = machine->config;
	int keep[OPTIONS_DEVICES_MAX + 1];
	unsigned int count = 0;
	int ret;

	for (unsigned int i = 0; i < config->device_count; i++)
		if (config->vfio[i].has_fd)
			keep[count++] = config->vfio[i].fd;
	if (config->has_iommufd_fd)
		keep[count++] = config->iommufd_fd;
	ret = sandbox_confine(&machine->sandbox, keep, count);
	if (ret == 0)
		machine_use_opener(machine);
	return ret;
}
