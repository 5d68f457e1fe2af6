/* SPDX-License-Identifier: MIT */
#include "options.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "options_chardev.h"
#include "options_devices.h"
#include "options_firmware.h"
#include "options_host.h"
#include "options_laptop.h"
#include "options_places.h"
#include "options_ports.h"
#include "options_qemu.h"
#include "options_served.h"
#include "options_set.h"
#include "options_table.h"
#include "options_values.h"
#include "vfio/backend/backend_trace.h"
#include "vmm/core/arch.h"
#include "vmm/core/kvm_calls.h"
#include "vmm/trace/log.h"
#include "vmm/trace/macros.h"

#define OPTIONS_MEMORY_DEFAULT (512ull << 20)
#define OPTIONS_GRACE_DEFAULT  30

const struct trace_calls *const options_calls[] = { &kvm_calls, &vfio_calls, &arch_calls, NULL };

static int options_set_trace(struct config *config, char *text)
{
	if (options_qemu_is_trace(text))
		log_info("-trace",
			 "%s: these are events of QEMU's; ignored. --trace FILE writes minivmm's",
			 text);
	else
		config->trace.file = text;
	return 0;
}

static int options_set_topics(struct config *config, char *text)
{
	return trace_parse_topics(text, &config->trace.topics);
}

static int options_add_fault(struct config *config, char *text)
{
	return trace_fault_parse(&config->trace.faults, options_calls, text);
}

/* The short spellings, and those without a row of their own in --help, are QEMU's. */
static const struct options_row options_rows[] = {
	OPTIONS_ROW_SET("vfio", options_add_vfio),
	OPTIONS_ROW_SET("vfio-user", options_add_socket),
	OPTIONS_ROW_SET("device", options_add_qemu_device),
	OPTIONS_ROW_SET("object", options_add_qemu_object),
	OPTIONS_ROW_SET("disk", options_add_disk),
	OPTIONS_ROW_SET("share", options_add_share),
	OPTIONS_ROW_SET("vhost-user", options_add_vhost_user),
	OPTIONS_ROW_TEXT("kernel", kernel),
	OPTIONS_ROW_SET("firmware", options_set_firmware),
	OPTIONS_ROW_SET("bios", options_set_firmware),
	OPTIONS_ROW_SET("drive", options_add_qemu_drive),
	OPTIONS_ROW_TEXT("initrd", initrd),
	OPTIONS_ROW_TEXT("append", append),
	OPTIONS_ROW_SET("memory", options_set_memory),
	OPTIONS_ROW_SET("m", options_set_memory),
	OPTIONS_ROW_SET("cpus", options_set_cpus),
	OPTIONS_ROW_SET("smp", options_set_cpus),
	OPTIONS_ROW_SET("ports", options_set_ports),
	OPTIONS_ROW_SET("console", options_set_console),
	OPTIONS_ROW_FLAG("battery", battery),
	OPTIONS_ROW_FLAG("hide-kvm", hide_kvm),
	OPTIONS_ROW_SET("cpu", options_set_qemu_cpu),
	OPTIONS_ROW_SET("accel", options_set_qemu_accel),
	OPTIONS_ROW_SET("set", options_add_qemu_set),
	OPTIONS_ROW_SET("global", options_add_qemu_global),
	OPTIONS_ROW_SET("serial", options_set_qemu_serial),
	OPTIONS_ROW_SET("chardev", options_add_qemu_chardev),
	OPTIONS_ROW_SET("mem-path", options_set_qemu_mem_path),
	OPTIONS_ROW_SET("qmp", options_set_qmp),
	OPTIONS_ROW_SET("qmp-pretty", options_set_qmp),
	OPTIONS_ROW_SET("mon", options_add_qemu_mon),
	OPTIONS_ROW_FLAG("no-reboot", no_reboot),
	OPTIONS_ROW_SET("grace", options_set_grace),
	OPTIONS_ROW_FLAG("bind", bind),
	OPTIONS_ROW_TEXT("user", user),
	OPTIONS_ROW_FLAG("no-sandbox", no_sandbox),
	OPTIONS_ROW_FLAG("stats", stats),
	OPTIONS_ROW_SET("trace", options_set_trace),
	OPTIONS_ROW_SET("trace-filter", options_set_topics),
	OPTIONS_ROW_SET("inject", options_add_fault),
	OPTIONS_ROW_TEXT("dump-dtb", dump_dtb),
	OPTIONS_ROW_FLAG("testdev", testdev),
	OPTIONS_ROW_COMMAND("help", OPTIONS_HELP),
	OPTIONS_ROW_COMMAND("h", OPTIONS_HELP),
	OPTIONS_ROW_COMMAND("version", OPTIONS_VERSION),
	OPTIONS_ROW_END,
};

