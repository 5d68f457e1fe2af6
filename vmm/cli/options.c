/* SPDX-License-Identifier: MIT */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "options_devices.h"
#include "options_host.h"
#include "vfio/backend/vfio_calls.h"
#include "vmm/core/arch.h"
#include "vmm/core/kvm_calls.h"
#include "vmm/trace/log.h"
#include "vmm/trace/macros.h"

#define MIB (1ull << 20)

#define OPTIONS_MEMORY_DEFAULT (512 * MIB)
#define OPTIONS_CPUS_MAX       254 /* 8-bit APIC ids, less the broadcast */

const struct trace_calls *const options_calls[] = { &kvm_calls, &vfio_calls, &arch_calls, NULL };

enum options_code {
	OPT_VFIO = 256,
	OPT_VFIO_USER,
	OPT_DEVICE,
	OPT_OBJECT,
	OPT_KERNEL,
	OPT_INITRD,
	OPT_APPEND,
	OPT_MEMORY,
	OPT_CPUS,
	OPT_CONSOLE,
	OPT_NO_REBOOT,
	OPT_BIND,
	OPT_STATS,
	OPT_TRACE,
	OPT_TRACE_FILTER,
	OPT_INJECT,
	OPT_DUMP_DTB,
	OPT_TESTDEV,
	OPT_HELP,
	OPT_VERSION,
};

/* Long options with one dash or two; the short spellings are QEMU's. */
static const struct option options_table[] = {
	{ "vfio", required_argument, NULL, OPT_VFIO },
	{ "vfio-user", required_argument, NULL, OPT_VFIO_USER },
	{ "device", required_argument, NULL, OPT_DEVICE },
	{ "object", required_argument, NULL, OPT_OBJECT },
	{ "kernel", required_argument, NULL, OPT_KERNEL },
	{ "initrd", required_argument, NULL, OPT_INITRD },
	{ "append", required_argument, NULL, OPT_APPEND },
	{ "memory", required_argument, NULL, OPT_MEMORY },
	{ "m", required_argument, NULL, OPT_MEMORY },
	{ "cpus", required_argument, NULL, OPT_CPUS },
	{ "smp", required_argument, NULL, OPT_CPUS },
	{ "console", required_argument, NULL, OPT_CONSOLE },
	{ "no-reboot", no_argument, NULL, OPT_NO_REBOOT },
	{ "bind", no_argument, NULL, OPT_BIND },
	{ "stats", no_argument, NULL, OPT_STATS },
	{ "trace", required_argument, NULL, OPT_TRACE },
	{ "trace-filter", required_argument, NULL, OPT_TRACE_FILTER },
	{ "inject", required_argument, NULL, OPT_INJECT },
	{ "dump-dtb", required_argument, NULL, OPT_DUMP_DTB },
	{ "testdev", no_argument, NULL, OPT_TESTDEV },
	{ "help", no_argument, NULL, OPT_HELP },
	{ "h", no_argument, NULL, OPT_HELP },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ NULL, 0, NULL, 0 },
};

