/* SPDX-License-Identifier: MIT */
#include "options_qemu.h"

#include <errno.h>
#include <fnmatch.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "options_values.h"
#include "vmm/guest_ram.h"
#include "vmm/trace/log.h"
#include "vmm/trace/macros.h"

enum qemu_verdict { QEMU_SILENT, QEMU_NOTED, QEMU_REFUSED };

struct qemu_word {
	const char *option;
	const char *pattern; /* fnmatch(3), of one word of the value; NULL: there is no value */
	enum qemu_verdict verdict;
	const char *words; /* NULL for QEMU_SILENT */
};

#define ONE_SHAPE "minivmm has one kind of machine; ignored"
#define OWN_CPUS  "a guest has the CPUs of this host; ignored"
#define USE_DISK                                                                                   \
	"use --disk FILE for a disk image, or pass the disk's controller through by --vfio BDF"
#define USE_NET                                                                                    \
	"pass a network card through by --vfio BDF, or use --vhost-user net,socket=PATH with a "   \
	"server such as passt"
#define USE_GPU                                                                                    \
	"minivmm emulates no display: pass a GPU through by --vfio BDF, or use the console of "    \
	"this terminal"
#define USE_SOUND "minivmm emulates no sound: pass a sound card through by --vfio BDF"
#define USE_USB   "minivmm emulates no USB: pass a USB controller through by --vfio BDF"
#define USE_QMP   "minivmm has no monitor: Ctrl-A h helps, --qmp unix:PATH is for programs"

