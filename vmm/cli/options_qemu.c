/* SPDX-License-Identifier: MIT */
#include "options_qemu.h"

#include <errno.h>
#include <fnmatch.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "options_json.h"
#include "options_qemu_words.h"
#include "options_values.h"
#include "vmm/guest_ram.h"
#include "vmm/trace/log.h"
#include "vmm/trace/macros.h"

/* The first row whose option and pattern match decides. All rows of an option are in one place. */
static const struct qemu_word qemu_words[] = {
	/* what minivmm does anyway */
	{ "enable-kvm", NULL, QEMU_SILENT, NULL },
	{ "accel", "kvm", QEMU_SILENT, NULL },
	{ "accel", "accel=kvm", QEMU_SILENT, NULL },
	{ "accel", "*=*", QEMU_NOTED, "an accelerator's property; ignored" },
	{ "accel", "*", QEMU_REFUSED, "a passed-through device needs KVM: -accel kvm" },
	{ "nodefaults", NULL, QEMU_SILENT, NULL },
	{ "no-user-config", NULL, QEMU_SILENT, NULL },
	{ "nographic", NULL, QEMU_SILENT, NULL },
	{ "no-hpet", NULL, QEMU_SILENT, NULL },
	{ "async-teardown", NULL, QEMU_SILENT, NULL },
	{ "enable-sync-profile", NULL, QEMU_SILENT, NULL },
	{ "no-fd-bootchk", NULL, QEMU_SILENT, NULL },
	{ "no-kvm-pit-reinjection", NULL, QEMU_SILENT, NULL },
	{ "nodefconfig", NULL, QEMU_SILENT, NULL },
	{ "no-quit", NULL, QEMU_SILENT, NULL },
	{ "no-kvm-pit", NULL, QEMU_SILENT, NULL },
	{ "tdf", NULL, QEMU_SILENT, NULL },
	{ "rtc-td-hack", NULL, QEMU_SILENT, NULL },
	{ "realtime", "mlock=*", QEMU_SILENT, NULL },
	{ "realtime", "*", QEMU_NOTED, "ignored" },
	{ "balloon", "none", QEMU_SILENT, NULL },
	{ "balloon", "*", QEMU_NOTED, "a guest has all of its RAM; ignored" },
	{ "vga", "none", QEMU_SILENT, NULL },
	{ "vga", "*", QEMU_REFUSED, USE_GPU },
	{ "display", "none", QEMU_SILENT, NULL },
	{ "display", "*", QEMU_REFUSED, USE_GPU },
	{ "net", "none", QEMU_SILENT, NULL },
	{ "net", "*", QEMU_REFUSED, USE_NET },
	{ "nic", "none", QEMU_SILENT, NULL },
	{ "nic", "*", QEMU_REFUSED, USE_NET },
	{ "monitor", "none", QEMU_SILENT, NULL },
	{ "monitor", "*", QEMU_NOTED, USE_QMP },
	{ "parallel", "none", QEMU_SILENT, NULL },
	{ "parallel", "*", QEMU_NOTED, "a guest has no parallel port; ignored" },
	{ "mem-prealloc", NULL, QEMU_SILENT, NULL },
	{ "overcommit", "mem-lock=*", QEMU_SILENT, NULL },
	{ "overcommit", "*", QEMU_NOTED, "ignored" },
	{ "msg", "*", QEMU_SILENT, NULL },

	/* names, and things that a guest hardly notices */
	{ "name", "*", QEMU_SILENT, NULL },
	{ "uuid", "*", QEMU_NOTED, "a guest has no UUID; ignored" },
	{ "id", "*", QEMU_SILENT, NULL },
	{ "compat", "*", QEMU_SILENT, NULL },
	{ "add-fd", "*", QEMU_NOTED, "give an open device by --vfio fd=N; ignored" },
	{ "set", "*", QEMU_NOTED, "a property of what a guest has not; ignored" },
	{ "tb-size", "*", QEMU_NOTED, "guests run on KVM; ignored" },
	{ "singlestep", NULL, QEMU_NOTED, "guests run on KVM; ignored" },
	{ "perfmap", NULL, QEMU_NOTED, "guests run on KVM; ignored" },
	{ "jitdump", NULL, QEMU_NOTED, "guests run on KVM; ignored" },
	{ "win2k-hack", NULL, QEMU_NOTED, "ignored" },
	{ "alt-grab", NULL, QEMU_NOTED, "there is no window; ignored" },
	{ "ctrl-grab", NULL, QEMU_NOTED, "there is no window; ignored" },
	{ "no-frame", NULL, QEMU_NOTED, "there is no window; ignored" },
	{ "show-cursor", NULL, QEMU_NOTED, "there is no window; ignored" },
	{ "g", "*", QEMU_NOTED, "there is no window; ignored" },
	{ "no-kvm-irqchip", NULL, QEMU_NOTED,
	  "the interrupt controllers are always the kernel's; ignored" },
	{ "kvm-shadow-memory", "*", QEMU_NOTED, "the kernel decides about it; ignored" },
	{ "localtime", NULL, QEMU_NOTED, "the guest's clock is UTC; ignored" },
	{ "startdate", "*", QEMU_NOTED, "the guest's clock is the host's; ignored" },
	{ "clock", "*", QEMU_NOTED, "ignored" },
	{ "old-param", NULL, QEMU_NOTED, "kernels get a device tree or ACPI; ignored" },
	{ "qtest-log", "*", QEMU_NOTED, "--trace FILE shows what minivmm does; ignored" },
	{ "nvram", "*", QEMU_NOTED, "--firmware FILE,vars=FILE keeps variables; ignored" },
	{ "prom-env", "*", QEMU_NOTED, "a variable of Open Firmware's; ignored" },
	{ "watchdog", "*", QEMU_NOTED, "a guest has no watchdog; ignored" },
	{ "watchdog-action", "*", QEMU_NOTED, "a guest has no watchdog; ignored" },
	{ "action", "reboot=shutdown", QEMU_NOTED, "--no-reboot does that; ignored" },
	{ "action", "*", QEMU_NOTED, "a guest that panics ends minivmm with status 3; ignored" },
	{ "run-with", "user=*", QEMU_NOTED, "--user NAME does that; ignored" },
	{ "run-with", "*", QEMU_NOTED, "ignored" },
	{ "only-migratable", NULL, QEMU_REFUSED,
	  "a guest with a passed-through device does not migrate" },
	{ "machine", "accel=kvm", QEMU_SILENT, NULL },
	{ "machine", "accel=kvm:*", QEMU_SILENT, NULL },
	{ "machine", "hpet=off", QEMU_SILENT, NULL },
	{ "machine", "acpi=on", QEMU_SILENT, NULL },
	{ "machine", "i8042=off", QEMU_SILENT, NULL },
	{ "machine", "graphics=off", QEMU_SILENT, NULL },
	{ "machine", "sata=off", QEMU_SILENT, NULL },
	{ "machine", "memory-backend=*", QEMU_SILENT, NULL },
	{ "machine", "accel=*", QEMU_REFUSED, "a passed-through device needs KVM: accel=kvm" },
	{ "machine", "kernel[-_]irqchip=on", QEMU_SILENT, NULL },
	{ "machine", "kernel[-_]irqchip=*", QEMU_NOTED,
	  "the interrupt controllers are always the kernel's; ignored" },
	{ "machine", "usb=off", QEMU_SILENT, NULL },
	{ "machine", "vmport=off", QEMU_SILENT, NULL },
	{ "machine", "dump-guest-core=off", QEMU_SILENT, NULL },
	{ "machine", "mem-merge=off", QEMU_SILENT, NULL },
	{ "machine", "pflash[01]=*", QEMU_REFUSED, USE_FIRMWARE },
	{ "machine", "firmware=*", QEMU_REFUSED, USE_FIRMWARE },
	{ "machine", "kernel=*", QEMU_REFUSED, "use --kernel FILE" },
	{ "machine", "initrd=*", QEMU_REFUSED, "use --initrd FILE" },
	{ "machine", "append=*", QEMU_REFUSED, "use --append TEXT" },
	{ "machine", "shim=*", QEMU_REFUSED, USE_FIRMWARE },
	{ "machine", "dtb=*", QEMU_REFUSED, OWN_TREE },
	{ "machine", "dumpdtb=*", QEMU_REFUSED, OWN_TREE },
	{ "machine", "smp.*", QEMU_REFUSED, "use --cpus N" },
	{ "machine", "memory.*", QEMU_REFUSED, "use --memory SIZE" },
	{ "machine", "confidential-guest-support=*", QEMU_REFUSED, NOT_CONFIDENTIAL },
	{ "machine", "memory-encryption=*", QEMU_REFUSED, NOT_CONFIDENTIAL },
	{ "machine", "type=*", QEMU_NOTED, ONE_SHAPE },
	{ "machine", "smm=on", QEMU_NOTED, "a guest has no SMM; ignored" },
	{ "machine", "*", QEMU_NOTED, ONE_SHAPE },
	{ "cpu", "host", QEMU_SILENT, NULL },
	{ "cpu", "max", QEMU_SILENT, NULL },
	{ "cpu", "kvm=o[nf]*", QEMU_SILENT, NULL },
	{ "cpu", "migratable=*", QEMU_SILENT, NULL },
	{ "cpu", "host-cache-info=*", QEMU_SILENT, NULL },
	{ "cpu", "*", QEMU_NOTED, OWN_CPUS },
	{ "rtc", "*", QEMU_NOTED, "the guest's clock is UTC; ignored" },
	{ "boot", "*", QEMU_NOTED, "a guest boots what it is given; ignored" },
	{ "k", "*", QEMU_NOTED, "minivmm emulates no keyboard; ignored" },
	{ "S", NULL, QEMU_NOTED, "a guest runs from its start; ignored" },
	{ "no-shutdown", NULL, QEMU_NOTED, "a guest that powers off ends minivmm; ignored" },
	{ "no-acpi", NULL, QEMU_NOTED, "a guest has ACPI; ignored" },
	{ "pidfile", "*", QEMU_NOTED, "ignored" },
	{ "sandbox", "*", QEMU_NOTED, "ignored" },
	{ "runas", "*", QEMU_NOTED, "--user NAME does that; ignored" },
	{ "chroot", "*", QEMU_NOTED, "minivmm gives up all paths itself; ignored" },
	{ "echr", "*", QEMU_NOTED, "the key is Ctrl-A; ignored" },
	{ "seed", "*", QEMU_NOTED, "a guest has the CPU's random numbers; ignored" },
	{ "dfilter", "*", QEMU_NOTED, "--trace FILE shows what minivmm does; ignored" },
	{ "iscsi", "*", QEMU_NOTED, "minivmm reads no disk by iSCSI; ignored" },
	{ "readconfig", "*/pve-*", QEMU_NOTED,
	  "Proxmox' own list of bridges: a device that names a port of it gets one; ignored" },
	{ "global", "*pci-hole64-size=*", QEMU_NOTED,
	  "the window for BARs fits the devices; ignored" },
	{ "global", "*", QEMU_NOTED, "a property of QEMU's own devices; ignored" },
	{ "smbios", "*", QEMU_NOTED, "ignored" },
	{ "L", "*", QEMU_NOTED, "minivmm reads no files of QEMU's; ignored" },
	{ "D", "*", QEMU_NOTED, "messages go to standard error; ignored" },
	{ "d", "*", QEMU_NOTED, "--trace FILE shows what minivmm does; ignored" },
	{ "numa", "*", QEMU_NOTED, "a guest has one NUMA node; ignored" },
	{ "usb", NULL, QEMU_NOTED, USE_USB },

	/* what minivmm does not have */
	{ "usbdevice", "*", QEMU_REFUSED, USE_USB },
	{ "hdc", "*", QEMU_REFUSED, USE_DISK },
	{ "hdd", "*", QEMU_REFUSED, USE_DISK },
	{ "fdb", "*", QEMU_REFUSED, USE_DISK },
	{ "sd", "*", QEMU_REFUSED, USE_DISK },
	{ "mtdblock", "*", QEMU_REFUSED, USE_DISK },
	{ "pflash", "*", QEMU_REFUSED, USE_FIRMWARE },
	{ "option-rom", "*", QEMU_REFUSED, "use --vfio BDF,romfile=FILE for a device's ROM" },
	{ "shim", "*", QEMU_REFUSED, USE_FIRMWARE },
	{ "acpitable", "*", QEMU_REFUSED, "minivmm writes ACPI's tables itself" },
	{ "debugcon", "*", QEMU_REFUSED, "use --console stdio, none, pty or file:PATH" },
	{ "semihosting", NULL, QEMU_REFUSED, "guests run on KVM, which has none" },
	{ "semihosting-config", "*", QEMU_REFUSED, "guests run on KVM, which has none" },
	{ "qtest", "*", QEMU_REFUSED, "a guest runs on KVM; --testdev adds a device for tests" },
	{ "no-kvm", NULL, QEMU_REFUSED, "a passed-through device needs KVM" },
	{ "enable-hax", NULL, QEMU_REFUSED, "a passed-through device needs KVM: -accel kvm" },
	{ "icount", "*", QEMU_REFUSED, "guests run on KVM, which counts no instructions" },
	{ "plugin", "*", QEMU_REFUSED, "guests run on KVM, which has no plugins" },
	{ "writeconfig", "*", QEMU_REFUSED, "minivmm writes no configuration file" },
	{ "pcidevice", "*", QEMU_REFUSED,
	  "use --vfio BDF: this was KVM's own passthrough, before VFIO" },
	{ "hda", "*", QEMU_REFUSED, USE_DISK },
	{ "hdb", "*", QEMU_REFUSED, USE_DISK },
	{ "cdrom", "*", QEMU_REFUSED, USE_DISK },
	{ "fda", "*", QEMU_REFUSED, USE_DISK },
	{ "blockdev", "*", QEMU_REFUSED,
	  "use --disk FILE for a disk image, --firmware FILE,vars=FILE for firmware" },
	{ "snapshot", NULL, QEMU_REFUSED, "use --disk FILE,readonly=on" },
	{ "virtfs", "*", QEMU_REFUSED, "use --share DIR" },
	{ "fsdev", "*", QEMU_REFUSED, "use --share DIR" },
	{ "netdev", "*", QEMU_REFUSED, USE_NET },
	{ "redir", "*", QEMU_REFUSED, USE_NET },
	{ "tftp", "*", QEMU_REFUSED, USE_NET },
	{ "bootp", "*", QEMU_REFUSED, USE_NET },
	{ "smb", "*", QEMU_REFUSED, "use --share DIR" },
	{ "bt", "*", QEMU_REFUSED, USE_USB },
	{ "sdl", NULL, QEMU_REFUSED, USE_GPU },
	{ "curses", NULL, QEMU_REFUSED, USE_GPU },
	{ "std-vga", NULL, QEMU_REFUSED, USE_GPU },
	{ "vmwarevga", NULL, QEMU_REFUSED, USE_GPU },
	{ "spice", "*", QEMU_REFUSED, USE_GPU },
	{ "vnc", "*", QEMU_REFUSED, USE_GPU },
	{ "full-screen", NULL, QEMU_REFUSED, USE_GPU },
	{ "portrait", NULL, QEMU_REFUSED, USE_GPU },
	{ "rotate", "*", QEMU_REFUSED, USE_GPU },
	{ "audiodev", "none", QEMU_SILENT, NULL },
	{ "audiodev", "id=*", QEMU_SILENT, NULL },
	{ "audiodev", "driver=none", QEMU_SILENT, NULL },
	{ "audiodev", "*", QEMU_REFUSED, USE_SOUND },
	{ "audio", "none", QEMU_SILENT, NULL },
	{ "audio", "driver=none", QEMU_SILENT, NULL },
	{ "audio", "*", QEMU_REFUSED, USE_SOUND },
	{ "soundhw", "*", QEMU_REFUSED, USE_SOUND },
	{ "audio-help", NULL, QEMU_REFUSED, USE_SOUND },
	{ "tpmdev", "*", QEMU_REFUSED, "minivmm has no TPM" },
	{ "daemonize", NULL, QEMU_REFUSED,
	  "minivmm stays in the foreground: start it by systemd-run" },
	{ "s", NULL, QEMU_REFUSED,
	  "minivmm serves no debugger; --trace FILE shows exits and calls" },
	{ "gdb", "*", QEMU_REFUSED,
	  "minivmm serves no debugger; --trace FILE shows exits and calls" },
	{ "xen-domid", "*", QEMU_REFUSED, "guests run on KVM, not on Xen" },
	{ "xen-attach", NULL, QEMU_REFUSED, "guests run on KVM, not on Xen" },
	{ "xen-domid-restrict", NULL, QEMU_REFUSED, "guests run on KVM, not on Xen" },
	{ "preconfig", NULL, QEMU_REFUSED, "a guest runs from its start" },
	{ "dump-vmstate", "*", QEMU_REFUSED,
	  "a guest with a passed-through device does not migrate" },
	{ "incoming", "*", QEMU_REFUSED, "a guest with a passed-through device does not migrate" },
	{ "loadvm", "*", QEMU_REFUSED, "minivmm keeps no snapshots" },
	{ "readconfig", "*", QEMU_REFUSED,
	  "minivmm reads no configuration file: write its words as options" },
	{ "fw_cfg", "*opt/ovmf/X-PciMmio64*", QEMU_NOTED,
	  "the window for BARs fits the devices; ignored" },
	{ "fw_cfg", "string=*", QEMU_SILENT, NULL }, /* of the name before it */
	{ "fw_cfg", "*", QEMU_REFUSED, "minivmm gives firmware no further files" },
	{ "dtb", "*", QEMU_REFUSED, OWN_TREE },
};

