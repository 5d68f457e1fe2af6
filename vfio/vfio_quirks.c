/* SPDX-License-Identifier: MIT */
#include "vfio_quirks.h"

#include "vmm/trace/log.h"
#include "vmm/trace/macros.h"

#define QUIRK_ANY 0xffffu

enum quirk_kind {
	QUIRK_PBA, /* MSI-X's pending bits are at `offset` if they are said to be outside the BAR */
	QUIRK_MIRROR, /* configuration space, `size` bytes of it, is at `offset` */
	/* the register at `offset` takes a place, the one at +4 is what lies there */
	QUIRK_CONFIG_WINDOW,
	/* the register at `offset` is data, the one at +4 takes a place in the MSI-X table */
	QUIRK_MSIX_WINDOW,
	QUIRK_ROM, /* its expansion ROM must not run */
};

struct vfio_quirk {
	uint16_t vendor, device, device_mask;
	uint16_t base_class; /* or QUIRK_ANY */
	enum quirk_kind kind;
	unsigned int bar;
	uint64_t offset;
	uint32_t size;
	uint32_t first;     /* for a window to configuration space, where its places begin */
	const char *source; /* who found it */
};

#define QUIRK_DISPLAY 0x03u

#define NVIDIA  0x10deu
#define ATI     0x1002u
#define REALTEK 0x10ecu

#define BROADCOM 0x14e4u

static const struct vfio_quirk quirk_table[] = {
	/*
	 * The device reports pending bits outside its BAR of 8 KiB. Without this row it would have
	 * no MSI-X.
	 */
	{ 0x1425, 0x5800, 0xff00, QUIRK_ANY, QUIRK_PBA, 0, 0x1000, 0, 0,
	  "Chelsio T5 virtual functions; QEMU hw/vfio/pci.c" },
	/* The same with a BAR of 4 MiB. */
	{ 0x1d22, 0x3685, QUIRK_ANY, QUIRK_ANY, QUIRK_PBA, 0, 0xb400, 0, 0,
	  "Baidu Kunlun virtual functions; QEMU hw/vfio/pci.c" },
	/* NVIDIA's own driver reads BARs and writes MSI here. */
	{ NVIDIA, 0, 0, QUIRK_DISPLAY, QUIRK_MIRROR, 0, 0x88000, 0x1000, 0,
	  "envytools: PPCI, from G80 on; nouveau; QEMU hw/vfio/pci-quirks.c" },
	{ NVIDIA, 0, 0, QUIRK_DISPLAY, QUIRK_MIRROR, 0, 0x1800, 0x100, 0,
	  "envytools: PBUS.PCI, before and beside PPCI; QEMU hw/vfio/pci-quirks.c" },
	/* All of BAR 0 can be reached by the I/O ports of BAR 5, too. */
	{ NVIDIA, 0, 0, QUIRK_DISPLAY, QUIRK_CONFIG_WINDOW, 5, 8, 0x1000, 0x88000,
	  "envytools: PMC, I/O BAR; QEMU hw/vfio/pci-quirks.c" },
	{ NVIDIA, 0, 0, QUIRK_DISPLAY, QUIRK_CONFIG_WINDOW, 5, 8, 0x100, 0x1800,
	  "envytools: PMC, I/O BAR; QEMU hw/vfio/pci-quirks.c" },
	/*
	 * The same registers can be reached by I/O ports. (By BAR 2 only on cards of before 2013:
	 * later ones have doorbells there, which must not be trapped.)
	 */
	{ ATI, 0, 0, QUIRK_DISPLAY, QUIRK_CONFIG_WINDOW, 4, 0, 0x1000, 0x4000,
	  "Radeon HD 5450 and later, indexed I/O; QEMU hw/vfio/pci-quirks.c" },
	/* Windows' driver sets the message of its vectors here, past the table in BAR 4. */
	{ REALTEK, 0x8168, QUIRK_ANY, QUIRK_ANY, QUIRK_MSIX_WINDOW, 2, 0x70, 8, 0,
	  "RTL8168; QEMU hw/vfio/pci-quirks.c" },
	/* Firmware that runs this ROM hangs. */
	{ BROADCOM, 0x168e, QUIRK_ANY, QUIRK_ANY, QUIRK_ROM, 0, 0, 0, 0,
	  "BCM57810; QEMU hw/vfio/pci-quirks.c" },
};