/* The first row whose option and pattern fit decides; an option is listed in one place. */
static const struct qemu_word qemu_words[] = {
	/* what minivmm does anyway */
	{ "enable-kvm", NULL, QEMU_SILENT, NULL },
	{ "accel", "kvm", QEMU_SILENT, NULL },
	{ "accel", "*=*", QEMU_NOTED, "an accelerator's property; ignored" },
	{ "accel", "*", QEMU_REFUSED, "a passed-through device needs KVM: -accel kvm" },
	{ "nodefaults", NULL, QEMU_SILENT, NULL },
	{ "no-user-config", NULL, QEMU_SILENT, NULL },
	{ "nographic", NULL, QEMU_SILENT, NULL },
	{ "no-hpet", NULL, QEMU_SILENT, NULL },
	{ "no-fd-bootchk", NULL, QEMU_SILENT, NULL },
	{ "no-kvm-pit-reinjection", NULL, QEMU_SILENT, NULL },
	{ "nodefconfig", NULL, QEMU_SILENT, NULL },
	{ "no-quit", NULL, QEMU_SILENT, NULL },
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

	/* names, and what a guest hardly notices */
	{ "name", "*", QEMU_SILENT, NULL },
	{ "uuid", "*", QEMU_NOTED, "a guest has no UUID; ignored" },
	{ "id", "*", QEMU_SILENT, NULL },
	{ "compat", "*", QEMU_SILENT, NULL },
	{ "add-fd", "*", QEMU_NOTED, "give an open device by --vfio fd=N; ignored" },
	{ "set", "*", QEMU_NOTED, "a property of QEMU's own devices; ignored" },
	{ "tb-size", "*", QEMU_NOTED, "guests run on KVM; ignored" },
	{ "singlestep", NULL, QEMU_NOTED, "guests run on KVM; ignored" },
	{ "perfmap", NULL, QEMU_NOTED, "guests run on KVM; ignored" },
	{ "jitdump", NULL, QEMU_NOTED, "guests run on KVM; ignored" },
	{ "win2k-hack", NULL, QEMU_NOTED, "ignored" },
	{ "alt-grab", NULL, QEMU_NOTED, "there is no window; ignored" },
	{ "ctrl-grab", NULL, QEMU_NOTED, "there is no window; ignored" },
	{ "no-frame", NULL, QEMU_NOTED, "there is no window; ignored" },
	{ "watchdog", "*", QEMU_NOTED, "a guest has no watchdog; ignored" },
	{ "watchdog-action", "*", QEMU_NOTED, "a guest has no watchdog; ignored" },
	{ "action", "reboot=shutdown", QEMU_NOTED, "--no-reboot does that; ignored" },
	{ "action", "*", QEMU_NOTED, "a guest that panics ends minivmm with status 3; ignored" },
	{ "run-with", "user=*", QEMU_NOTED, "start minivmm as that user; ignored" },
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
	{ "machine", "kernel[-_]irqchip=*", QEMU_NOTED, "interrupts are the kernel's; ignored" },
	{ "machine", "usb=off", QEMU_SILENT, NULL },
	{ "machine", "vmport=off", QEMU_SILENT, NULL },
	{ "machine", "dump-guest-core=off", QEMU_SILENT, NULL },
	{ "machine", "mem-merge=off", QEMU_SILENT, NULL },
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
	{ "boot", "*", QEMU_NOTED, "a guest boots what is given it; ignored" },
	{ "k", "*", QEMU_NOTED, "a guest has no keyboard of minivmm's; ignored" },
	{ "no-shutdown", NULL, QEMU_NOTED, "a guest that powers off ends minivmm; ignored" },
	{ "no-acpi", NULL, QEMU_NOTED, "a guest has ACPI; ignored" },
	{ "pidfile", "*", QEMU_NOTED, "ignored" },
	{ "sandbox", "*", QEMU_NOTED, "ignored" },
	{ "runas", "*", QEMU_NOTED, "ignored: start minivmm as that user" },
	{ "global", "*", QEMU_NOTED, "a property of QEMU's own devices; ignored" },
	{ "smbios", "*", QEMU_NOTED, "ignored" },
	{ "L", "*", QEMU_NOTED, "minivmm reads no files of QEMU's; ignored" },
	{ "D", "*", QEMU_NOTED, "messages are standard error; ignored" },
	{ "d", "*", QEMU_NOTED, "--trace FILE shows what minivmm does; ignored" },
	{ "numa", "*", QEMU_NOTED, "a guest has one NUMA node; ignored" },
	{ "usb", NULL, QEMU_NOTED, USE_USB },

	/* what minivmm has not */
	{ "usbdevice", "*", QEMU_REFUSED, USE_USB },
	{ "hdc", "*", QEMU_REFUSED, USE_DISK },
	{ "hdd", "*", QEMU_REFUSED, USE_DISK },
	{ "fdb", "*", QEMU_REFUSED, USE_DISK },
	{ "sd", "*", QEMU_REFUSED, USE_DISK },
	{ "mtdblock", "*", QEMU_REFUSED, USE_DISK },
	{ "pflash", "*", QEMU_REFUSED, "use --firmware FILE,vars=FILE" },
	{ "acpitable", "*", QEMU_REFUSED, "minivmm writes ACPI's tables itself" },
	{ "mon", "*", QEMU_REFUSED, USE_QMP },
	{ "debugcon", "*", QEMU_REFUSED, "use --console stdio, none, pty or file:PATH" },
	{ "semihosting", NULL, QEMU_REFUSED, "guests run on KVM, which has none" },
	{ "icount", "*", QEMU_REFUSED, "guests run on KVM, which counts no instructions" },
	{ "plugin", "*", QEMU_REFUSED, "guests run on KVM, which has no plugins" },
	{ "writeconfig", "*", QEMU_REFUSED, "minivmm writes no configuration file" },
	{ "pcidevice", "*", QEMU_REFUSED, "use --vfio BDF: that was KVM's own way, before VFIO" },
	{ "hda", "*", QEMU_REFUSED, USE_DISK },
	{ "hdb", "*", QEMU_REFUSED, USE_DISK },
	{ "cdrom", "*", QEMU_REFUSED, USE_DISK },
	{ "fda", "*", QEMU_REFUSED, USE_DISK },
	{ "blockdev", "*", QEMU_REFUSED, USE_DISK },
	{ "snapshot", NULL, QEMU_REFUSED, "use --disk FILE,readonly=on" },
	{ "virtfs", "*", QEMU_REFUSED, "use --share DIR" },
	{ "fsdev", "*", QEMU_REFUSED, "use --share DIR" },
	{ "netdev", "*", QEMU_REFUSED, USE_NET },
	{ "chardev", "*", QEMU_REFUSED, "use --console stdio, none, pty or file:PATH" },
	{ "spice", "*", QEMU_REFUSED, USE_GPU },
	{ "vnc", "*", QEMU_REFUSED, USE_GPU },
	{ "full-screen", NULL, QEMU_REFUSED, USE_GPU },
	{ "audiodev", "*", QEMU_REFUSED, USE_SOUND },
	{ "audio", "*", QEMU_REFUSED, USE_SOUND },
	{ "soundhw", "*", QEMU_REFUSED, USE_SOUND },
	{ "tpmdev", "*", QEMU_REFUSED, "minivmm has no TPM" },
	{ "daemonize", NULL, QEMU_REFUSED,
	  "minivmm stays in the foreground: start it by systemd-run" },
	{ "S", NULL, QEMU_REFUSED, "a guest runs from its start" },
	{ "s", NULL, QEMU_REFUSED,
	  "minivmm serves no debugger; --trace FILE shows exits and calls" },
	{ "gdb", "*", QEMU_REFUSED,
	  "minivmm serves no debugger; --trace FILE shows exits and calls" },
	{ "incoming", "*", QEMU_REFUSED, "a guest with a passed-through device does not migrate" },
	{ "loadvm", "*", QEMU_REFUSED, "minivmm keeps no snapshots" },
	{ "readconfig", "*", QEMU_REFUSED, "minivmm reads no configuration file" },
	{ "fw_cfg", "*", QEMU_REFUSED, "minivmm takes no files for firmware but --firmware" },
	{ "dtb", "*", QEMU_REFUSED, "minivmm writes the device tree itself; --dump-dtb shows it" },
};

