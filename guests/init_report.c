/* SPDX-License-Identifier: MIT */
#include "init_report.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

#define PCI_DEVICES "/sys/bus/pci/devices"
#define DETAIL      "         " /* indent of the lines below a device */
#define POLL_MS     20
#define FOLDER_MAX  512

/* Flags in a device's `resource` file: the kernel's IORESOURCE_ values. */
#define RESOURCE_IO       0x00000100
#define RESOURCE_PREFETCH 0x00002000
#define RESOURCE_MEM_64   0x00100000
#define RESOURCE_UNSET    0x20000000
#define PCI_BARS          6 /* the first lines; the ROM's comes next */

#define PCI_CLASS_BRIDGE 0x06

/* Names of PCI classes, by base class and subclass. A subclass of -1 stands for any. */
static const struct pci_class {
	int base;
	int sub;
	const char *name;
	unsigned int wait_ms; /* how long a thing may take to appear behind its driver */
} pci_classes[] = {
	{ 0x01, 0x06, "SATA controller", 2000 },
	{ 0x01, 0x08, "NVMe controller", 5000 },
	{ 0x01, -1, "Storage controller", 2000 },
	{ 0x02, 0x00, "Ethernet controller", 1000 },
	{ 0x02, -1, "Network controller", 1000 },
	{ 0x03, 0x00, "VGA controller", 0 },
	{ 0x03, -1, "Display controller", 0 },
	{ 0x04, 0x03, "Audio device", 0 },
	{ 0x04, -1, "Multimedia device", 0 },
	{ 0x05, -1, "Memory controller", 0 },
	{ PCI_CLASS_BRIDGE, 0x00, "Host bridge", 0 },
	{ PCI_CLASS_BRIDGE, 0x01, "ISA bridge", 0 },
	{ PCI_CLASS_BRIDGE, 0x04, "PCI bridge", 0 },
	{ PCI_CLASS_BRIDGE, -1, "Bridge", 0 },
	{ 0x07, 0x00, "Serial controller", 0 },
	{ 0x07, -1, "Communication device", 0 },
	{ 0x08, 0x05, "SD host controller", 2000 },
	{ 0x08, -1, "System device", 0 },
	{ 0x09, -1, "Input controller", 0 },
	/* usb-storage waits a second (delay_use) before it looks at a stick */
	{ 0x0c, 0x03, "USB controller", 2000 },
	{ 0x0c, 0x05, "SMBus controller", 0 },
	{ 0x0c, -1, "Serial bus controller", 0 },
	{ 0x10, -1, "Encryption device", 0 },
	{ 0x12, -1, "Accelerator", 0 },
};

/* What a driver can make: entries of a folder of sysfs whose names begin so. */
static const struct outcome {
	const char *folder;
	const char *prefix;
	const char *name;
	const char *attribute; /* a value worth showing, or NULL */
} outcomes[] = {
	{ "/sys/block", "", "disk", "size" },
	{ "/sys/class/net", "", "network interface", "address" },
	{ "/sys/class/drm", "card", "display", NULL },
	{ "/sys/class/graphics", "fb", "framebuffer", "virtual_size" },
	{ "/sys/class/sound", "card", "sound card", "id" },
	{ "/sys/class/input", "input", "input device", "name" },
	{ "/sys/class/tty", "ttyS", "serial port", NULL },
};

/* Read a file's first line without the newline; empty if there is none. Returns text. */
static const char *read_line(char *text, size_t size, const char *folder, const char *name)
{
	char path[PATH_MAX];
	FILE *file;

	text[0] = '\0';
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "re");
	if (!file)
		return text;
	if (!fgets(text, size, file))
		text[0] = '\0';
	text[strcspn(text, "\n")] = '\0';
	fclose(file);
	return text;
}

static unsigned int read_hex(const char *folder, const char *name)
{
	char text[32];

	return strtoul(read_line(text, sizeof(text), folder, name), NULL, 16);
}

static const char *size_text(uint64_t bytes)
{
	static const char *const units[] = { "bytes", "KiB", "MiB", "GiB", "TiB" };
	static char text[32];
	size_t unit = 0;

	for (; unit < 4 && bytes >= 1024 && (bytes % 1024 == 0 || bytes >= 10240); unit++)
		bytes /= 1024;
	snprintf(text, sizeof(text), "%llu %s", (unsigned long long)bytes, units[unit]);
	return text;
}

