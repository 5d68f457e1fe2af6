/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "host_check.h"
#include "vfio/host/look/host_pci.h"

#define PCI_BASE_CLASS_DISPLAY 0x03

#define CHECK_TEXT_MAX 1024

/* MSI-X (PCI Local Bus 3.0, 6.8.2): bytes of a table entry, and what is mapped as a whole. */
#define MSIX_ENTRY_SIZE 16u
#define MSIX_PAGE       4096u

static bool check_is_display(const struct host_device *device)
{
	return device->class_code >> 16 == PCI_BASE_CLASS_DISPLAY;
}

/* ---- reset ---- */

/*
 * The other devices of its bus, which a reset of the bus takes along. On a root bus there is none
 * to reset: nothing is listed.
 */
static void check_list_bus(const char *bdf, char *text, size_t size)
{
	struct host_path link = host_device_path(bdf, "");
	struct host_path bus = host_real_path(&link);
	char *last = strrchr(bus.text, '/'), other[HOST_BDF_MAX];
	struct host_dir dir;

	text[0] = '\0';
	if (!last)
		return;
	*last = '\0';
	last = strrchr(bus.text, '/');
	if (!last || host_parse_bdf(last + 1, other) < 0)
		return;
	host_dir_read(&dir, &bus);
	for (int i = 0; i < dir.count; i++) {
		size_t used = strlen(text);

		if (host_parse_bdf(dir.entries[i]->d_name, other) == 0 && strcmp(other, bdf) != 0)
			snprintf(text + used, size - used, "%s%s", used ? ", " : "", other);
	}
	host_dir_free(&dir);
}

void host_check_reset(struct host_report *report, const struct host_device *device,
		      const struct host_guest *guest)
{
	struct host_path reset = host_device_path(device->bdf, "reset");
	char methods[64], others[CHECK_TEXT_MAX];

	(void)guest;
	host_read_attribute(device->bdf, "reset_method", methods, sizeof(methods));
	check_list_bus(device->bdf, others, sizeof(others));
	if (strstr(methods, "flr")) {
		host_report_add(report, HOST_OK, "function-level reset (methods: %s)", methods);
	} else if (methods[0] && strcmp(methods, "bus") != 0) {
		host_report_add(report, HOST_OK, "methods: %s", methods);
	} else if (!methods[0] && host_path_exists(&reset)) {
		host_report_add(report, HOST_OK, "the kernel has a method");
	} else if (methods[0] && !others[0]) {
		host_report_add(report, HOST_OK, "by its bus, on which it is alone");
	} else if (others[0]) {
		host_report_add(report, HOST_WARN,
				"none of its own; a reset of its bus takes along %s: it works only "
				"when all of them go to the same guest",
				others);
	} else {
		host_report_add(
			report, HOST_WARN,
			"none: a guest finds it as the last one left it, and it may need the "
			"host to be switched off and on");
	}
}

/* ---- BARs ---- */

struct check_bars {
	uint64_t narrow, wide, ports; /* room they take, naturally aligned */
	int unassigned;               /* the number of one without an address, or -1 */
};

static struct check_bars check_sum_bars(const struct host_bar *bars)
{
	struct check_bars sum = { .unassigned = -1 };

	for (int i = 0; i < HOST_ROM; i++) {
		const struct host_bar *bar = &bars[i];
		uint64_t *room = bar->io ? &sum.ports : bar->wide ? &sum.wide : &sum.narrow;

		if (!bar->size)
			continue;
		if (!bar->assigned)
			sum.unassigned = i;
		if (__builtin_add_overflow(*room, bar->size, room))
			*room = UINT64_MAX;
	}
	return sum;
}

void host_check_bars(struct host_report *report, const struct host_device *device,
		     const struct host_guest *guest)
{
	struct host_bar bars[HOST_BARS];
	struct check_bars sum;
	uint64_t end;

	host_read_bars(device->bdf, bars);
	sum = check_sum_bars(bars);
	if (__builtin_add_overflow(guest->memory_end, sum.wide, &end))
		end = UINT64_MAX;
	if (sum.unassigned >= 0) {
		host_report_add(report, HOST_FAIL,
				"BAR %d of %" PRIu64
				" KiB has no address on this host: there was no "
				"room for it",
				sum.unassigned, bars[sum.unassigned].size >> 10);
		host_report_fix(report,
				"turn \"Above 4G Decoding\" on in the firmware setup, or add "
				"pci=realloc to the kernel command line");
	} else if (sum.narrow > guest->mmio32) {
		host_report_add(report, HOST_FAIL,
				"BARs that need 32-bit addresses: %" PRIu64
				" MiB, the guest has room "
				"for %" PRIu64,
				sum.narrow >> 20, guest->mmio32 >> 20);
	} else if (guest->phys_bits < 64 && end > 1ull << guest->phys_bits) {
		host_report_add(report, HOST_FAIL,
				"64-bit BARs of %" PRIu64
				" MiB above RAM exceed the %u address bits "
				"of this CPU",
				sum.wide >> 20, guest->phys_bits);
		host_report_fix(report, "give the guest less RAM: --memory");
	} else if (sum.ports > guest->ports) {
		host_report_add(report, HOST_WARN,
				"I/O BARs of %" PRIu64 " bytes, the guest has room for %" PRIu64,
				sum.ports, guest->ports);
	} else {
		host_report_add(report, HOST_OK,
				"%" PRIu64 " KiB of 32-bit, %" PRIu64
				" KiB of 64-bit memory, %" PRIu64 " ports",
				sum.narrow >> 10, sum.wide >> 10, sum.ports);
	}
}