void options_print_help(void)
{
	fputs("Usage: minivmm [run] --vfio BDF [OPTION]...\n"
	      "Start a virtual machine that drives a real PCI device of this host.\n"
	      "\n"
	      "  --vfio BDF[,PROPERTY=VALUE]...\n"
	      "                       pass this device through, e.g. 01:00.0; may be repeated\n"
	      "  --vfio demo          a device in software: needs no hardware and no root\n"
	      "  --vfio-user SOCKET[,PROPERTY=VALUE]...\n"
	      "                       the device of the vfio-user server that listens there\n"
	      "  --kernel FILE        guest kernel: bzImage or ELF vmlinux; arm64: Image\n"
	      "                       (without it: this host's kernel and a ready-made guest)\n"
	      "  --initrd FILE        its initial RAM disk\n"
	      "  --append TEXT        its command line\n"
	      "  --memory SIZE        guest RAM, e.g. 512M or 4G (512M)\n"
	      "  --cpus N             virtual CPUs (1)\n"
	      "  --console stdio|none|pty|file:PATH\n"
	      "                       where the guest's console goes (stdio)\n"
	      "  --no-reboot          a guest reboot ends minivmm\n"
	      "  --bind               hand the devices to vfio-pci before, back after the run\n"
	      "  --stats              at the end print exits, ioctls, times, trapped accesses\n"
	      "  --trace FILE         write down each KVM and VFIO call, with the reason, and\n"
	      "                       what the guest touched: *.json for a timeline viewer,\n"
	      "                       else text; - is standard error\n"
	      "  --trace-filter LIST  of it, only what is in a list of\n"
	      "                       kvm,cpu,run,memory,irq,vfio,dma,config,bar,io\n"
	      "  --inject WHAT#N=HOW  let something fail the Nth time: IOCTL#N=ERRNO,\n"
	      "                       irq#N=lost, irq#N=late, config#N=ffff; may be repeated\n"
	      "  --dump-dtb FILE      copy the device tree that the guest gets (arm64)\n"
	      "  --testdev            add an emulated PCI device to learn and to test with\n"
	      "  --help, --version\n"
	      "\n"
	      "On a terminal Ctrl-A x ends the guest, Ctrl-A h helps.\n"
	      "QEMU's -kernel -initrd -append -m -smp -device vfio-pci,host=BDF and\n"
	      "-object iommufd,id=ID[,fd=N] work too.\n"
	      "\n"
	      "Exit status: 0 the guest powered off, 1 the host side failed, 2 wrong usage,\n"
	      "3 the guest crashed, 4 the device was lost, 128+n stopped by signal n.\n",
	      stdout);
	options_print_host_help();
}

/* "512" and "512M" are both MiB. */
static int options_parse_size(const char *text, uint64_t *bytes)
{
	static const struct {
		char suffix;
		unsigned int shift;
	} units[] = { { 0, 20 }, { 'K', 10 }, { 'M', 20 }, { 'G', 30 }, { 'T', 40 } };
	unsigned long long number;
	char *end;

	errno = 0;
	number = strtoull(text, &end, 10);
	if (errno || end == text || text[0] == '-')
		return -EINVAL;
	for (unsigned int i = 0; i < array_size(units); i++) {
		char suffix = *end >= 'a' && *end <= 'z' ? (char)(*end - 'a' + 'A') : *end;

		if (suffix != units[i].suffix || (*end && end[1]))
			continue;
		*bytes = number << units[i].shift;
		return *bytes >> units[i].shift == number ? 0 : -EINVAL;
	}
	return -EINVAL;
}

int options_set_memory(struct config *config, const char *text)
{
	if (options_parse_size(text, &config->memory) < 0 || config->memory % MIB ||
	    config->memory == 0 || config->memory > 1ull << 46) {
		log_error("--memory", "%s: expected a size in whole MiB, such as 512M or 4G", text);
		return -EINVAL;
	}
	return 0;
}

static int options_set_cpus(struct config *config, const char *text)
{
	unsigned long cpus;
	char *end;

	if (strncmp(text, "cpus=", 5) == 0)
		text += 5;
	cpus = strtoul(text, &end, 10);
	if (end == text || *end || text[0] == '-' || cpus < 1 || cpus > OPTIONS_CPUS_MAX) {
		log_error("--cpus", "%s: expected a number from 1 to %d", text, OPTIONS_CPUS_MAX);
		return -EINVAL;
	}
	config->cpus = (unsigned int)cpus;
	return 0;
}

static int options_set_console(struct config *config, const char *text)
{
	bool file = strncmp(text, "file:", 5) == 0 && text[5];

	if (!file && strcmp(text, "stdio") != 0 && strcmp(text, "none") != 0 &&
	    strcmp(text, "pty") != 0) {
		log_error("--console", "%s: expected stdio, none, pty or file:PATH", text);
		return -EINVAL;
	}
	config->console = text;
	return 0;
}