static const struct pci_class *find_class(const char *folder)
{
	static const struct pci_class unknown = { 0, -1, "PCI device", 0 };
	unsigned int code = read_hex(folder, "class");
	const struct pci_class *c;

	for (size_t i = 0; i < sizeof(pci_classes) / sizeof(pci_classes[0]); i++) {
		c = &pci_classes[i];
		if (c->base == (int)(code >> 16) &&
		    (c->sub < 0 || c->sub == (int)(code >> 8 & 0xff)))
			return c;
	}
	return &unknown;
}

/* The driver's name; false if the device has none. */
static bool read_driver(char *name, size_t size, const char *folder)
{
	char path[PATH_MAX], target[PATH_MAX];
	ssize_t len;

	snprintf(path, sizeof(path), "%s/driver", folder);
	len = readlink(path, target, sizeof(target) - 1);
	if (len < 0)
		return false;
	target[len] = '\0';
	snprintf(name, size, "%s", basename(target));
	return true;
}

/* Returns whether this entry of a class folder belongs to the PCI device, by its real path. */
static bool comes_from(const char *folder, const char *name, const char *slot)
{
	char path[PATH_MAX], real[PATH_MAX], part[64];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	snprintf(part, sizeof(part), "/%s/", slot);
	return realpath(path, real) && strstr(real, part);
}

/*
 * An NVMe disk that several controllers can reach is below none of them. Below each controller is
 * a hidden path to it: nvme0c1n2 is the path over controller 1 to the disk nvme0n2.
 */
static const char *disk_name(char *text, size_t size, const char *name)
{
	int subsystem, controller, space;

	if (sscanf(name, "nvme%dc%dn%d", &subsystem, &controller, &space) == 3)
		snprintf(text, size, "nvme%dn%d", subsystem, space);
	else
		snprintf(text, size, "%s", name);
	return text;
}

static void print_outcome(const struct outcome *outcome, const char *name)
{
	char folder[FOLDER_MAX], text[128] = "", shown[NAME_MAX + 1];
	uint64_t sectors;

	snprintf(folder, sizeof(folder), "%s/%s", outcome->folder, name);
	printf(DETAIL "%-10s %s", disk_name(shown, sizeof(shown), name), outcome->name);
	if (outcome->attribute)
		read_line(text, sizeof(text), folder, outcome->attribute);
	if (outcome->attribute && !strcmp(outcome->attribute, "size")) {
		sectors = strtoull(text, NULL, 10); /* of 512 bytes, whatever the disk's own */
		printf(", %s", size_text(sectors * 512));
	} else if (outcome->attribute && text[0]) {
		printf(", %s", text);
	}
	putchar('\n');
}

/* Count the things that appeared behind the device; with `print`, also print them. */
static int list_outcomes(const char *slot, bool print)
{
	struct dirent **entries;
	int n, found = 0;

	for (size_t i = 0; i < sizeof(outcomes) / sizeof(outcomes[0]); i++) {
		const struct outcome *o = &outcomes[i];

		n = scandir(o->folder, &entries, NULL, alphasort);
		for (int e = 0; e < n; e++) {
			const char *name = entries[e]->d_name;

			if (name[0] != '.' && !strncmp(name, o->prefix, strlen(o->prefix)) &&
			    comes_from(o->folder, name, slot)) {
				found++;
				if (print)
					print_outcome(o, name);
			}
			free(entries[e]);
		}
		if (n >= 0)
			free(entries);
	}
	return found;
}

static void print_bars(const char *folder)
{
	unsigned long long start, end, flags;
	char path[PATH_MAX], name[8];
	FILE *file;

	snprintf(path, sizeof(path), "%s/resource", folder);
	file = fopen(path, "re");
	if (!file)
		return;
	for (int bar = 0; bar <= PCI_BARS; bar++) {
		if (fscanf(file, "%llx %llx %llx", &start, &end, &flags) != 3)
			break;
		if (!flags || end < start)
			continue;
		snprintf(name, sizeof(name), bar < PCI_BARS ? "BAR %d" : "ROM", bar);
		printf(DETAIL "%-10s ", name);
		if (flags & RESOURCE_UNSET)
			printf("no address    ");
		else
			printf("0x%-12llx ", start);
		printf("%-9s %s%s%s\n", size_text(end - start + 1),
		       flags & RESOURCE_IO ? "I/O ports" : "memory",
		       flags & RESOURCE_MEM_64 ? ", 64-bit" : "",
		       flags & RESOURCE_PREFETCH ? ", prefetchable" : "");
	}
	fclose(file);
}

