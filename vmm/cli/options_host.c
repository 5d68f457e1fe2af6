/* SPDX-License-Identifier: MIT */
#include "options_host.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "vfio/host/look/host_sysfs.h"
#include "vmm/trace/log.h"
#include "vmm/trace/macros.h"

enum options_host_code {
	HOST_OPT_ALL = 256,
	HOST_OPT_JSON,
	HOST_OPT_FORCE,
	HOST_OPT_DRY_RUN,
	HOST_OPT_MEMORY,
	HOST_OPT_HELP,
};

static const struct option options_list[] = {
	{ "all", no_argument, NULL, HOST_OPT_ALL },
	{ "json", no_argument, NULL, HOST_OPT_JSON },
	{ "help", no_argument, NULL, HOST_OPT_HELP },
	{ NULL, 0, NULL, 0 },
};

static const struct option options_doctor[] = {
	{ "json", no_argument, NULL, HOST_OPT_JSON },
	{ "memory", required_argument, NULL, HOST_OPT_MEMORY },
	{ "m", required_argument, NULL, HOST_OPT_MEMORY },
	{ "help", no_argument, NULL, HOST_OPT_HELP },
	{ NULL, 0, NULL, 0 },
};

static const struct option options_config[] = {
	{ "json", no_argument, NULL, HOST_OPT_JSON },
	{ "help", no_argument, NULL, HOST_OPT_HELP },
	{ NULL, 0, NULL, 0 },
};

static const struct option options_binding[] = {
	{ "force", no_argument, NULL, HOST_OPT_FORCE },
	{ "dry-run", no_argument, NULL, HOST_OPT_DRY_RUN },
	{ "help", no_argument, NULL, HOST_OPT_HELP },
	{ NULL, 0, NULL, 0 },
};

static const struct options_host_command {
	const char *name;
	const struct option *options;
	enum options_command command;
	bool takes_devices, needs_devices;
} options_host_commands[] = {
	{ "list", options_list, OPTIONS_LIST, false, false },
	{ "doctor", options_doctor, OPTIONS_DOCTOR, true, false },
	{ "config", options_config, OPTIONS_CONFIG, true, true },
	{ "bind", options_binding, OPTIONS_BIND, true, true },
	{ "restore", options_binding, OPTIONS_RESTORE, true, false },
};

#define HOST_COMMANDS array_size(options_host_commands)

void options_print_host_help(void)
{
	fputs("\n"
	      "Looking after the host:\n"
	      "  minivmm list [--all] [--json]\n"
	      "                       PCI devices, and whether each can be passed through\n"
	      "  minivmm doctor [BDF]... [--memory SIZE] [--json]\n"
	      "                       check everything before a start\n"
	      "  minivmm config BDF... [--json]\n"
	      "                       configuration space, register by register: the\n"
	      "                       device's, a guest's view of it, and why they differ\n"
	      "  minivmm bind BDF... [--force] [--dry-run]\n"
	      "                       hand devices and their IOMMU groups to vfio-pci\n"
	      "  minivmm restore [BDF]... [--force] [--dry-run]\n"
	      "                       hand them back to the drivers they had\n",
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

static int options_host_apply(struct config *config, int option, const char *word)
{
	switch (option) {
	case HOST_OPT_ALL:
		config->all = true;
		return 0;
	case HOST_OPT_JSON:
		config->json = true;
		return 0;
	case HOST_OPT_FORCE:
		config->force = true;
		return 0;
	case HOST_OPT_DRY_RUN:
		config->dry_run = true;
		return 0;
	case HOST_OPT_MEMORY:
		return options_set_memory(config, optarg);
	case HOST_OPT_HELP:
		config->command = OPTIONS_HELP;
		return 0;
	case ':':
		log_error(word, "needs a value");
		return -EINVAL;
	default:
		log_error(word, "unknown option here; minivmm --help lists them");
		return -EINVAL;
	}
}

/* A device named twice is looked after once. */
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
	int option, ret = 0;

	optind = 0; /* start afresh: glibc's way of saying so */
	while (ret == 0 &&
	       (option = getopt_long_only(argc, argv, ":", command->options, NULL)) != -1)
		ret = options_host_apply(config, option, argv[optind - 1]);
	if (ret == 0 && optind < argc && !command->takes_devices) {
		log_error(argv[optind], "unexpected word; minivmm --help shows the usage");
		return -EINVAL;
	}
	for (int i = optind; i < argc && ret == 0; i++)
		ret = options_host_add(config, argv[i]);
	if (ret == 0 && command->needs_devices && !config->device_count &&
	    config->command != OPTIONS_HELP) {
		log_error(argv[0], "which devices? minivmm list shows them");
		return -EINVAL;
	}
	return ret;
}