static int options_apply(struct config *config, int option, char *value, const char *word)
{
	switch (option) {
	case OPT_VFIO:
		return options_add_vfio(config, value);
	case OPT_VFIO_USER:
		return options_add_socket(config, value);
	case OPT_DEVICE:
		return options_add_qemu_device(config, value);
	case OPT_OBJECT:
		return options_add_qemu_object(config, value);
	case OPT_KERNEL:
		config->kernel = value;
		return 0;
	case OPT_INITRD:
		config->initrd = value;
		return 0;
	case OPT_APPEND:
		config->append = value;
		return 0;
	case OPT_MEMORY:
		return options_set_memory(config, value);
	case OPT_CPUS:
		return options_set_cpus(config, value);
	case OPT_CONSOLE:
		return options_set_console(config, value);
	case OPT_NO_REBOOT:
		config->no_reboot = true;
		return 0;
	case OPT_BIND:
		config->bind = true;
		return 0;
	case OPT_STATS:
		config->stats = config->trace.times = true;
		return 0;
	case OPT_TRACE:
		config->trace.file = value;
		return 0;
	case OPT_TRACE_FILTER:
		return trace_parse_topics(value, &config->trace.topics);
	case OPT_INJECT:
		return trace_fault_parse(&config->trace.faults, options_calls, value);
	case OPT_DUMP_DTB:
		config->dump_dtb = value;
		return 0;
	case OPT_TESTDEV:
		config->testdev = true;
		return 0;
	case OPT_HELP:
		config->command = OPTIONS_HELP;
		return 0;
	case OPT_VERSION:
		config->command = OPTIONS_VERSION;
		return 0;
	case ':':
		log_error(word, "needs a value");
		return -EINVAL;
	default:
		log_error(word, "unknown option; minivmm --help lists them");
		return -EINVAL;
	}
}

/* Interrupts can only be lost by who passes them on: not by KVM. */
static void options_apply_faults(struct config *config)
{
	bool relay = false;

	for (unsigned int fault = 0; fault < config->trace.faults.count; fault++)
		relay |= config->trace.faults.list[fault].what == TRACE_FAULT_IRQ;
	for (unsigned int i = 0; i < config->device_count; i++)
		config->vfio[i].no_kvm_irqfd |= relay;
	for (unsigned int i = 0; i < config->user_count; i++)
		config->users[i].vfio.no_kvm_irqfd |= relay;
}

static int options_check(const struct config *config)
{
	if (config->initrd && !config->kernel) {
		log_error("--initrd", "needs --kernel: the default guest brings its own");
		return -EINVAL;
	}
	if (config->trace.topics != TRACE_TOPICS_ALL && !config->trace.file) {
		log_error("--trace-filter", "needs --trace: of what?");
		return -EINVAL;
	}
	if (config->bind && !config->device_count) {
		log_error("--bind", "needs --vfio: there is no device to hand over");
		return -EINVAL;
	}
	return 0;
}

int options_parse(struct config *config, int argc, char **argv)
{
	int option, ret = 0;

	*config = (struct config){ .console = "stdio",
				   .memory = OPTIONS_MEMORY_DEFAULT,
				   .cpus = 1,
				   .trace.topics = TRACE_TOPICS_ALL,
				   .trace.rooms = options_calls };
	if (argc > 1)
		config->command = options_find_host_command(argv[1]);
	if (config->command != OPTIONS_RUN)
		return options_parse_host(config, argc - 1, argv + 1);
	if (argc > 1 && strcmp(argv[1], "run") == 0) {
		argc--;
		argv++;
	}
	optind = 0; /* start afresh: glibc's way of saying so */
	while (ret == 0 && (option = getopt_long_only(argc, argv, ":", options_table, NULL)) != -1)
		ret = options_apply(config, option, optarg, argv[optind - 1]);
	if (ret == 0 && optind < argc) {
		log_error(argv[optind], "unexpected word; minivmm --help shows the usage");
		ret = -EINVAL;
	}
	options_apply_faults(config);
	if (ret == 0)
		ret = options_check_devices(config);
	return ret < 0 ? ret : options_check(config);
}
