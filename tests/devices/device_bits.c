/* SPDX-License-Identifier: MIT */
#include "device_bits.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define BITS_CAPS_MAX 96u
#define BITS_REST     0u /* a capability that reaches to the next */

/* A register of the header, or of a capability. */
struct bits_register {
	uint16_t offset, size;
	uint32_t writable, w1c;
};

#define BITS_REGISTERS 6u

struct bits_cap {
	bool extended;
	uint16_t id;
	uint16_t length; /* BITS_REST: unknown */
	struct bits_register registers[BITS_REGISTERS];
};

static const struct bits_register bits_header[] = {
	{ PCI_COMMAND, 2, 0x0517, 0 },       { PCI_STATUS, 2, 0, 0xf900 },
	{ PCI_CACHE_LINE_SIZE, 1, 0xff, 0 }, { PCI_LATENCY_TIMER, 1, 0xff, 0 },
	{ PCI_INTERRUPT_LINE, 1, 0xff, 0 },
};

static const struct bits_cap bits_caps[] = {
	{ false, PCI_CAP_ID_PM, 8, { { PCI_PM_CTRL, 2, 0x0103, 0x8000 } } },
	{ false,
	  PCI_CAP_ID_VPD,
	  8,
	  { { PCI_VPD_ADDR, 2, 0xffff, 0 }, { PCI_VPD_DATA, 4, ~0u, 0 } } },
	{ false, PCI_CAP_ID_MSIX, 12, { { PCI_MSIX_FLAGS, 2, 0xc000, 0 } } },
	{ false, PCI_CAP_ID_PCIX, 8, { { PCI_X_CMD, 2, 0x007f, 0 } } },
	{ false,
	  PCI_CAP_ID_EXP,
	  0x3c,
	  { { PCI_EXP_DEVCTL, 2, 0x7dff, 0 },
	    { PCI_EXP_DEVSTA, 2, 0, 0x000f },
	    { PCI_EXP_DEVCTL2, 2, 0xffdf, 0 } } },
	{ false, PCI_CAP_ID_AF, 6, { { 0, 0, 0, 0 } } },
	{ true,
	  PCI_EXT_CAP_ID_ERR,
	  0x2c,
	  { { PCI_ERR_UNCOR_STATUS, 4, 0, 0x07fff030 },
	    { PCI_ERR_UNCOR_MASK, 4, 0x07fff030, 0 },
	    { PCI_ERR_UNCOR_SEVER, 4, 0x07fff030, 0 },
	    { PCI_ERR_COR_STATUS, 4, 0, 0xf1c1 },
	    { PCI_ERR_COR_MASK, 4, 0xf1c1, 0 },
	    { PCI_ERR_CAP, 4, 0x0140, 0 } } },
	{ true, PCI_EXT_CAP_ID_DSN, 12, { { 0, 0, 0, 0 } } },
	{ true, PCI_EXT_CAP_ID_PWR, 16, { { PCI_PWR_DSR, 1, 0xff, 0 } } },
};

static void bits_set(struct device_bits *bits, unsigned int base, const struct bits_register *reg)
{
	for (unsigned int i = 0; i < reg->size; i++) {
		unsigned int at = base + reg->offset + i;

		if (at >= PCI_CFG_SPACE_EXP_SIZE)
			return;
		bits->writable[at] = (uint8_t)(reg->writable >> (8 * i));
		bits->w1c[at] = (uint8_t)(reg->w1c >> (8 * i));
	}
}

static void bits_set_long(struct device_bits *bits, unsigned int offset, uint32_t writable)
{
	const struct bits_register reg = { 0, 4, writable, 0 };

	bits_set(bits, offset, &reg);
}

/* ---- BARs: as many bits as make up an address of their size ---- */

static void bits_set_bars(struct device_bits *bits, const struct device_file *file)
{
	for (unsigned int bar = 0; bar < 6; bar++) {
		unsigned int at = PCI_BASE_ADDRESS_0 + 4 * bar;
		uint32_t value = device_file_long(file, at);
		uint64_t mask = file->sizes[bar] ? ~(file->sizes[bar] - 1) : 0;

		bits_set_long(bits, at, (uint32_t)mask & (value & 1 ? ~3u : ~0xfu));
		if (!(value & 1) &&
		    (value & PCI_BASE_ADDRESS_MEM_TYPE_MASK) == PCI_BASE_ADDRESS_MEM_TYPE_64 &&
		    ++bar < 6)
			bits_set_long(bits, at + 4, (uint32_t)(mask >> 32));
	}
	if (file->sizes[6])
		bits_set_long(bits, PCI_ROM_ADDRESS,
			      (uint32_t) ~(file->sizes[6] - 1) | PCI_ROM_ADDRESS_ENABLE);
}

/* ---- capabilities ---- */

static const struct bits_cap *bits_find_cap(bool extended, uint16_t id)
{
	for (size_t i = 0; i < sizeof(bits_caps) / sizeof(bits_caps[0]); i++)
		if (bits_caps[i].extended == extended && bits_caps[i].id == id)
			return &bits_caps[i];
	return NULL;
}

