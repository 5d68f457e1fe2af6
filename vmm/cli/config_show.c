/* SPDX-License-Identifier: MIT */
#include "config_show.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "devices/msi.h"
#include "devices/pci_names.h"
#include "vfio/vfio_explain.h"
#include "vmm/trace/log.h"
#include "vmm/trace/macros.h"

/* The device's view and the guest's, and the parts that make the second from the first. */
struct config_views {
	const struct config_shown *shown;
	struct vfio_config config;
	struct pci_function function;
	struct msi msi;
	unsigned int power; /* offset of the register with the power state, or 0 */
};

/*
 * The bits of a register by what a guest's write does to them. Some bits are both kept and
 * forwarded.
 */
struct config_writes {
	uint32_t forwarded, kept, dropped;
	const char *why;
};

/* A register in both views. */
struct config_row {
	struct pci_register reg;
	char name[64];
	uint32_t device, guest;
	/* names of the bits that are set, if the register has names */
	char device_bits[160], guest_bits[160];
	const char *why; /* NULL: both views are the same */
	struct config_writes writes;
};

static const char *const config_actions[] = {
	[VFIO_CAP_PASS] = "passed",
	[VFIO_CAP_EMULATE] = "emulated",
	[VFIO_CAP_HIDE] = "hidden",
};

/* The device's current driver may have switched messages on; a guest begins with them off. */
static void config_reset_messages(struct pci_function *function)
{
	unsigned int msi = pci_find_capability(function, PCI_CAP_ID_MSI);
	unsigned int msix = pci_find_capability(function, PCI_CAP_ID_MSIX);

	if (msi)
		pci_set_word(function, msi + PCI_MSI_FLAGS,
			     (uint16_t)(pci_get_word(function, msi + PCI_MSI_FLAGS) &
					~(PCI_MSI_FLAGS_ENABLE | PCI_MSI_FLAGS_QSIZE)));
	if (msix)
		pci_set_word(function, msix + PCI_MSIX_FLAGS,
			     pci_get_word(function, msix + PCI_MSIX_FLAGS) & PCI_MSIX_FLAGS_QSIZE);
}

static void config_msi_changed(void *owner)
{
	(void)owner;
}

static bool config_msi_pending(void *owner, unsigned int vector)
{
	(void)owner;
	(void)vector;
	return false;
}

/* The state machine of MSI decides which of its bits a guest may write. */
static void config_open_msi(struct config_views *views)
{
	static const struct msi_ops ops = { config_msi_changed, config_msi_pending };
	unsigned int cap = pci_find_capability(&views->function, PCI_CAP_ID_MSI), offered;

	if (!cap)
		return;
	offered = (pci_get_word(&views->function, cap + PCI_MSI_FLAGS) & PCI_MSI_FLAGS_QMASK) >> 1;
	msi_init(&views->msi, &views->function, cap, 1u << offered, &ops, views);
}

/* What the host switched on is off before a guest sees it, the device's own bits among it. */
static void config_switch_off(struct config_views *views)
{
	memset(&views->config.emulated[PCI_COMMAND], 0xff, 2);
}

/* A device that is not open may be asleep; VFIO wakes it when it is opened. */
static void config_wake(struct config_views *views)
{
	unsigned int cap = pci_find_capability(&views->function, PCI_CAP_ID_PM);

	if (!cap)
		return;
	views->power = cap + PCI_PM_CTRL;
	views->config.emulated[views->power] |= PCI_PM_CTRL_STATE_MASK;
	views->function.config[views->power] &= (uint8_t)~PCI_PM_CTRL_STATE_MASK;
}

static void config_set_rom(struct config_views *views)
{
	uint64_t size = views->shown->bar_size[PCI_BAR_ROM];

	if (size && !(size & (size - 1)) && size <= UINT32_MAX)
		pci_set_bar(&views->function, PCI_BAR_ROM, size, 0);
}

/* BARs are placed when a machine is built: until then they hold no address. */
static struct config_views *config_views_new(const struct config_shown *shown)
{
	struct config_views *views = calloc(1, sizeof(*views));

	if (!views) {
		log_errno(shown->name, -ENOMEM, "allocate");
		return NULL;
	}
	views->shown = shown;
	memcpy(views->function.config, shown->bytes, shown->size);
	views->config.region.size = shown->size;
	views->config.from_host = true;
	vfio_config_apply(&views->config, &views->function);
	config_reset_messages(&views->function);
	config_open_msi(views);
	config_switch_off(views);
	config_wake(views);
	for (unsigned int bar = 0; bar < PCI_BAR_ROM; bar++) {
		uint64_t size = shown->bar_size[bar];

		if (size && !(size & (size - 1)))
			pci_set_bar(&views->function, bar, size, pci_bar_flags(shown->bytes, bar));
		if (pci_bar_is_64(&views->function.bars[bar]))
			pci_set_long(&views->function, PCI_BASE_ADDRESS_0 + 4 * ++bar, 0);
	}
	config_set_rom(views);
	return views;
}