/* ---- MSI-X ---- */

void host_check_msix(struct host_report *report, const struct host_device *device,
		     const struct host_guest *guest)
{
	struct host_pci_config config;
	struct host_bar bars[HOST_BARS];
	unsigned int cap, vectors, bar, offset;

	(void)guest;
	host_read_config(device->bdf, &config);
	host_read_bars(device->bdf, bars);
	if (config.size <= PCI_STD_HEADER_SIZEOF) {
		host_report_add(report, HOST_OK, "not looked at: only root sees capabilities");
		return;
	}
	cap = host_find_capability(&config, PCI_CAP_ID_MSIX);
	if (!cap) {
		host_report_add(report, HOST_OK, "none; %s",
				host_find_capability(&config, PCI_CAP_ID_MSI) ? "it has MSI"
				: config.bytes[PCI_INTERRUPT_PIN]             ? "its pin is used"
								  : "and no interrupt at all");
		return;
	}
	vectors = (host_config_word(&config, cap + PCI_MSIX_FLAGS) & PCI_MSIX_FLAGS_QSIZE) + 1;
	offset = host_config_long(&config, cap + PCI_MSIX_TABLE);
	bar = offset & PCI_MSIX_TABLE_BIR;
	offset &= PCI_MSIX_TABLE_OFFSET;
	if (bar >= HOST_ROM || offset + (uint64_t)vectors * MSIX_ENTRY_SIZE > bars[bar].size)
		host_report_add(report, HOST_FAIL,
				"its table of %u vectors lies outside its BAR %u", vectors, bar);
	else if (offset % MSIX_PAGE)
		host_report_add(
			report, HOST_WARN,
			"%u vectors; the table shares a page of BAR %u with registers: they "
			"are reached through minivmm, which is slow",
			vectors, bar);
	else
		host_report_add(report, HOST_OK, "%u vectors, table at %#x of BAR %u", vectors,
				offset, bar);
}

/* ---- ROM ---- */

void host_check_rom(struct host_report *report, const struct host_device *device,
		    const struct host_guest *guest)
{
	struct host_bar bars[HOST_BARS];
	struct host_path rom = host_device_path(device->bdf, "rom");

	(void)guest;
	host_read_bars(device->bdf, bars);
	if (bars[HOST_ROM].shadowed) {
		host_report_add(
			report, HOST_WARN,
			"shadowed: what can be read is the copy that this host's firmware ran "
			"at boot and may have changed. A driver that wants the ROM needs the "
			"original in a file");
		host_report_fix(report,
				"minivmm --vfio %s,romfile=FILE   # the ROM as its vendor "
				"has it",
				device->bdf);
	} else if (host_path_exists(&rom) && bars[HOST_ROM].size) {
		host_report_add(report, HOST_OK, "%" PRIu64 " KiB", bars[HOST_ROM].size >> 10);
	} else if (check_is_display(device)) {
		host_report_add(report, HOST_WARN, "none that can be read: a driver may want one");
		host_report_fix(report,
				"minivmm --vfio %s,romfile=FILE   # the ROM as its vendor "
				"has it",
				device->bdf);
	} else {
		host_report_add(report, HOST_OK, "none");
	}
}

/* ---- display ---- */

/* The name of the host's framebuffer that lies in this device; "" if there is none. */
static void check_find_framebuffer(const struct host_device *device, bool boot_display, char *name,
				   size_t size)
{
	struct host_path class = host_path("/sys/class/graphics");
	struct host_dir dir;
	char what[64], bdf[HOST_BDF_MAX];

	name[0] = '\0';
	host_dir_read(&dir, &class);
	for (int i = 0; i < dir.count && !name[0]; i++) {
		const char *entry = dir.entries[i]->d_name;
		struct host_path owner = host_path("/sys/class/graphics/%s/device", entry);
		struct host_path label = host_path("/sys/class/graphics/%s/name", entry);

		host_read_link(&owner, bdf, sizeof(bdf));
		host_read_line(&label, what, sizeof(what));
		/* One that the firmware set up is a platform device that does not say whose. */
		if (what[0] && (strcmp(bdf, device->bdf) == 0 ||
				(boot_display && (strstr(what, "EFI") || strstr(what, "VESA") ||
						  strstr(what, "simple")))))
			snprintf(name, size, "%.20s (%s)", entry, what);
	}
	host_dir_free(&dir);
}

void host_check_display(struct host_report *report, const struct host_device *device,
			const struct host_guest *guest)
{
	char boot[8], framebuffer[96];

	(void)guest;
	if (!check_is_display(device))
		return;
	host_read_attribute(device->bdf, "boot_vga", boot, sizeof(boot));
	check_find_framebuffer(device, boot[0] == '1', framebuffer, sizeof(framebuffer));
	if (framebuffer[0]) {
		host_report_add(
			report, HOST_WARN,
			"the host's console framebuffer %s lies in it: its BAR stays taken, and "
			"the guest's driver fails",
			framebuffer);
		host_report_fix(report,
				"echo 0 | sudo tee /sys/class/vtconsole/vtcon*/bind   # lets "
				"the console go");
		host_report_fix(report,
				"add initcall_blacklist=sysfb_init to the kernel command line   "
				"# if the framebuffer is the firmware's");
	} else if (boot[0] == '1') {
		host_report_add(
			report, HOST_WARN,
			"this host booted on it: its screen stays dark while a guest has it");
	} else {
		host_report_add(report, HOST_OK, "not the one that this host booted on");
	}
}