/* How often interrupt `irq` of Linux came, over all CPUs; -1 if no driver asked for it. */
static long long interrupt_count(unsigned long irq)
{
	long long total = -1;
	char line[4096];
	char *at, *end;
	FILE *file;

	file = fopen("/proc/interrupts", "re");
	if (!file)
		return -1;
	while (total < 0 && fgets(line, sizeof(line), file)) {
		if (strtoul(line, &at, 10) != irq || at == line || *at != ':')
			continue;
		total = 0;
		/* one column for each CPU, then words */
		for (at++; total += strtoull(at, &end, 10), end != at; at = end)
			;
	}
	fclose(file);
	return total;
}

static void print_interrupts(const char *folder)
{
	char path[PATH_MAX], kind[16] = "", text[32];
	long long count, total = 0;
	int vectors = 0;
	struct dirent *entry;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/msi_irqs", folder);
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		vectors++;
		read_line(kind, sizeof(kind), path, entry->d_name);
		count = interrupt_count(strtoul(entry->d_name, NULL, 10));
		total += count > 0 ? count : 0;
	}
	if (dir)
		closedir(dir);
	if (vectors) {
		printf(DETAIL "%-10s %d vector%s, %lld taken\n",
		       strcmp(kind, "msix") ? "MSI" : "MSI-X", vectors, vectors > 1 ? "s" : "",
		       total);
		return;
	}
	read_line(text, sizeof(text), folder, "irq");
	count = interrupt_count(strtoul(text, NULL, 10));
	if (strtoul(text, NULL, 10) && count >= 0)
		printf(DETAIL "%-10s line %s, %lld taken\n", "INTx", text, count);
}

static void print_device(const char *slot)
{
	char folder[FOLDER_MAX], driver[NAME_MAX + 1];
	const struct pci_class *class;
	bool bound;

	snprintf(folder, sizeof(folder), PCI_DEVICES "/%s", slot);
	class = find_class(folder);
	bound = read_driver(driver, sizeof(driver), folder);
	/* the domain is left out if it is 0 */
	printf("%-8s %04x:%04x  %-22s ", strncmp(slot, "0000:", 5) ? slot : slot + 5,
	       read_hex(folder, "vendor"), read_hex(folder, "device"), class->name);
	if (bound)
		printf("driver %s\n", driver);
	else
		/* a bridge works without a driver */
		puts(class->base == PCI_CLASS_BRIDGE ? "-" : "no driver");
	print_bars(folder);
	if (bound)
		print_interrupts(folder);
	/* things behind a bridge belong to the devices there */
	if (class->base != PCI_CLASS_BRIDGE)
		list_outcomes(slot, true);
}

/* Returns whether something of this device may still appear after `waited` ms. */
static bool is_pending(const char *slot, unsigned int waited)
{
	char folder[FOLDER_MAX], driver[NAME_MAX + 1];

	snprintf(folder, sizeof(folder), PCI_DEVICES "/%s", slot);
	return waited < find_class(folder)->wait_ms &&
	       read_driver(driver, sizeof(driver), folder) && !list_outcomes(slot, false);
}

static int list_devices(struct dirent ***entries)
{
	return scandir(PCI_DEVICES, entries, NULL, alphasort);
}

void report_wait_for_devices(void)
{
	struct dirent **entries;
	bool pending = true;
	int n;

	/*
	 * There is no wait for the binding itself: the kernel returns from loading a module when
	 * every driver in it has tried every device.
	 */
	for (unsigned int waited = 0; pending; waited += POLL_MS) {
		pending = false;
		n = list_devices(&entries);
		for (int i = 0; i < n; i++) {
			const char *slot = entries[i]->d_name;

			pending = pending || (slot[0] != '.' && is_pending(slot, waited));
			free(entries[i]);
		}
		if (n >= 0)
			free(entries);
		if (pending)
			usleep(POLL_MS * 1000);
	}
}

void report_print(void)
{
	struct dirent **entries;
	struct utsname uts;
	struct sysinfo info;
	int n, cpus = get_nprocs();

	uname(&uts);
	sysinfo(&info);
	printf("\n%s %s %s, %d CPU%s, %s of memory\n\n", uts.sysname, uts.release, uts.machine,
	       cpus, cpus > 1 ? "s" : "", size_text((uint64_t)info.totalram * info.mem_unit));
	n = list_devices(&entries);
	if (n <= 2)
		puts("No PCI devices.");
	for (int i = 0; i < n; i++) {
		if (entries[i]->d_name[0] != '.')
			print_device(entries[i]->d_name);
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
	putchar('\n');
	fflush(stdout);
}