/* The byte that the guest reads: each bit comes from minivmm's copy or from the device. */
static uint8_t config_guest_byte(const struct config_views *views, unsigned int offset)
{
	uint8_t emulated = views->config.emulated[offset];

	return (uint8_t)((views->shown->bytes[offset] & ~emulated) |
			 (views->function.config[offset] & emulated));
}

static void config_row_name(struct config_row *row)
{
	const struct pci_register *reg = &row->reg;

	if (reg->name)
		snprintf(row->name, sizeof(row->name), "%s", reg->name);
	else
		snprintf(row->name, sizeof(row->name), "+%#x", reg->offset - reg->base);
}

static void config_row_add_writes(struct config_row *row, const struct config_views *views,
				  unsigned int i)
{
	unsigned int at = row->reg.offset + i;
	uint8_t forwarded = views->config.forward[at] | views->config.w1c[at];
	uint8_t kept = views->function.writable[at];
	struct config_writes *writes = &row->writes;
	bool told = writes->forwarded | writes->kept;

	if (!writes->why || (!told && (forwarded | kept)))
		writes->why = vfio_explain_write(&views->config, &views->function, at);
	writes->forwarded |= (uint32_t)forwarded << (8 * i);
	writes->kept |= (uint32_t)kept << (8 * i);
	writes->dropped |= (uint32_t)(uint8_t) ~(forwarded | kept) << (8 * i);
}

/* Describe the register that begins at `offset`. */
static void config_row_init(struct config_row *row, const struct config_views *views,
			    unsigned int offset)
{
	*row = (struct config_row){ .device = 0 };
	pci_find_register(views->shown->bytes, offset, &row->reg);
	if (row->reg.size > views->shown->size - offset)
		row->reg.size = views->shown->size - offset;
	config_row_name(row);
	for (unsigned int i = 0; i < row->reg.size; i++) {
		row->device |= (uint32_t)views->shown->bytes[offset + i] << (8 * i);
		row->guest |= (uint32_t)config_guest_byte(views, offset + i) << (8 * i);
		if (!row->why &&
		    views->shown->bytes[offset + i] != config_guest_byte(views, offset + i))
			row->why = vfio_explain_read(&views->config, offset + i);
		config_row_add_writes(row, views, i);
	}
	if (row->why && offset == views->power)
		row->why = "asleep while nobody has it open";
	if (!row->reg.bits)
		return;
	trace_flags_text(row->device_bits, sizeof(row->device_bits), row->device, row->reg.bits);
	trace_flags_text(row->guest_bits, sizeof(row->guest_bits), row->guest, row->reg.bits);
}

/* A register that has neither a name nor a value is not shown. */
static bool config_row_silent(const struct config_row *row)
{
	return !row->reg.name && !row->device && !row->guest;
}

static const struct vfio_cap *config_cap_at(const struct config_views *views, unsigned int offset)
{
	const struct vfio_caps *caps = &views->config.caps;

	for (unsigned int i = 0; i < caps->count; i++)
		if (caps->list[i].offset == offset)
			return &caps->list[i];
	return NULL;
}

/* ---- text ---- */

static const char *config_action(const struct vfio_cap *cap)
{
	return config_actions[cap->hidden ? VFIO_CAP_HIDE : cap->policy->action];
}

static void config_print_cap(const struct vfio_cap *cap, FILE *out)
{
	fprintf(out, "\n%03x  %s%s: %s: %s\n", cap->offset,
		cap->policy->extended ? "extended, " : "", cap->policy->name, config_action(cap),
		cap->why);
}

static void config_print_row(const struct config_row *row, FILE *out)
{
	bool same = row->device == row->guest;
	char device[16], guest[16];

	snprintf(device, sizeof(device), "0x%0*" PRIx32, (int)(2 * row->reg.size), row->device);
	snprintf(guest, sizeof(guest), "0x%0*" PRIx32, (int)(2 * row->reg.size), row->guest);
	fprintf(out, "%03x    %-28s %-10s  ", row->reg.offset, row->name, device);
	if (same && row->reg.bits && row->device)
		fprintf(out, "%-10s  %s\n", "the same", row->device_bits);
	else if (same)
		fprintf(out, "the same\n");
	else if (row->reg.bits)
		fprintf(out, "%-10s  %s -> %s: %s\n", guest, row->device_bits, row->guest_bits,
			row->why);
	else
		fprintf(out, "%-10s  %s\n", guest, row->why);
}