/* ---- which, and what is corrected at once ---- */

static bool quirk_matches(const struct vfio_quirk *row, const struct pci_function *function)
{
	uint16_t device = pci_get_word(function, PCI_DEVICE_ID);
	uint8_t base_class = function->config[PCI_CLASS_DEVICE + 1];

	return row->vendor == pci_get_word(function, PCI_VENDOR_ID) &&
	       (device & row->device_mask) == row->device &&
	       (row->base_class == QUIRK_ANY || row->base_class == base_class);
}

/* True if `size` bytes at `offset` lie in the device's BAR, as VFIO describes it. */
static bool quirk_bar_holds(struct vfio_device *device, unsigned int bar, uint64_t offset,
			    uint64_t size)
{
	struct vfio_region region;

	return bar < PCI_BAR_ROM &&
	       device->backend->get_region(device, VFIO_PCI_BAR0_REGION_INDEX + bar, &region) ==
		       0 &&
	       offset + size <= region.size;
}

static void quirk_correct_pba(const struct vfio_quirk *row, struct pci_function *function,
			      struct vfio_device *device)
{
	unsigned int cap = pci_find_capability(function, PCI_CAP_ID_MSIX);
	uint32_t pba = cap ? pci_get_long(function, cap + PCI_MSIX_PBA) : 0;
	unsigned int vectors;

	if (!cap)
		return;
	vectors = (pci_get_word(function, cap + PCI_MSIX_FLAGS) & PCI_MSIX_FLAGS_QSIZE) + 1;
	if (quirk_bar_holds(device, pba & PCI_MSIX_PBA_BIR, pba & PCI_MSIX_PBA_OFFSET,
			    (vectors + 63) / 64 * 8))
		return;
	pci_set_long(function, cap + PCI_MSIX_PBA,
		     (pba & PCI_MSIX_PBA_BIR) | (uint32_t)row->offset);
	log_warn(function->name,
		 "says that its MSI-X pending bits are at %#x: they are at %#x (%s)",
		 pba & PCI_MSIX_PBA_OFFSET, (uint32_t)row->offset, row->source);
}

static void quirk_take(struct vfio_quirks *quirks, const struct vfio_quirk *row,
		       struct vfio_device *device)
{
	if (row->kind == QUIRK_PBA)
		quirk_correct_pba(row, quirks->function, device);
	else if (row->kind == QUIRK_ROM)
		quirks->bad_rom = row->source;
	else if (quirks->count < VFIO_QUIRKS_MAX)
		quirks->rows[quirks->count++] = row;
}

void vfio_quirks_init(struct vfio_quirks *quirks, struct pci_function *function,
		      struct vfio_device *device, struct vfio_msix *msix)
{
	*quirks = (struct vfio_quirks){ .function = function, .msix = msix };
	pthread_mutex_init(&quirks->lock, NULL);
	for (size_t i = 0; i < array_size(quirk_table); i++)
		if (quirk_matches(&quirk_table[i], function))
			quirk_take(quirks, &quirk_table[i], device);
}

void vfio_quirks_destroy(struct vfio_quirks *quirks)
{
	pthread_mutex_destroy(&quirks->lock);
}

/* ---- what is trapped ---- */

static uint32_t quirk_span(const struct vfio_quirk *row)
{
	return row->kind == QUIRK_MIRROR ? row->size : 8;
}

/* Windows are pairs of I/O ports, but for Realtek's. */
static bool quirk_is_in(const struct vfio_quirks *quirks, const struct vfio_quirk *row,
			unsigned int bar)
{
	return row->bar == bar &&
	       (row->kind != QUIRK_CONFIG_WINDOW || pci_bar_is_io(&quirks->function->bars[bar]));
}