/* What -device asks for beside vfio-pci, by the model's name. */
static const struct qemu_word qemu_devices[] = {
	{ "device", "pcie-root-port", QEMU_NOTED, "devices sit on the root bus; ignored" },
	{ "device", "ioh3420", QEMU_NOTED, "devices sit on the root bus; ignored" },
	{ "device", "pxb-pcie", QEMU_NOTED, "devices sit on the root bus; ignored" },
	{ "device", "pci-bridge", QEMU_NOTED, "devices sit on the root bus; ignored" },
	{ "device", "pcie-pci-bridge", QEMU_NOTED, "devices sit on the root bus; ignored" },
	{ "device", "i82801b11-bridge", QEMU_NOTED, "devices sit on the root bus; ignored" },
	{ "device", "x3130-upstream", QEMU_NOTED, "devices sit on the root bus; ignored" },
	{ "device", "xio3130-downstream", QEMU_NOTED, "devices sit on the root bus; ignored" },
	{ "device", "virtio-serial*", QEMU_NOTED, "there is no agent to talk to; ignored" },
	{ "device", "virtserialport", QEMU_NOTED, "there is no agent to talk to; ignored" },
	{ "device", "vmcoreinfo", QEMU_NOTED, "ignored" },
	{ "device", "vmgenid", QEMU_NOTED, "ignored" },
	{ "device", "isa-debugcon", QEMU_NOTED, "ignored" },
	{ "device", "i6300esb", QEMU_NOTED, "a guest has no watchdog; ignored" },
	{ "device", "itco-wdt", QEMU_NOTED, "a guest has no watchdog; ignored" },
	{ "device", "virtio-balloon*", QEMU_NOTED, "a guest has all of its RAM; ignored" },
	{ "device", "virtio-rng*", QEMU_NOTED, "a guest has the CPU's random numbers; ignored" },
	{ "device", "pvpanic*", QEMU_SILENT, NULL },
	{ "device", "virtio-blk*", QEMU_REFUSED, USE_DISK },
	{ "device", "virtio-scsi*", QEMU_REFUSED, USE_DISK },
	{ "device", "scsi-*", QEMU_REFUSED, USE_DISK },
	{ "device", "ide-*", QEMU_REFUSED, USE_DISK },
	{ "device", "*ahci*", QEMU_REFUSED, USE_DISK },
	{ "device", "nvme*", QEMU_REFUSED, USE_DISK },
	{ "device", "vhost-user-*", QEMU_REFUSED, "use --vhost-user blk|fs|net,socket=PATH" },
	{ "device", "vfio-user-pci", QEMU_REFUSED, "use --vfio-user SOCKET" },
	{ "device", "virtio-net*", QEMU_REFUSED, USE_NET },
	{ "device", "e1000*", QEMU_REFUSED, USE_NET },
	{ "device", "rtl8139", QEMU_REFUSED, USE_NET },
	{ "device", "igb", QEMU_REFUSED, USE_NET },
	{ "device", "virtio-iommu*", QEMU_REFUSED, "a guest has no IOMMU of its own" },
	{ "device", "amd-iommu*", QEMU_REFUSED, "a guest has no IOMMU of its own" },
	{ "device", "virtio-keyboard*", QEMU_REFUSED, USE_USB },
	{ "device", "virtio-mouse*", QEMU_REFUSED, USE_USB },
	{ "device", "virtio-tablet*", QEMU_REFUSED, USE_USB },
	{ "device", "virtio-input-host*", QEMU_REFUSED, USE_USB },
	{ "device", "*ohci*", QEMU_REFUSED, USE_USB },
	{ "device", "*uhci*", QEMU_REFUSED, USE_USB },
	{ "device", "tpm-*", QEMU_REFUSED, "minivmm has no TPM" },
	{ "device", "isa-applesmc", QEMU_REFUSED,
	  "minivmm emulates no Apple machine: macOS does not start in it" },
	{ "device", "vmxnet3", QEMU_REFUSED, USE_NET },
	{ "device", "vfio-ap", QEMU_REFUSED, "only PCI devices are passed through" },
	{ "device", "vfio-ccw", QEMU_REFUSED, "only PCI devices are passed through" },
	{ "device", "vfio-*platform*", QEMU_REFUSED, "only PCI devices are passed through" },
	{ "device", "pci-assign", QEMU_REFUSED,
	  "use --vfio BDF: that was KVM's own way, before VFIO" },
	{ "device", "virtio-9p*", QEMU_REFUSED, "use --share DIR" },
	{ "device", "virtio-vga*", QEMU_REFUSED, USE_GPU },
	{ "device", "virtio-gpu*", QEMU_REFUSED, USE_GPU },
	{ "device", "qxl*", QEMU_REFUSED, USE_GPU },
	{ "device", "*VGA*", QEMU_REFUSED, USE_GPU },
	{ "device", "ramfb", QEMU_REFUSED, USE_GPU },
	{ "device", "bochs-display", QEMU_REFUSED, USE_GPU },
	{ "device", "ivshmem*", QEMU_REFUSED, "minivmm shares no memory with other programs" },
	{ "device", "intel-iommu*", QEMU_REFUSED, "a guest has no IOMMU of its own" },
	{ "device", "*hda*", QEMU_REFUSED, USE_SOUND },
	{ "device", "ac97", QEMU_REFUSED, USE_SOUND },
	{ "device", "*usb*", QEMU_REFUSED, USE_USB },
	{ "device", "*xhci*", QEMU_REFUSED, USE_USB },
	{ "device", "*ehci*", QEMU_REFUSED, USE_USB },
	{ "device", "virtio-*", QEMU_REFUSED,
	  "minivmm emulates none; --disk, --share and --vhost-user are what it has" },
	{ "device", "*", QEMU_REFUSED,
	  "only vfio-pci,host=BDF is known: minivmm emulates no devices, it passes them through" },
};