/* Print "forwarded 0x0003, dropped 0xfffc", without the bits if one word holds for all of them. */
static void config_print_writes(const struct config_row *row, FILE *out)
{
	const struct config_writes *writes = &row->writes;
	const struct {
		const char *word;
		uint32_t bits;
	} kinds[] = {
		{ "kept and forwarded", writes->kept & writes->forwarded },
		{ "forwarded", writes->forwarded & ~writes->kept },
		{ "kept", writes->kept & ~writes->forwarded },
		{ "dropped", writes->dropped },
	};
	const char *before = "";
	uint32_t all = UINT32_MAX >> (32 - 8 * row->reg.size);

	fprintf(out, "       a write is ");
	for (unsigned int i = 0; i < array_size(kinds); i++) {
		if (!kinds[i].bits)
			continue;
		fprintf(out, "%s%s", before, kinds[i].word);
		if (kinds[i].bits != all)
			fprintf(out, " 0x%0*" PRIx32, (int)(2 * row->reg.size), kinds[i].bits);
		before = ", ";
	}
	fprintf(out, ": %s\n", writes->why);
}

int config_show_text(const struct config_shown *shown, FILE *out)
{
	struct config_views *views = config_views_new(shown);
	struct config_row row;

	if (!views)
		return -ENOMEM;
	fprintf(out, "%s, %u bytes of configuration space\n\n", shown->name, shown->size);
	fprintf(out, "       %-28s %-10s  %-10s  %s\n", "register", "device", "guest",
		"as a guest finds it at power-on, and why");
	for (unsigned int offset = 0; offset < shown->size; offset += row.reg.size) {
		const struct vfio_cap *cap = config_cap_at(views, offset);

		if (cap)
			config_print_cap(cap, out);
		config_row_init(&row, views, offset);
		if (config_row_silent(&row))
			continue;
		config_print_row(&row, out);
		config_print_writes(&row, out);
	}
	free(views);
	return 0;
}

/* ---- JSON ---- */

/* All strings here are literals or numbers, so nothing in them has to be escaped. */
static void config_print_json_row(const struct config_row *row, FILE *out)
{
	fprintf(out, "{\"offset\":%u,\"size\":%u,\"capability\":", row->reg.offset, row->reg.size);
	fprintf(out, row->reg.cap ? "\"%s\"" : "null", row->reg.cap);
	fprintf(out, ",\"name\":\"%s\",\"device\":%" PRIu32 ",\"guest\":%" PRIu32 ",", row->name,
		row->device, row->guest);
	if (row->reg.bits)
		fprintf(out, "\"device_bits\":\"%s\",\"guest_bits\":\"%s\",", row->device_bits,
			row->guest_bits);
	fprintf(out, "\"why\":");
	fprintf(out, row->why ? "\"%s\"" : "null", row->why);
	fprintf(out,
		",\"writes\":{\"forwarded\":%" PRIu32 ",\"kept\":%" PRIu32 ",\"dropped\":%" PRIu32
		",\"why\":\"%s\"}}",
		row->writes.forwarded, row->writes.kept, row->writes.dropped, row->writes.why);
}

/* A user who may read only the header cannot see any capability. */
static void config_print_json_caps(const struct config_views *views, FILE *out)
{
	const char *before = "";

	for (unsigned int i = 0; i < views->config.caps.count; i++) {
		const struct vfio_cap *cap = &views->config.caps.list[i];

		if (cap->offset >= views->shown->size)
			continue;
		fprintf(out,
			"%s\n{\"offset\":%u,\"name\":\"%s\",\"extended\":%s,\"policy\":\"%s\","
			"\"why\":\"%s\"}",
			before, cap->offset, cap->policy->name,
			cap->policy->extended ? "true" : "false", config_action(cap), cap->why);
		before = ",";
	}
}

int config_show_json(const struct config_shown *shown, FILE *out)
{
	struct config_views *views = config_views_new(shown);
	const char *before = "";
	struct config_row row;

	if (!views)
		return -ENOMEM;
	fprintf(out, "{\"device\":\"%s\",\"size\":%u,\"capabilities\":[", shown->name, shown->size);
	config_print_json_caps(views, out);
	fprintf(out, "],\"registers\":[");
	for (unsigned int offset = 0; offset < shown->size; offset += row.reg.size) {
		config_row_init(&row, views, offset);
		if (config_row_silent(&row))
			continue;
		fprintf(out, "%s\n", before);
		config_print_json_row(&row, out);
		before = ",";
	}
	fprintf(out, "]}\n");
	free(views);
	return 0;
}
