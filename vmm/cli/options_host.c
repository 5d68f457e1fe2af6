/* SPDX-License-Identifier: MIT */
#include "options_host.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "options_table.h"
#include "options_values.h"
#include "vfio/host/look/host_sysfs.h"
#include "vmm/trace/log.h"
#include "vmm/trace/macros.h"

static const struct options_row options_list[] = {
	OPTIONS_ROW_FLAG("all", all),
	OPTIONS_ROW_FLAG("json", json),
	OPTIONS_ROW_COMMAND("help", OPTIONS_HELP),
	OPTIONS_ROW_END,
};

static const struct options_row options_doctor[] = {
	OPTIONS_ROW_FLAG("json", json),
	OPTIONS_ROW_SET("memory", options_set_memory),
	OPTIONS_ROW_SET("m", options_set_memory),
	OPTIONS_ROW_SET("cpus", options_set_cpus),
	OPTIONS_ROW_SET("smp", options_set_cpus),
	OPTIONS_ROW_COMMAND("help", OPTIONS_HELP),
	OPTIONS_ROW_END,
};

static const struct options_row options_config[] = {
	OPTIONS_ROW_FLAG("json", json),
	OPTIONS_ROW_COMMAND("help", OPTIONS_HELP),
	OPTIONS_ROW_END,
};

static const struct options_row options_binding[] = {
	OPTIONS_ROW_FLAG("force", force),
	OPTIONS_ROW_FLAG("dry-run", dry_run),
	OPTIONS_ROW_COMMAND("help", OPTIONS_HELP),
	OPTIONS_ROW_END,
};

static const struct options_row options_persisting[] = {
	OPTIONS_ROW_FLAG("force", force),
	OPTIONS_ROW_FLAG("dry-run", dry_run),
	OPTIONS_ROW_FLAG("persist", persist),
	OPTIONS_ROW_COMMAND("help", OPTIONS_HELP),
	OPTIONS_ROW_END,
};

static const struct options_host_command {
	const char *name;
	const struct options_row *rows;
	enum options_command command;
	bool takes_devices, needs_devices;
} options_host_commands[] = {
	{ "list", options_list, OPTIONS_LIST, false, false },
	{ "doctor", options_doctor, OPTIONS_DOCTOR, true, false },
	{ "config", options_config, OPTIONS_CONFIG, true, true },
	{ "bind", options_persisting, OPTIONS_BIND, true, true },
	{ "restore", options_binding, OPTIONS_RESTORE, true, false },
};

#define HOST_COMMANDS array_size(options_host_commands)

void options_print_host_help(void)
{
	fputs("\n"
	      "Looking after the host:\n"
	      "  minivmm list [--all] [--json]\n"
	      "                       PCI devices, and whether each can be passed through\n"
	      "  minivmm doctor [BDF]... [--memory SIZE] [--cpus N] [--json]\n"
	      "                       check everything before a start\n"
	      "  minivmm config BDF... [--json]\n"
	      "                       configuration space, register by register: the\n"
	      "                       device's, a guest's view of it, and why they differ\n"
	      "  minivmm bind BDF... [--persist] [--force] [--dry-run]\n"
	      "                       bind devices and their IOMMU groups to vfio-pci;\n"
	      "                       --persist also binds them at the next boots\n"
	      "  minivmm restore [BDF]... [--force] [--dry-run]\n"
	      "                       give them back to the drivers that they had\n",
	      stdout);
}

static const struct options_host_command *options_host_find(const char *word)
{
	for (unsigned int i = 0; i < HOST_COMMANDS; i++)
		if (strcmp(options_host_commands[i].name, word) == 0)
			return &options_host_commands[i];
	return NULL;
}

enum options_command options_find_host_command(const char *word)
{
	const struct options_host_command *found = options_host_find(word);

	return found ? found->command : OPTIONS_RUN;
}

/* A device that is named twice is handled once. */
static int options_host_add(struct config *config, const char *word)
{
	char bdf[OPTIONS_BDF_MAX];

	if (host_parse_bdf(word, bdf) < 0) {
		log_error(word, "expected a PCI address such as 01:00.0 or 0000:01:00.0");
		return -EINVAL;
	}
	for (unsigned int i = 0; i < config->device_count; i++)
		if (strcmp(config->devices[i], bdf) == 0)
			return 0;
	if (config->device_count == OPTIONS_DEVICES_MAX) {
		log_error(word, "more than %d devices", OPTIONS_DEVICES_MAX);
		return -EINVAL;
	}
	strcpy(config->devices[config->device_count++], bdf);
	return 0;
}

int options_parse_host(struct config *config, int argc, char **argv)
{
	const struct options_host_command *command = options_host_find(argv[0]);
	int ret = options_read(config, command->rows, argc, argv,
			       command->takes_devices ? options_host_add : NULL, NULL,
			       "unknown option here; minivmm --help lists them");

	if (ret == 0 && command->needs_devices && !config->device_count &&
	    config->command != OPTIONS_HELP) {
		log_error(argv[0], "expected the address of a device; minivmm list shows them");
		return -EINVAL;
	}
	return ret;
}