void options_print_help(void)
{
	fputs("Usage: minivmm [run] --vfio BDF [OPTION]... [-- COMMAND [ARG]...]\n"
	      "Start a virtual machine that drives a real PCI device of this host.\n"
	      "\n"
	      "  --vfio BDF[,PROPERTY=VALUE]...\n"
	      "                       pass this device through, e.g. 01:00.0; may be repeated\n"
	      "  --vfio demo          a device in software: needs no hardware and no root\n"
	      "  --vfio-user SOCKET[,PROPERTY=VALUE]...\n"
	      "                       the device of the vfio-user server that listens there\n"
	      "  --disk FILE[,format=raw|qcow2][,readonly=on]\n"
	      "                       a disk image, served by qemu-storage-daemon\n"
	      "  --share DIR[,tag=NAME][,readonly=on]\n"
	      "                       a folder, served by virtiofsd\n"
	      "  --vhost-user blk|fs|net,socket=PATH[,tag=NAME]\n"
	      "                       the device of the vhost-user server that listens there\n"
	      "  --kernel FILE        guest kernel: bzImage or ELF vmlinux; arm64: Image\n"
	      "                       (without it: this host's kernel and a ready-made guest)\n"
	      "  --firmware FILE[,vars=FILE]\n"
	      "                       start UEFI firmware instead of a kernel; vars= is\n"
	      "                       the file that keeps its variables\n"
	      "  --initrd FILE        the kernel's initial RAM disk\n"
	      "  --append TEXT        the kernel's command line\n"
	      "  --memory SIZE[,hugepages=on|2M|1G]\n"
	      "                       guest RAM, e.g. 512M or 4G (512M); hugepages takes it\n"
	      "                       from the host's pool of huge pages\n"
	      "  --cpus N[,pin=LIST]  virtual CPUs (1); each on a host CPU of LIST, as 2-5,8\n"
	      "  --ports N[,mem-reserve=SIZE][,pref64-reserve=SIZE]\n"
	      "                       PCIe root ports for devices to be plugged in (0), and the\n"
	      "                       room of each for BARs: 8M below 4 GiB, 1G prefetchable\n"
	      "  --console stdio|none|pty|file:PATH\n"
	      "                       where the guest's console goes (stdio)\n"
	      "  --battery            an ACPI battery and power supply, for laptops' GPUs\n"
	      "  --hide-kvm           hide from the guest that it runs on KVM\n"
	      "  --no-reboot          a guest reboot ends minivmm\n"
	      "  --qmp unix:PATH      a control socket that speaks QMP, a subset of QEMU's\n"
	      "  --grace SECONDS      how long a guest may take to power off when SIGTERM asks\n"
	      "                       it to (30); 0 does not ask\n"
	      "  --bind               bind the devices to vfio-pci for the run, and restore\n"
	      "                       them after it\n"
	      "  --user NAME          continue as this user once all files are open; under\n"
	      "                       sudo the default is its caller\n"
	      "  --no-sandbox         keep all rights, and filter no system calls\n"
	      "  --stats              at the end print exits, ioctls, times, trapped accesses\n"
	      "  --trace FILE         write down each KVM and VFIO call, with the reason, and\n"
	      "                       what the guest touched: *.json for a timeline viewer,\n"
	      "                       else text; - is standard error\n"
	      "  --trace-filter LIST  trace only some topics, a list of\n"
	      "                       kvm,cpu,run,memory,irq,vfio,dma,config,bar,io\n"
	      "  --inject WHAT#N=HOW  make something fail the Nth time: IOCTL#N=ERRNO,\n"
	      "                       irq#N=lost, irq#N=late, config#N=ffff; may be repeated\n"
	      "  --dump-dtb FILE      write a copy of the guest's device tree (arm64)\n"
	      "  --testdev            add an emulated PCI device to learn and to test with\n"
	      "  -- COMMAND [ARG]...  run it in the ready-made guest, with the host's files,\n"
	      "                       read-only, as its root\n"
	      "  --help, --version\n"
	      "\n"
	      "On a terminal Ctrl-A p presses the guest's power button, Ctrl-A x ends it,\n"
	      "Ctrl-A h helps. SIGTERM presses the button, too; a second one ends the guest.\n"
	      "QEMU's -kernel -initrd -append -bios -drive if=pflash -m -smp -cpu\n"
	      "-device vfio-pci,host=BDF and -object iommufd,id=ID[,fd=N] work too. A whole\n"
	      "command line of QEMU's can be pasted: what minivmm does not have is ignored with\n"
	      "a note, or refused with a word on what to use instead.\n"
	      "\n"
	      "Exit status: 0 the guest powered off, 1 the host side failed, 2 wrong usage,\n"
	      "3 the guest crashed, 4 the device was lost, 128+n stopped by signal n.\n"
	      "With a command: the command's own status, or 125 minivmm failed, 126 it cannot\n"
	      "be run, 127 it was not found, 128+n it died of signal n.\n",
	      stdout);
	options_print_host_help();
}