static unsigned int bits_set_msi(struct device_bits *bits, const struct device_file *file,
				 unsigned int cap)
{
	uint16_t flags = device_file_word(file, cap + PCI_MSI_FLAGS);
	bool wide = flags & PCI_MSI_FLAGS_64BIT, masks = flags & PCI_MSI_FLAGS_MASKBIT;
	const struct bits_register registers[] = {
		{ PCI_MSI_FLAGS, 2, PCI_MSI_FLAGS_ENABLE | PCI_MSI_FLAGS_QSIZE, 0 },
		{ PCI_MSI_ADDRESS_LO, 4, ~3u, 0 },
		{ PCI_MSI_ADDRESS_HI, wide ? 4 : 0, ~0u, 0 },
		{ wide ? PCI_MSI_DATA_64 : PCI_MSI_DATA_32, 2, 0xffff, 0 },
		{ wide ? PCI_MSI_MASK_64 : PCI_MSI_MASK_32, masks ? 4 : 0, ~0u, 0 },
	};

	for (size_t i = 0; i < sizeof(registers) / sizeof(registers[0]); i++)
		bits_set(bits, cap, &registers[i]);
	return (wide ? 14 : 10) + (masks ? 10 : 0);
}

/* What the vendor put into its own capability belongs to the driver. */
static unsigned int bits_set_vendor(struct device_bits *bits, unsigned int cap, unsigned int skip,
				    unsigned int length)
{
	for (unsigned int at = cap + skip; at < cap + length && at < PCI_CFG_SPACE_EXP_SIZE; at++)
		bits->writable[at] = 0xff;
	return length;
}

/* Returns the length of a capability of a known kind, BITS_REST where nobody knows it. */
static unsigned int bits_set_cap(struct device_bits *bits, const struct device_file *file,
				 bool extended, uint16_t id, unsigned int cap)
{
	const struct bits_cap *row = bits_find_cap(extended, id);

	if (!extended && id == PCI_CAP_ID_MSI)
		return bits_set_msi(bits, file, cap);
	if (!extended && id == PCI_CAP_ID_VNDR)
		return bits_set_vendor(bits, cap, 3, file->config[cap + 2]);
	if (extended && id == PCI_EXT_CAP_ID_VNDR)
		return bits_set_vendor(bits, cap, 8, device_file_word(file, cap + 6) >> 4);
	if (extended && id == PCI_EXT_CAP_ID_DVSEC)
		return bits_set_vendor(bits, cap, 10, device_file_word(file, cap + 6) >> 4);
	if (!row)
		return BITS_REST;
	for (unsigned int i = 0; i < BITS_REGISTERS; i++)
		bits_set(bits, cap, &row->registers[i]);
	return row->length;
}

/*
 * Find the offset and the identity of the capability behind `cap`. A `cap` of 0 asks for the
 * first one.
 */
static unsigned int bits_next(const struct device_file *file, bool extended, unsigned int cap,
			      uint16_t *id)
{
	unsigned int next;

	if (extended)
		next = cap ? device_file_word(file, cap + 2) >> 4 & ~3u : PCI_CFG_SPACE_SIZE;
	else
		next = file->config[cap ? cap + 1 : PCI_CAPABILITY_LIST] & ~3u;
	if (next < (extended ? PCI_CFG_SPACE_SIZE : PCI_STD_HEADER_SIZEOF))
		return 0;
	*id = extended ? device_file_word(file, next) : file->config[next];
	if (extended &&
	    (device_file_long(file, next) == 0 || device_file_long(file, next) == UINT32_MAX))
		return 0;
	return next;
}

static unsigned int bits_end(const unsigned int *caps, unsigned int count, unsigned int at,
			     unsigned int length, unsigned int limit)
{
	unsigned int end = length ? (at + length + 3) & ~3u : limit;

	for (unsigned int i = 0; i < count; i++)
		if (caps[i] > at && caps[i] < end)
			end = caps[i];
	return end < limit ? end : limit;
}

static void bits_set_list(struct device_bits *bits, const struct device_file *file, bool extended,
			  bool *claimed)
{
	unsigned int limit = extended ? PCI_CFG_SPACE_EXP_SIZE : PCI_CFG_SPACE_SIZE;
	unsigned int caps[BITS_CAPS_MAX], lengths[BITS_CAPS_MAX], count = 0, cap = 0;
	uint16_t id;

	while (count < BITS_CAPS_MAX && (cap = bits_next(file, extended, cap, &id)) != 0) {
		caps[count] = cap;
		lengths[count++] = bits_set_cap(bits, file, extended, id, cap);
	}
	for (unsigned int i = 0; i < count; i++) {
		unsigned int end = bits_end(caps, count, caps[i], lengths[i], limit);

		memset(&claimed[caps[i]], true, end - caps[i]);
	}
}

void device_bits_find(struct device_bits *bits, const struct device_file *file)
{
	bool claimed[PCI_CFG_SPACE_EXP_SIZE] = { false };

	memset(bits, 0, sizeof(*bits));
	for (size_t i = 0; i < sizeof(bits_header) / sizeof(bits_header[0]); i++)
		bits_set(bits, 0, &bits_header[i]);
	bits_set_bars(bits, file);
	memset(claimed, true, PCI_STD_HEADER_SIZEOF);
	if (device_file_word(file, PCI_STATUS) & PCI_STATUS_CAP_LIST)
		bits_set_list(bits, file, false, claimed);
	if (file->config_size > PCI_CFG_SPACE_SIZE)
		bits_set_list(bits, file, true, claimed);
	for (unsigned int at = 0; at < file->config_size; at++)
		if (!claimed[at])
			bits->writable[at] = 0xff;
}