/* What -object makes beside iommufd, by its type. */
static const struct qemu_word qemu_objects[] = {
	{ "object", "memory-backend-ram", QEMU_SILENT, NULL },
	{ "object", "memory-backend-memfd", QEMU_SILENT, NULL },
	{ "object", "memory-backend-file", QEMU_SILENT, NULL },
	{ "object", "rng-*", QEMU_SILENT, NULL },
	{ "object", "iothread", QEMU_SILENT, NULL },
	{ "object", "thread-context", QEMU_NOTED, "--cpus N,pin=LIST places CPUs; ignored" },
	{ "object", "throttle-group", QEMU_NOTED, "ignored" },
	{ "object", "secret*", QEMU_SILENT, NULL },
	{ "object", "tls-*", QEMU_SILENT, NULL },
	{ "object", "authz-*", QEMU_SILENT, NULL },
	{ "object", "input-*", QEMU_REFUSED, USE_USB },
	{ "object", "filter-*", QEMU_REFUSED, USE_NET },
	{ "object", "sev-*", QEMU_REFUSED, "minivmm starts no confidential guests" },
	{ "object", "tdx-*", QEMU_REFUSED, "minivmm starts no confidential guests" },
	{ "object", "*", QEMU_REFUSED, "only iommufd,id=ID is known" },
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

/* `value` is what is meant of the option's value, or "". */
static int qemu_say(const struct qemu_word *word, const char *value)
{
	char option[32];

	snprintf(option, sizeof(option), "-%s", word->option);
	if (word->verdict == QEMU_NOTED)
		log_info(option, "%s%s%s", value, *value ? ": " : "", word->words);
	else if (word->verdict == QEMU_REFUSED)
		log_error(option, "%s%s%s", value, *value ? ": " : "", word->words);
	return word->verdict == QEMU_REFUSED ? -EINVAL : 0;
}

/* A list of words is judged word by word, and each verdict that says something said once. */
int options_qemu_judge(const char *name, size_t length, char *value)
{
	const struct qemu_word *said = NULL, *word;
	char *part;
	int ret = 0;

	if (!value)
		return qemu_say(qemu_find(name, length, NULL), "");
	while (ret == 0 && (part = strsep(&value, ","))) {
		word = qemu_find(name, length, part);
		if (!word || word == said)
			continue;
		ret = qemu_say(word, part);
		if (word->verdict != QEMU_SILENT)
			said = word;
	}
	return ret;
}

/* The first row that fits; the last one fits all. */
static int qemu_judge_kind(const struct qemu_word *word, const char *kind)
{
	while (fnmatch(word->pattern, kind, 0) != 0)
		word++;
	return qemu_say(word, kind);
}

int options_qemu_judge_device(const char *model)
{
	return qemu_judge_kind(qemu_devices, model);
}

/* Where guest RAM is a file in hugetlbfs, it shall be made of huge pages. */
int options_qemu_judge_object(struct config *config, const char *type, const char *words)
{
	const char *path = words ? strstr(words, "mem-path=/dev/hugepages") : NULL;
	bool huge = words && strstr(words, "hugetlb=on");

	if ((path && strcmp(type, "memory-backend-file") == 0) ||
	    (huge && strcmp(type, "memory-backend-memfd") == 0))
		config->huge_page = RAM_HUGE_DEFAULT;
	return qemu_judge_kind(qemu_objects, type);
}

bool options_qemu_is_trace(const char *value)
{
	return strncmp(value, "enable=", 7) == 0 || strncmp(value, "events=", 7) == 0 ||
	       strchr(value, '*');
}

/* ---- JSON ---- */

/* A string or a bare word of JSON at *from, which moves behind it; its bytes go to *to. */
static bool json_take(const char **from, char **to)
{
	bool quoted = **from == '"';

	for (*from += quoted; **from && (quoted ? **from != '"' : !strchr(",}: ", **from));) {
		if (**from == '\\' || strchr("{[", **from))
			return false; /* nothing that names a device needs them */
		if (**from == ',')
			*(*to)++ = ','; /* which is how a list of words says it */
		*(*to)++ = *(*from)++;
	}
	if (quoted && **from != '"')
		return false;
	*from += quoted;
	return true;
}

/* In a list it is on or off. */
static void json_end_value(char *start, char **to)
{
	**to = '\0';
	if (strcmp(start, "true") == 0)
		*to = stpcpy(start, "on");
	else if (strcmp(start, "false") == 0)
		*to = stpcpy(start, "off");
}

/* One `"key":value`. The first key's value stands alone: it is the kind. */
static bool json_take_pair(const char **from, char **to, bool first)
{
	char *start = *to, *value;

	*from += strspn(*from, " ");
	if (**from != '"' || !json_take(from, to))
		return false;
	*from += strspn(*from, " ");
	if (*(*from)++ != ':')
		return false;
	*from += strspn(*from, " ");
	if (first)
		*to = start;
	else
		*(*to)++ = '=';
	value = *to;
	if (!json_take(from, to))
		return false;
	json_end_value(value, to);
	*from += strspn(*from, " ");
	return **from == ',' || **from == '}';
}

/* The object as a list of words; false if it is none that can be one. */
static bool json_flatten(const char *from, char *to)
{
	bool good, first = true;

	do {
		from++;
		if (!first)
			*to++ = ',';
		good = json_take_pair(&from, &to, first);
		first = false;
	} while (good && *from == ',');
	*to = '\0';
	return good && strcmp(from, "}") == 0;
}

/* Commas in values are doubled, so a strange one could become longer than it was. */
int options_qemu_flatten(char *text)
{
	char words[2 * OPTIONS_QEMU_JSON_MAX] = "";
	size_t size = strlen(text);

	if (text[0] != '{')
		return 0;
	if (size < OPTIONS_QEMU_JSON_MAX && json_flatten(text, words) && strlen(words) <= size) {
		strcpy(text, words);
		return 0;
	}
	log_error("JSON", "expected one flat object, whose first member is driver or qom-type");
	return -EINVAL;
}

int options_set_qemu_serial(struct config *config, char *value)
{
	if (strncmp(value, "mon:", 4) == 0)
		value += 4;
	if (strcmp(value, "null") == 0)
		strcpy(value, "none");
	return options_set_console(config, value);
}

int options_set_qemu_mem_path(struct config *config, char *value)
{
	if (strstr(value, "hugepages")) {
		config->huge_page = RAM_HUGE_DEFAULT;
		return 0;
	}
	log_error("-mem-path", "%s: use --memory SIZE,hugepages=on for huge pages", value);
	return -EINVAL;
}
