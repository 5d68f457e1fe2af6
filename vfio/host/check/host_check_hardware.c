/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "host_check.h"
#include "vfio/host/look/host_machine.h"
#include "vfio/host/look/host_pci.h"
#include "vfio/host/look/host_use.h"
#include "vmm/trace/macros.h"

#define CHECK_TEXT_MAX 1024

/*
 * MSI-X (PCI Local Bus 3.0, 6.8.2): bytes of an entry of its table, and of a page, which is
 * mapped as a whole.
 */
#define MSIX_ENTRY_SIZE 16u
#define MSIX_PAGE       4096u

/* ---- reset ---- */

/*
 * Collect the other devices of its bus, which a reset of the bus takes along. A root bus cannot
 * be reset: nothing is listed.
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

static enum host_found check_find_reset(const char *bdf, const char *methods, const char *others)
{
	struct host_path reset = host_device_path(bdf, "reset");
	struct host_path list = host_device_path(bdf, "reset_method");

	if (strstr(methods, "flr"))
		return FOUND_RESET_FLR;
	if (methods[0] && strcmp(methods, "bus") != 0)
		return FOUND_RESET_METHODS;
	/*
	 * Linux before 5.15 has no list. An empty list says that all methods were switched off.
	 */
	if (!methods[0] && host_path_exists(&reset) && !host_path_exists(&list))
		return FOUND_RESET_SOME;
	if (others[0])
		return FOUND_RESET_BUS_SHARED;
	return methods[0] ? FOUND_RESET_BUS_ALONE : FOUND_RESET_NONE;
}