/* -M is -machine's other name. */
static bool qemu_is_option(const struct qemu_word *word, const char *name, size_t length)
{
	if (length == 1 && *name == 'M')
		return strcmp(word->option, "machine") == 0;
	return strlen(word->option) == length && strncmp(word->option, name, length) == 0;
}

static const struct qemu_word *qemu_find(const char *name, size_t length, const char *value)
{
	for (size_t i = 0; i < array_size(qemu_words); i++) {
		const struct qemu_word *word = &qemu_words[i];

		if (qemu_is_option(word, name, length) &&
		    (!word->pattern || !value || fnmatch(word->pattern, value, 0) == 0))
			return word;
	}
	return NULL;
}

bool options_qemu_has(const char *name, size_t length)
{
	return qemu_find(name, length, NULL) != NULL;
}

bool options_qemu_takes_value(const char *name, size_t length)
{
	return qemu_find(name, length, NULL)->pattern != NULL;
}

bool options_qemu_is_question(const char *option, const char *value)
{
	const char *last = strrchr(value, ',');

	last = last ? last + 1 : value;
	if (strcmp(last, "help") != 0 && strcmp(last, "?") != 0)
		return false;
	log_error(option, "%s: minivmm has no such list; minivmm --help has its options", value);
	return true;
}

int options_qemu_say(const struct qemu_word *word, const char *value)
{
	char option[32];

	snprintf(option, sizeof(option), "-%s", word->option);
	if (word->verdict == QEMU_NOTED)
		log_info(option, "%s%s%s", value, *value ? ": " : "", word->words);
	else if (word->verdict == QEMU_REFUSED)
		log_error(option, "%s%s%s", value, *value ? ": " : "", word->words);
	return word->verdict == QEMU_REFUSED ? -ENOTSUP : 0;
}