/*
 * minivmm can only lose or delay an interrupt that it passes on itself, not one that KVM's irqfd
 * delivers.
 */
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

static int options_check_run(const struct config *config)
{
	if (config->run && !config->run[0])
		log_error("--", "expected a command after it");
	else if (config->run && config->initrd)
		log_error("--initrd", "cannot be combined with a command, which has an initial RAM "
				      "disk of its own");
	else if (config->run && strcmp(config->console, "stdio") == 0)
		log_error("--console",
			  "stdio is the command's; file:PATH shows the guest's console");
	else
		return 0;
	return -EINVAL;
}

static int options_check(const struct config *config)
{
	if (config->initrd && !config->kernel) {
		log_error("--initrd", "needs --kernel: the default guest brings its own");
		return -EINVAL;
	}
	if (config->trace.topics != TRACE_TOPICS_ALL && !config->trace.file) {
		log_error("--trace-filter", "needs --trace FILE, whose topics it selects");
		return -EINVAL;
	}
	if (config->bind && !config->device_count) {
		log_error("--bind", "needs --vfio: there is no device to hand over");
		return -EINVAL;
	}
	if (config->user && config->no_sandbox) {
		log_error("--user", "cannot be combined with --no-sandbox, which keeps all rights");
		return -EINVAL;
	}
	return options_check_run(config);
}

/*
 * The words after `--` are a command with its own options. Returns the number of words before it.
 */
static int options_cut_command(struct config *config, int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "--") == 0) {
			config->run = &argv[i + 1];
			config->console = "none"; /* unless --console says otherwise */
			config->no_reboot = true; /* a command runs only once */
			return i;
		}
	return argc;
}

static int options_refuse_word(struct config *config, const char *text)
{
	(void)config;
	log_error(text, "unexpected word; a disk image is --disk FILE, minivmm --help has the "
			"rest");
	return -EINVAL;
}

int options_parse(struct config *config, int argc, char **argv)
{
	static const struct options_others others = { options_qemu_has, options_qemu_takes_value,
						      options_qemu_judge };
	int ret;

	*config = (struct config){ .console = "stdio",
				   .memory = OPTIONS_MEMORY_DEFAULT,
				   .cpus = 1,
				   .grace = OPTIONS_GRACE_DEFAULT,
				   .trace.topics = TRACE_TOPICS_ALL,
				   .trace.rooms = options_calls };
	if (argc > 1)
		config->command = options_find_host_command(argv[1]);
	if (config->command != OPTIONS_RUN)
		return options_parse_host(config, argc - 1, argv + 1);
	argc = options_cut_command(config, argc, argv);
	if (argc > 1 &&
	    (strcmp(argv[1], "run") == 0 || strncmp(argv[1], "qemu-system-", 12) == 0)) {
		argc--;
		argv++;
	}
	ret = options_read(config, options_rows, argc, argv, options_refuse_word, &others,
			   "unknown option; minivmm --help lists them");
	config->trace.times = config->stats;
	options_apply_faults(config);
	if (ret == 0)
		ret = options_apply_settings(config);
	if (ret == 0)
		ret = options_check_chardev(config);
	if (ret == 0)
		ret = options_check_devices(config);
	if (ret == 0)
		ret = options_check_places(config);
	if (ret == 0)
		ret = options_check_firmware(config);
	if (ret == 0)
		ret = options_check_laptop(config);
	if (ret == 0)
		ret = options_check_ports(config);
	return ret < 0 ? ret : options_check(config);
}