void host_check_reset(struct host_report *report, const struct host_device *device,
		      const struct host_demand *demand)
{
	char methods[64], others[CHECK_TEXT_MAX];

	(void)demand;
	host_read_attribute(device->bdf, "reset_method", methods, sizeof(methods));
	check_list_bus(device->bdf, others, sizeof(others));
	host_report_add(report, check_find_reset(device->bdf, methods, others),
			(struct host_facts){ .methods = methods, .others = others });
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

/* Returns whether 64-bit BARs that come after the RAM end above the guest's last address. */
static bool check_bars_are_high(uint64_t wide, const struct host_demand *demand)
{
	uint64_t end;

	if (__builtin_add_overflow(demand->memory_end, wide, &end))
		return true;
	return demand->phys_bits < 64 && end > 1ull << demand->phys_bits;
}

void host_check_bars(struct host_report *report, const struct host_device *device,
		     const struct host_demand *demand)
{
	struct host_bar bars[HOST_BARS];
	struct host_facts facts = { .bits = demand->phys_bits };
	struct check_bars sum;

	host_read_bars(device->bdf, bars);
	sum = check_sum_bars(bars);
	facts.narrow = sum.narrow;
	facts.wide = sum.wide;
	facts.ports = sum.ports;
	if (sum.unassigned >= 0) {
		facts.bar = (unsigned int)sum.unassigned;
		facts.size = bars[sum.unassigned].size;
		host_report_add(report, FOUND_BARS_UNASSIGNED, facts);
	} else if (sum.narrow > demand->mmio32) {
		facts.room = demand->mmio32;
		host_report_add(report, FOUND_BARS_LOW, facts);
	} else if (check_bars_are_high(sum.wide, demand)) {
		host_report_add(report, FOUND_BARS_HIGH, facts);
	} else if (sum.ports > demand->ports) {
		facts.room = demand->ports;
		host_report_add(report, FOUND_BARS_PORTS, facts);
	} else {
		host_report_add(report, FOUND_BARS, facts);
	}
}

/* ---- MSI-X ---- */

static enum host_found check_find_other_interrupt(const struct host_pci_config *config)
{
	if (host_find_capability(config, PCI_CAP_ID_MSI))
		return FOUND_MSIX_NONE_BUT_MSI;
	return config->bytes[PCI_INTERRUPT_PIN] ? FOUND_MSIX_NONE_BUT_PIN : FOUND_MSIX_NO_INTERRUPT;
}

/* `cap` is where its capability is. */
static void check_msix_table(struct host_report *report, const struct host_device *device,
			     const struct host_pci_config *config, unsigned int cap)
{
	uint32_t table = host_config_long(config, cap + PCI_MSIX_TABLE);
	struct host_bar bars[HOST_BARS];
	struct host_facts facts = {
		.count =
			(host_config_word(config, cap + PCI_MSIX_FLAGS) & PCI_MSIX_FLAGS_QSIZE) + 1,
		.bar = table & PCI_MSIX_TABLE_BIR,
		.offset = table & PCI_MSIX_TABLE_OFFSET,
	};
	enum host_found found = facts.offset % MSIX_PAGE ? FOUND_MSIX_SHARES_PAGE : FOUND_MSIX;

	host_read_bars(device->bdf, bars);
	if (facts.bar >= HOST_ROM ||
	    facts.offset + facts.count * MSIX_ENTRY_SIZE > bars[facts.bar].size)
		found = FOUND_MSIX_OUTSIDE;
	host_report_add(report, found, facts);
}

void host_check_msix(struct host_report *report, const struct host_device *device,
		     const struct host_demand *demand)
{
	struct host_pci_config config;
	unsigned int cap;

	(void)demand;
	host_read_config(device->bdf, &config);
	cap = host_find_capability(&config, PCI_CAP_ID_MSIX);
	if (config.size <= PCI_STD_HEADER_SIZEOF)
		host_report_add(report,
				host_is_lesser() ? FOUND_MSIX_UNSEEN_HERE : FOUND_MSIX_UNSEEN,
				HOST_NO_FACTS);
	else if (cap)
		check_msix_table(report, device, &config, cap);
	else
		host_report_add(report, check_find_other_interrupt(&config), HOST_NO_FACTS);
}

/* ---- ROM ---- */

void host_check_rom(struct host_report *report, const struct host_device *device,
		    const struct host_demand *demand)
{
	struct host_bar bars[HOST_BARS];
	struct host_path rom = host_device_path(device->bdf, "rom");
	enum host_found found;

	(void)demand;
	host_read_bars(device->bdf, bars);
	if (bars[HOST_ROM].shadowed)
		found = FOUND_ROM_SHADOWED;
	else if (host_path_exists(&rom) && bars[HOST_ROM].size)
		found = FOUND_ROM;
	else
		found = host_is_display(device) ? FOUND_ROM_OF_DISPLAY_NONE : FOUND_ROM_NONE;
	host_report_add(report, found, (struct host_facts){ .size = bars[HOST_ROM].size });
}

/* ---- display ---- */

/*
 * The name under which the kernel holds a part of the device's BARs for the firmware's screen. In
 * /proc/iomem that line stands below the device's own, further in. A caller who may not see
 * addresses still sees names.
 */
static bool check_find_held(const char *bdf, char *name, size_t size)
{
	static const char *const holders[] = { "efifb",   "vesafb",    "simplefb",
					       "BOOTFB",  "simpledrm", "efidrm",
					       "vesadrm", "ofdrm",     "vga16fb" };
	struct host_path path = host_path("/proc/iomem");
	char *text = host_read_file(&path), *next = text, *line;
	size_t own = SIZE_MAX; /* indentation of the device's line; SIZE_MAX: none yet */

	name[0] = '\0';
	while (next && !name[0] && (line = strsep(&next, "\n"))) {
		size_t depth = strspn(line, " ");

		if (depth <= own)
			own = strstr(line, bdf) ? depth : SIZE_MAX;
		for (unsigned int i = 0; i < array_size(holders) && own < depth; i++)
			if (strstr(line, holders[i]))
				snprintf(name, size, "%s", holders[i]);
	}
	free(text);
	return name[0];
}

/* Made by the firmware before Linux started: of a kind that no driver of the device makes. */
static bool check_is_firmwares(const char *framebuffer)
{
	static const char *const kinds[] = { "EFI",    "VESA",    "VGA16", "simple",
					     "efidrm", "vesadrm", "ofdrm", "OFfb" };

	for (unsigned int i = 0; i < array_size(kinds); i++)
		if (strstr(framebuffer, kinds[i]))
			return true;
	return false;
}

/*
 * Whether a framebuffer, such as fb0 of the kind `what`, lies in the device: below it in sysfs. One
 * that the firmware set up is a platform device, which before Linux 6.9 did not say whose it is.
 */
static bool check_lies_in(const struct host_device *device, const char *entry, const char *what,
			  bool boot_display)
{
	struct host_path owner = host_path("/sys/class/graphics/%s/device", entry);
	struct host_path real = host_real_path(&owner), below = host_path("/%s/", device->bdf);
	char name[64];

	if (strstr(real.text, host_path_name(&below)))
		return true;
	host_read_link(&owner, name, sizeof(name));
	return strcmp(name, device->bdf) == 0 || (boot_display && check_is_firmwares(what));
}

/*
 * The name of the host's framebuffer that lies in this device, and its kind; "" if there is none.
 */
static void check_find_framebuffer(const struct host_device *device, bool boot_display, char *name,
				   size_t size)
{
	struct host_path class = host_path("/sys/class/graphics");
	struct host_dir dir;
	char what[64];

	name[0] = '\0';
	host_dir_read(&dir, &class);
	for (int i = 0; i < dir.count && !name[0]; i++) {
		const char *entry = dir.entries[i]->d_name;
		struct host_path label = host_path("/sys/class/graphics/%s/name", entry);

		host_read_line(&label, what, sizeof(what));
		if (what[0] && check_lies_in(device, entry, what, boot_display))
			snprintf(name, size, "%.20s (%s)", entry, what);
	}
	host_dir_free(&dir);
}

/*
 * The screen that the firmware booted on need not be the one that people look at. Connectors
 * tell, if the device has any.
 */
static enum host_found check_find_display(const char *bdf, bool booted)
{
	switch (host_find_screen(bdf)) {
	case HOST_SCREEN_CONNECTED:
		return booted ? FOUND_DISPLAY_BOOTED : FOUND_DISPLAY_SCREEN;
	case HOST_SCREEN_NONE:
		return booted ? FOUND_DISPLAY_BOOTED_DARK : FOUND_DISPLAY_FREE;
	default:
		return booted ? FOUND_DISPLAY_BOOTED : FOUND_DISPLAY_FREE;
	}
}

void host_check_display(struct host_report *report, const struct host_device *device,
			const struct host_demand *demand)
{
	char boot[8], framebuffer[96];
	bool held, own;

	(void)demand;
	if (!host_is_display(device))
		return;
	host_read_attribute(device->bdf, "boot_vga", boot, sizeof(boot));
	held = check_find_held(device->bdf, framebuffer, sizeof(framebuffer));
	if (!held)
		check_find_framebuffer(device, boot[0] == '1', framebuffer, sizeof(framebuffer));
	own = !held && device->driver[0] && !host_has_vfio_driver(device) &&
	      !check_is_firmwares(framebuffer);
	if (framebuffer[0])
		host_report_add(report, own ? FOUND_DISPLAY_OWN_CONSOLE : FOUND_DISPLAY_CONSOLE,
				(struct host_facts){
					.name = framebuffer,
					.driver = device->driver,
				});
	else
		host_report_add(report, check_find_display(device->bdf, boot[0] == '1'),
				HOST_NO_FACTS);
}
