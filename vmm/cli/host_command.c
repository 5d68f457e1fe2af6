/* SPDX-License-Identifier: MIT */
#include "host_command.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "config_show.h"
#include "guests/command_ports.h"
#include "vmm/bind_keeper.h"
#include "vmm/machine.h"
#include "vmm/machine_host.h"
#include "vmm/machine_signals.h"
#include "vmm/terminal.h"
#include "vfio/host/bind/host_bind.h"
#include "vfio/host/check/host_doctor.h"
#include "vmm/cli/list_show.h"
#include "vmm/cli/options_ports.h"
#include "vfio/host/look/host_pci.h"
#include "vmm/trace/log.h"

/* ---- doctor ---- */

/*
 * Without an address, doctor checks the devices that are bound to vfio-pci, and so meant for a
 * guest.
 */
static int doctor_visit(const struct host_device *device, void *arg)
{
	struct config *config = arg;

	if (!host_has_vfio_driver(device))
		return 0;
	if (config->device_count == OPTIONS_DEVICES_MAX) {
		log_warn("doctor", "only the first %d devices are checked; name others, such as %s",
			 OPTIONS_DEVICES_MAX, device->bdf);
		return 1;
	}
	strcpy(config->devices[config->device_count++], device->bdf);
	return 0;
}

static void doctor_print(const struct host_report *report, bool ready)
{
	const struct host_finding *failure = host_report_failure(report);
	unsigned int rows, columns;

	terminal_get_size(fileno(stdout), &rows, &columns);
	printf("%s: %s%s\n", report->object, ready ? "ready" : "not ready",
	       ready || failure ? "" : ", see the host above");
	host_report_print(report, (int)columns, stdout);
}

static int command_doctor(const struct config *config)
{
	struct host_demand demand = machine_host_demand(config);
	struct config all = *config;
	struct host_report report;
	bool host_ready, ready;

	if (!config->device_count)
		host_for_each_device(doctor_visit, &all);
	host_examine(&report, &demand);
	ready = host_ready = !host_report_failure(&report);
	if (config->json) {
		fputs("{\"host\":{", stdout);
		host_report_print_json(&report, host_ready, stdout);
		fputs("},\n\"devices\":[", stdout);
	} else {
		doctor_print(&report, host_ready);
	}
	host_report_destroy(&report);
	for (unsigned int i = 0; i < all.device_count; i++) {
		bool device_ready;

		host_examine_device(&report, all.devices[i], &demand);
		device_ready = host_ready && !host_report_failure(&report);
		ready = ready && device_ready;
		if (config->json) {
			printf("%s{\"bdf\":\"%s\",", i ? ",\n" : "\n", all.devices[i]);
			host_report_print_json(&report, device_ready, stdout);
			fputs("}", stdout);
		} else {
			doctor_print(&report, device_ready);
		}
		host_report_destroy(&report);
	}
	fputs(config->json ? "]}\n" : "", stdout);
	return ready ? 0 : MACHINE_EXIT_HOST;
}

static int command_list(const struct config *config)
{
	struct host_demand demand = machine_host_demand(config);

	return list_show(config->all, config->json, &demand, stdout) < 0 ? MACHINE_EXIT_HOST : 0;
}

/* ---- config ---- */

/* Read as much as the kernel allows; only root may read all of it. */
static int command_read_config(const char *bdf, struct config_shown *shown)
{
	struct host_pci_config config;
	struct host_bar bars[HOST_BARS];
	struct host_device device;
	int ret = host_read_config(bdf, &config);

	if (ret < 0)
		return log_errno(bdf, ret, "read its configuration space");
	if (config.size < PCI_STD_HEADER_SIZEOF ||
	    host_config_long(&config, PCI_CLASS_REVISION) == UINT32_MAX) {
		log_error(bdf,
			  "its configuration space reads all-ones: the device is gone, or asleep");
		return -ENODEV;
	}
	host_read_device(bdf, &device);
	host_read_bars(bdf, bars);
	if (host_fill_virtual_function(&device, bars, &config))
		log_info(bdf,
			 "a virtual function: its IDs and BARs are shown as VFIO fills them in");
	*shown = (struct config_shown){ .name = bdf, .size = config.size };
	memcpy(shown->bytes, config.bytes, config.size);
	for (unsigned int bar = 0; bar < HOST_BARS; bar++)
		shown->bar_size[bar] = bars[bar].size;
	if (config.size == PCI_STD_HEADER_SIZEOF)
		log_warn(bdf, "only root sees more than the first 64 bytes: no capabilities");
	return 0;
}

static int command_config(const struct config *config)
{
	struct config_shown shown;
	int ret = 0;

	fputs(config->json ? "[" : "", stdout);
	for (unsigned int i = 0; i < config->device_count && ret == 0; i++) {
		ret = command_read_config(config->devices[i], &shown);
		if (ret < 0)
			break;
		if (i)
			fputs(config->json ? ",\n" : "\n", stdout);
		ret = config->json ? config_show_json(&shown, stdout)
				   : config_show_text(&shown, stdout);
	}
	fputs(config->json ? "]\n" : "", stdout);
	return ret < 0 ? MACHINE_EXIT_HOST : 0;
}

/* ---- bind, restore ---- */

/* Binding does not know the checks; it asks its questions through this table. */
static const struct host_bind_checks command_bind_checks = {
	.bindable = host_check_bindable,
	.unused = host_check_unused,
	.explain = host_explain_vfio,
};

static int command_bind(const struct config *config)
{
	const struct host_bind_options options = { config->force, config->dry_run, config->persist,
						   &command_bind_checks };
	int ret = host_bind(config->devices, config->device_count, &options);

	return ret < 0 ? MACHINE_EXIT_HOST : 0;
}

static int command_restore(const struct config *config)
{
	const struct host_bind_options options = { config->force, config->dry_run, false, NULL };
	int ret = host_restore(config->devices, config->device_count, &options);

	return ret < 0 ? MACHINE_EXIT_HOST : 0;
}

int host_command_run(const struct config *config)
{
	switch (config->command) {
	case OPTIONS_LIST:
		return command_list(config);
	case OPTIONS_DOCTOR:
		return command_doctor(config);
	case OPTIONS_CONFIG:
		return command_config(config);
	case OPTIONS_BIND:
		return command_bind(config);
	case OPTIONS_RESTORE:
		return command_restore(config);
	default:
		return MACHINE_EXIT_USAGE;
	}
}

/* A confined machine cannot give devices back itself, so the keeper process does. */
static int command_run_bound(const struct config *config, struct host_held *held)
{
	struct config bound = *config;
	struct bind_keeper keeper;
	const bool more = config->no_sandbox || options_expect_devices(config);
	int status = config->run ? COMMAND_STATUS_FAILED : MACHINE_EXIT_HOST;

	bound.keeper = &keeper;
	if (bind_keeper_start(&keeper, held, !config->no_sandbox, more) == 0)
		status = machine_run(&bound);
	bind_keeper_finish(&keeper);
	return status;
}

int host_command_start(const struct config *config)
{
	struct host_held held = { .count = 0 };
	sigset_t signals;

	if (config->device_count)
		host_restore_stale(config->devices, config->device_count);
	if (!config->bind)
		return machine_run(config);
	/* No signal may end this process between the first change and the last. */
	machine_block_signals(&signals);
	if (host_hold(&held, config->devices, config->device_count, &command_bind_checks) < 0)
		return config->run ? COMMAND_STATUS_FAILED : MACHINE_EXIT_HOST;
	return command_run_bound(config, &held);
}
