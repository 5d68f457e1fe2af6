/* SPDX-License-Identifier: MIT */
/* devices/pci_names.c: which register a byte of configuration space belongs to. */
#include <linux/pci_regs.h>
#include <string.h>

#include "devices/pci.h"
#include "devices/pci_names.h"
#include "unit.h"

/*
 * There are power management at 0x40, MSI-X at 0x50, and at 0x60 a capability that nobody knows.
 * Among the extended ones are AER and a serial number.
 */
static void usual(uint8_t *config)
{
	static const uint8_t lists[][2] = { { 0x40, PCI_CAP_ID_PM },
					    { 0x41, 0x50 },
					    { 0x50, PCI_CAP_ID_MSIX },
					    { 0x51, 0x60 },
					    { 0x60, 0x7f },
					    { PCI_CAPABILITY_LIST, 0x40 },
					    { PCI_STATUS, PCI_STATUS_CAP_LIST } };
	static const uint8_t aer[] = { PCI_EXT_CAP_ID_ERR, 0, 0x01, 0x20 }; /* next: 0x200 */
	static const uint8_t serial[] = { PCI_EXT_CAP_ID_DSN, 0, 0x01, 0 };

	memset(config, 0, PCI_CONFIG_SIZE);
	for (size_t i = 0; i < UNIT_COUNT(lists); i++)
		config[lists[i][0]] = lists[i][1];
	memcpy(&config[0x100], aer, sizeof(aer));
	memcpy(&config[0x200], serial, sizeof(serial));
}

static const struct {
	unsigned int at;
	const char *cap, *name;
	unsigned int offset, size;
} places[] = {
	{ 0x00, NULL, "Vendor ID", 0x00, 2 },
	{ 0x01, NULL, "Vendor ID", 0x00, 2 },
	{ 0x05, NULL, "Command", 0x04, 2 },
	{ 0x0e, NULL, "Header Type", 0x0e, 1 },
	{ 0x1b, NULL, "BAR 2", 0x18, 4 },
	{ 0x3a, NULL, NULL, 0x3a, 2 },
	{ 0x40, "Power Management", "ID", 0x40, 1 },
	{ 0x41, "Power Management", "Next", 0x41, 1 },
	{ 0x45, "Power Management", "Control/Status", 0x44, 2 },
	{ 0x48, "Power Management", NULL, 0x48, 4 },
	{ 0x53, "MSI-X", "Message Control", 0x52, 2 },
	{ 0x58, "MSI-X", "PBA Offset/BIR", 0x58, 4 },
	{ 0x61, "capability", "Next", 0x61, 1 },
	{ 0x66, "capability", NULL, 0x66, 2 },
	{ 0x102, "Advanced Error Reporting", "ID, Version, Next", 0x100, 4 },
	{ 0x114, "Advanced Error Reporting", "Correctable Mask", 0x114, 4 },
	{ 0x20b, "Device Serial Number", "Serial Number high", 0x208, 4 },
	{ 0xfff, "Device Serial Number", NULL, 0xfff, 1 },
};

START_TEST(finds_register)
{
	static uint8_t config[PCI_CONFIG_SIZE];
	struct pci_register reg;

	usual(config);
	pci_find_register(config, places[_i].at, &reg);
	ck_assert_pstr_eq(reg.cap, places[_i].cap);
	ck_assert_pstr_eq(reg.name, places[_i].name);
	ck_assert_uint_eq(reg.offset, places[_i].offset);
	ck_assert_uint_eq(reg.size, places[_i].size);
}
END_TEST

/* A bridge has bus numbers and windows where others have BARs. */
START_TEST(names_a_bridges_registers)
{
	static uint8_t config[PCI_CONFIG_SIZE];
	struct pci_register reg;

	config[PCI_HEADER_TYPE] = 0x80 | PCI_HEADER_TYPE_BRIDGE;
	pci_find_register(config, PCI_SECONDARY_BUS, &reg);
	ck_assert_str_eq(reg.name, "Secondary Bus");
	pci_find_register(config, PCI_MEMORY_LIMIT + 1, &reg);
	ck_assert_str_eq(reg.name, "Memory Limit");
	pci_find_register(config, PCI_COMMAND, &reg);
	ck_assert_str_eq(reg.name, "Command");
}
END_TEST

/* The lists go round. Every byte there is gets an answer, which holds `at`. */
START_TEST(any_bytes)
{
	static uint8_t config[PCI_CONFIG_SIZE];
	uint32_t random = (uint32_t)_i;
	struct trace_place place = { .object = "" };
	struct pci_register reg;

	for (unsigned int i = 0; i < sizeof(config); i++) {
		random = random * 1664525u + 1013904223u;
		config[i] = _i == 0 ? 0xff : (uint8_t)(random >> 24);
	}
	config[PCI_STATUS] |= PCI_STATUS_CAP_LIST;
	for (unsigned int at = 0; at < sizeof(config); at++) {
		pci_find_register(config, at, &reg);
		ck_assert(reg.size && reg.offset <= at && at < reg.offset + reg.size);
		pci_locate_register(config, at, &place);
		ck_assert_uint_le(place.shift, 24);
	}
}
END_TEST

/* A register is named with its capability. Bits count from where the access begins. */
START_TEST(locates)
{
	static uint8_t config[PCI_CONFIG_SIZE];
	struct trace_place place = { .bar = TRACE_NO_BAR };
	struct trace_fields fields;

	usual(config);
	pci_locate_register(config, 0x53, &place);
	ck_assert_str_eq(place.reg, "MSI-X Message Control");
	trace_fields_init(&fields);
	trace_place_decode(&fields, &place, false, 1, 0xc0);
	ck_assert_str_eq(fields.result, "0xc0 ENABLE|MASK_ALL");
	pci_locate_register(config, PCI_COMMAND, &place);
	trace_fields_init(&fields);
	trace_place_decode(&fields, &place, false, 4, 0xffff0007);
	ck_assert_str_eq(fields.result, "0xffff0007 IO|MEMORY|MASTER");
	place = (struct trace_place){ .object = "x" };
	pci_locate_register(config, PCI_CONFIG_SIZE, &place);
	ck_assert_str_eq(place.reg, "");
}
END_TEST

UNIT_MAIN("pci_names", { finds_register, UNIT_COUNT(places) }, { any_bytes, 20 }, { locates, 0 },
	  { names_a_bridges_registers, 0 })