unsigned int vfio_quirks_areas(const struct vfio_quirks *quirks, unsigned int bar,
			       struct vfio_area areas[VFIO_QUIRKS_MAX])
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < quirks->count; i++)
		if (quirk_is_in(quirks, quirks->rows[i], bar))
			areas[count++] = (struct vfio_area){ quirks->rows[i]->offset,
							     quirk_span(quirks->rows[i]) };
	return count;
}

/* The number of the first row that covers a byte of the access, or -1. */
static int quirk_find(const struct vfio_quirks *quirks, unsigned int bar, uint64_t offset,
		      unsigned int size)
{
	for (unsigned int i = 0; i < quirks->count; i++) {
		const struct vfio_quirk *row = quirks->rows[i];

		if (quirk_is_in(quirks, row, bar) && offset < row->offset + quirk_span(row) &&
		    row->offset < offset + size)
			return (int)i;
	}
	return -1;
}

/* ---- configuration space by another way ---- */

static uint64_t quirk_config_read(struct pci_function *function, uint64_t offset, unsigned int size)
{
	uint64_t value;

	pthread_mutex_lock(&function->bus->lock);
	value = pci_read_any(function, (unsigned int)offset, size);
	pthread_mutex_unlock(&function->bus->lock);
	return value;
}

static void quirk_config_write(struct pci_function *function, uint64_t offset, unsigned int size,
			       uint64_t value)
{
	pthread_mutex_lock(&function->bus->lock);
	pci_write_any(function, (unsigned int)offset, size, value);
	pthread_mutex_unlock(&function->bus->lock);
}

/* ---- windows: a register for a place, and one for what lies there ---- */

/*
 * True if the place that was written last lies in configuration space; *at is where. A window may
 * lead there by several places, with a row for each.
 */
static bool quirk_config_place(const struct vfio_quirks *quirks, unsigned int found, uint32_t place,
			       uint64_t *at)
{
	const struct vfio_quirk *window = quirks->rows[found];

	for (unsigned int i = found; i < quirks->count; i++) {
		const struct vfio_quirk *row = quirks->rows[i];

		if (row->bar != window->bar || row->offset != window->offset ||
		    place < row->first || place - row->first >= row->size)
			continue;
		*at = place - row->first;
		return true;
	}
	return false;
}

#define QUIRK_MSIX_PLACE 0x7fff0000u /* which table: */
#define QUIRK_MSIX_TABLE 0x00010000u
/* a write, otherwise a read; the device inverts the bit when it is done */
#define QUIRK_MSIX_WRITE 0x80000000u
#define QUIRK_MSIX_AT    0x00000fffu

static bool quirk_msix_place(const struct vfio_latch *latch)
{
	return (latch->place & QUIRK_MSIX_PLACE) == QUIRK_MSIX_TABLE;
}

/* Read the guest's MSI-X table, whatever BAR it lies in. */
static uint64_t quirk_table_at(const struct vfio_msix *msix, const struct vfio_latch *latch)
{
	return msix->table_offset + (latch->place & QUIRK_MSIX_AT);
}

static bool quirk_msix_read(struct vfio_quirks *quirks, const struct vfio_latch *latch,
			    uint64_t reg, unsigned int size, uint64_t *value)
{
	if (!quirk_msix_place(latch))
		return false;
	*value = reg ? latch->place ^ QUIRK_MSIX_WRITE
		     : vfio_msix_read(quirks->msix, VFIO_MSIX_TABLE,
				      quirk_table_at(quirks->msix, latch), size);
	return true;
}

/* The device must not see the guest's address for a message. */
static bool quirk_msix_write(struct vfio_quirks *quirks, struct vfio_latch *latch, uint64_t reg,
			     unsigned int size, uint64_t value)
{
	*(reg ? &latch->place : &latch->data) = (uint32_t)value;
	if (!reg || !quirk_msix_place(latch) || !(latch->place & QUIRK_MSIX_WRITE))
		return false;
	vfio_msix_write(quirks->msix, VFIO_MSIX_TABLE, quirk_table_at(quirks->msix, latch), size,
			latch->data);
	return true;
}