/* Judge a list word by word, and log each verdict once. */
static int qemu_judge_words(const char *name, size_t length, char *words)
{
	const struct qemu_word *said = NULL, *word;
	char *part;
	int ret = 0;

	while (ret == 0 && (part = strsep(&words, ","))) {
		word = qemu_find(name, length, part);
		if (!word || word == said)
			continue;
		ret = options_qemu_say(word, part);
		if (word->verdict != QEMU_SILENT)
			said = word;
	}
	return ret;
}

int options_qemu_judge(const char *name, size_t length, char *value)
{
	const struct qemu_word *any = qemu_find(name, length, NULL);
	char option[32];
	int ret;

	if (!value)
		return options_qemu_say(any, "");
	snprintf(option, sizeof(option), "-%s", any->option);
	if (options_qemu_is_question(option, value))
		return -ENOTSUP;
	ret = options_json_flatten(option, value);
	return ret < 0 ? ret : qemu_judge_words(name, length, value);
}

bool options_qemu_is_trace(const char *value)
{
	return strncmp(value, "enable=", 7) == 0 || strncmp(value, "events=", 7) == 0 ||
	       strchr(value, '*');
}

int options_set_qemu_accel(struct config *config, char *value)
{
	const char *name = value + (strncmp(value, "accel=", 6) ? 0 : 6);

	if (config->accel_kvm)
		return 0;
	config->accel_kvm = strncmp(name, "kvm", strcspn(name, ",:")) == 0;
	return options_qemu_judge("accel", strlen("accel"), value);
}

int options_set_qemu_serial(struct config *config, char *value)
{
	config->serial = NULL;
	if (strncmp(value, "chardev:", 8) == 0) {
		config->serial = value + 8;
		return 0;
	}
	if (strncmp(value, "mon:", 4) == 0)
		value += 4;
	if (strcmp(value, "null") == 0)
		strcpy(value, "none");
	return options_set_console(config, value);
}

int options_set_qemu_mem_path(struct config *config, char *value)
{
	if (strstr(value, "huge")) { /* hugetlbfs, wherever it is mounted */
		config->huge_page = RAM_HUGE_DEFAULT;
		return 0;
	}
	log_error("-mem-path", "%s: use --memory SIZE,hugepages=on for huge pages", value);
	return -EINVAL;
}