/* ---- the guest's accesses ---- */

/*
 * True if the access has a meaning: it is inside the area, and it covers all of a window's first
 * register, and of an MSI-X window's second one. A partial write could not be latched.
 */
static bool quirk_is_meant(const struct vfio_quirk *row, uint64_t offset, unsigned int size)
{
	if (offset < row->offset || offset + size > row->offset + quirk_span(row))
		return false; /* it crosses the edge */
	if (row->kind == QUIRK_MIRROR ||
	    (row->kind == QUIRK_CONFIG_WINDOW && offset - row->offset >= 4))
		return true;
	return size == 4 && (offset - row->offset) % 4 == 0;
}

/*
 * NVIDIA's drivers acknowledge each MSI by a write to the capability's ID in the mirror. The device
 * must see it, or it sends no further MSI. The write changes neither the kernel's nor the guest's
 * registers.
 */
static bool quirk_is_msi_ack(const struct vfio_quirk *row, const struct pci_function *function,
			     uint64_t at, unsigned int size)
{
	unsigned int cap = pci_find_capability(function, PCI_CAP_ID_MSI);

	return row->vendor == NVIDIA && cap && at >= cap && at + size <= cap + 2;
}

/*
 * True if the access reaches configuration space, by a mirror or by a window's second register;
 * *at is where.
 */
static bool quirk_finds_config(const struct vfio_quirks *quirks, unsigned int found,
			       const struct vfio_latch *latch, uint64_t *at)
{
	const struct vfio_quirk *row = quirks->rows[found];

	if (row->kind == QUIRK_MIRROR)
		return true;
	return *at >= 4 && quirk_config_place(quirks, found, latch->place, at);
}

bool vfio_quirks_read(struct vfio_quirks *quirks, unsigned int bar, uint64_t offset,
		      unsigned int size, uint64_t *value)
{
	int found = quirk_find(quirks, bar, offset, size);
	const struct vfio_quirk *row;
	struct vfio_latch latch;
	uint64_t at;

	if (found < 0)
		return false;
	row = quirks->rows[found];
	pthread_mutex_lock(&quirks->lock);
	latch = quirks->latches[found];
	pthread_mutex_unlock(&quirks->lock);
	*value = UINT64_MAX;
	if (!quirk_is_meant(row, offset, size))
		return true;
	at = offset - row->offset;
	if (row->kind == QUIRK_MSIX_WINDOW)
		return quirk_msix_read(quirks, &latch, at, size, value);
	if (!quirk_finds_config(quirks, (unsigned int)found, &latch, &at))
		return false;
	*value = quirk_config_read(quirks->function, at, size);
	return true;
}

bool vfio_quirks_write(struct vfio_quirks *quirks, unsigned int bar, uint64_t offset,
		       unsigned int size, uint64_t value)
{
	int found = quirk_find(quirks, bar, offset, size);
	const struct vfio_quirk *row;
	struct vfio_latch latch;
	bool done = false;
	uint64_t at;

	if (found < 0)
		return false;
	row = quirks->rows[found];
	if (!quirk_is_meant(row, offset, size))
		return true;
	at = offset - row->offset;
	pthread_mutex_lock(&quirks->lock);
	if (row->kind == QUIRK_CONFIG_WINDOW && at == 0)
		quirks->latches[found].place = (uint32_t)value;
	else if (row->kind == QUIRK_MSIX_WINDOW)
		done = quirk_msix_write(quirks, &quirks->latches[found], at, size, value);
	latch = quirks->latches[found];
	pthread_mutex_unlock(&quirks->lock);
	if (row->kind == QUIRK_MSIX_WINDOW)
		return done;
	if (!quirk_finds_config(quirks, (unsigned int)found, &latch, &at) ||
	    quirk_is_msi_ack(row, quirks->function, at, size))
		return false;
	quirk_config_write(quirks->function, at, size, value);
	return true;
}
