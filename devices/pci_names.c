/* SPDX-License-Identifier: MIT */
#include "pci_names.h"

#include <linux/pci_regs.h>
#include <stdio.h>
#include <string.h>

#include "pci.h"
#include "vmm/trace/macros.h"

struct pci_register_row {
	uint16_t offset; /* from the start of the header or capability */
	uint8_t size;
	const char *name;
	const struct trace_name *bits;
};

struct pci_capability_row {
	bool extended;
	uint16_t id;
	const char *name;
	const struct pci_register_row *rows; /* ended by size 0; NULL: none but its head */
};

/* ---- bits ---- */

#define END                                                                                        \
	{                                                                                          \
		0, NULL                                                                            \
	}

static const struct trace_name bits_command[] = {
	{ PCI_COMMAND_IO, "IO" },
	{ PCI_COMMAND_MEMORY, "MEMORY" },
	{ PCI_COMMAND_MASTER, "MASTER" },
	{ PCI_COMMAND_PARITY, "PARITY" },
	{ PCI_COMMAND_SERR, "SERR" },
	{ PCI_COMMAND_INTX_DISABLE, "INTX_DISABLE" },
	END,
};
static const struct trace_name bits_status[] = {
	{ PCI_STATUS_INTERRUPT, "INTERRUPT" },
	{ PCI_STATUS_CAP_LIST, "CAP_LIST" },
	{ PCI_STATUS_PARITY, "MASTER_PARITY_ERROR" },
	{ PCI_STATUS_SIG_TARGET_ABORT, "SIGNALED_TARGET_ABORT" },
	{ PCI_STATUS_REC_TARGET_ABORT, "RECEIVED_TARGET_ABORT" },
	{ PCI_STATUS_REC_MASTER_ABORT, "RECEIVED_MASTER_ABORT" },
	{ PCI_STATUS_SIG_SYSTEM_ERROR, "SIGNALED_SYSTEM_ERROR" },
	{ PCI_STATUS_DETECTED_PARITY, "PARITY_ERROR" },
	END,
};
static const struct trace_name bits_bridge[] = {
	{ PCI_BRIDGE_CTL_PARITY, "PARITY" },
	{ PCI_BRIDGE_CTL_SERR, "SERR" },
	{ PCI_BRIDGE_CTL_BUS_RESET, "BUS_RESET" },
	END,
};
static const struct trace_name bits_sltctl[] = {
	{ PCI_EXP_SLTCTL_ABPE, "BUTTON_ENABLE" },
	{ PCI_EXP_SLTCTL_PDCE, "PRESENCE_ENABLE" },
	{ PCI_EXP_SLTCTL_HPIE, "INTERRUPT_ENABLE" },
	{ PCI_EXP_SLTCTL_PWR_IND_ON, "POWER_INDICATOR_ON" },
	{ PCI_EXP_SLTCTL_PWR_IND_BLINK, "POWER_INDICATOR_BLINK" },
	{ PCI_EXP_SLTCTL_DLLSCE, "LINK_ENABLE" },
	END,
};
static const struct trace_name bits_sltsta[] = {
	{ PCI_EXP_SLTSTA_ABP, "BUTTON" },
	{ PCI_EXP_SLTSTA_PDC, "PRESENCE_CHANGED" },
	{ PCI_EXP_SLTSTA_PDS, "PRESENT" },
	{ PCI_EXP_SLTSTA_DLLSC, "LINK_CHANGED" },
	END,
};
static const struct trace_name bits_rom[] = { { PCI_ROM_ADDRESS_ENABLE, "ENABLE" }, END };
static const struct trace_name bits_pmcsr[] = {
	{ 3, "D3HOT" },
	{ 2, "D2" },
	{ 1, "D1" },
	{ PCI_PM_CTRL_NO_SOFT_RESET, "NO_SOFT_RESET" },
	{ PCI_PM_CTRL_PME_ENABLE, "PME_ENABLE" },
	{ PCI_PM_CTRL_PME_STATUS, "PME_STATUS" },
	END,
};
static const struct trace_name bits_msi[] = {
	{ PCI_MSI_FLAGS_ENABLE, "ENABLE" },
	{ PCI_MSI_FLAGS_64BIT, "64BIT" },
	{ PCI_MSI_FLAGS_MASKBIT, "MASKABLE" },
	END,
};
static const struct trace_name bits_msix[] = {
	{ PCI_MSIX_FLAGS_ENABLE, "ENABLE" },
	{ PCI_MSIX_FLAGS_MASKALL, "MASK_ALL" },
	END,
};
static const struct trace_name bits_devctl[] = {
	{ PCI_EXP_DEVCTL_CERE, "CORRECTABLE_REPORT" },
	{ PCI_EXP_DEVCTL_NFERE, "NONFATAL_REPORT" },
	{ PCI_EXP_DEVCTL_FERE, "FATAL_REPORT" },
	{ PCI_EXP_DEVCTL_URRE, "UNSUPPORTED_REPORT" },
	{ PCI_EXP_DEVCTL_RELAX_EN, "RELAXED_ORDER" },
	{ PCI_EXP_DEVCTL_EXT_TAG, "EXTENDED_TAG" },
	{ PCI_EXP_DEVCTL_NOSNOOP_EN, "NO_SNOOP" },
	{ PCI_EXP_DEVCTL_BCR_FLR, "FLR" },
	END,
};
static const struct trace_name bits_devsta[] = {
	{ PCI_EXP_DEVSTA_CED, "CORRECTABLE" }, { PCI_EXP_DEVSTA_NFED, "NONFATAL" },
	{ PCI_EXP_DEVSTA_FED, "FATAL" },       { PCI_EXP_DEVSTA_URD, "UNSUPPORTED" },
	{ PCI_EXP_DEVSTA_TRPND, "PENDING" },   END,
};
static const struct trace_name bits_af[] = { { PCI_AF_CTRL_FLR, "FLR" }, END };

/* ---- registers ---- */

static const struct pci_register_row registers_header[] = {
	{ PCI_VENDOR_ID, 2, "Vendor ID", NULL },
	{ PCI_DEVICE_ID, 2, "Device ID", NULL },
	{ PCI_COMMAND, 2, "Command", bits_command },
	{ PCI_STATUS, 2, "Status", bits_status },
	{ PCI_REVISION_ID, 1, "Revision", NULL },
	{ PCI_CLASS_PROG, 1, "Programming Interface", NULL },
	{ PCI_CLASS_DEVICE, 2, "Class", NULL },
	{ PCI_CACHE_LINE_SIZE, 1, "Cache Line Size", NULL },
	{ PCI_LATENCY_TIMER, 1, "Latency Timer", NULL },
	{ PCI_HEADER_TYPE, 1, "Header Type", NULL },
	{ PCI_BIST, 1, "BIST", NULL },
	{ PCI_BASE_ADDRESS_0, 4, "BAR 0", NULL },
	{ PCI_BASE_ADDRESS_1, 4, "BAR 1", NULL },
	{ PCI_BASE_ADDRESS_2, 4, "BAR 2", NULL },
	{ PCI_BASE_ADDRESS_3, 4, "BAR 3", NULL },
	{ PCI_BASE_ADDRESS_4, 4, "BAR 4", NULL },
	{ PCI_BASE_ADDRESS_5, 4, "BAR 5", NULL },
	{ PCI_CARDBUS_CIS, 4, "CardBus CIS", NULL },
	{ PCI_SUBSYSTEM_VENDOR_ID, 2, "Subsystem Vendor ID", NULL },
	{ PCI_SUBSYSTEM_ID, 2, "Subsystem ID", NULL },
	{ PCI_ROM_ADDRESS, 4, "Expansion ROM", bits_rom },
	{ PCI_CAPABILITY_LIST, 1, "Capabilities Pointer", NULL },
	{ PCI_INTERRUPT_LINE, 1, "Interrupt Line", NULL },
	{ PCI_INTERRUPT_PIN, 1, "Interrupt Pin", NULL },
	{ PCI_MIN_GNT, 1, "Min Grant", NULL },
	{ PCI_MAX_LAT, 1, "Max Latency", NULL },
	{ 0, 0, NULL, NULL },
};

/* The registers in which a bridge differs. */
static const struct pci_register_row registers_bridge[] = {
	{ PCI_PRIMARY_BUS, 1, "Primary Bus", NULL },
	{ PCI_SECONDARY_BUS, 1, "Secondary Bus", NULL },
	{ PCI_SUBORDINATE_BUS, 1, "Subordinate Bus", NULL },
	{ PCI_SEC_LATENCY_TIMER, 1, "Secondary Latency Timer", NULL },
	{ PCI_IO_BASE, 1, "I/O Base", NULL },
	{ PCI_IO_LIMIT, 1, "I/O Limit", NULL },
	{ PCI_SEC_STATUS, 2, "Secondary Status", NULL },
	{ PCI_MEMORY_BASE, 2, "Memory Base", NULL },
	{ PCI_MEMORY_LIMIT, 2, "Memory Limit", NULL },
	{ PCI_PREF_MEMORY_BASE, 2, "Prefetchable Base", NULL },
	{ PCI_PREF_MEMORY_LIMIT, 2, "Prefetchable Limit", NULL },
	{ PCI_PREF_BASE_UPPER32, 4, "Prefetchable Base Upper", NULL },
	{ PCI_PREF_LIMIT_UPPER32, 4, "Prefetchable Limit Upper", NULL },
	{ PCI_IO_BASE_UPPER16, 2, "I/O Base Upper", NULL },
	{ PCI_IO_LIMIT_UPPER16, 2, "I/O Limit Upper", NULL },
	{ PCI_ROM_ADDRESS1, 4, "Expansion ROM", bits_rom },
	{ PCI_BRIDGE_CONTROL, 2, "Bridge Control", bits_bridge },
	{ 0, 0, NULL, NULL },
};

/* What every capability begins with. */
static const struct pci_register_row registers_cap[] = {
	{ PCI_CAP_LIST_ID, 1, "ID", NULL },
	{ PCI_CAP_LIST_NEXT, 1, "Next", NULL },
	{ 0, 0, NULL, NULL },
};
static const struct pci_register_row registers_ext_cap[] = {
	{ 0, 4, "ID, Version, Next", NULL },
	{ 0, 0, NULL, NULL },
};

static const struct pci_register_row registers_pm[] = {
	{ PCI_PM_PMC, 2, "Capabilities", NULL },
	{ PCI_PM_CTRL, 2, "Control/Status", bits_pmcsr },
	{ 0, 0, NULL, NULL },
};
static const struct pci_register_row registers_vpd[] = {
	{ PCI_VPD_ADDR, 2, "Address", NULL },
	{ PCI_VPD_DATA, 4, "Data", NULL },
	{ 0, 0, NULL, NULL },
};
static const struct pci_register_row registers_msi[] = {
	{ PCI_MSI_FLAGS, 2, "Message Control", bits_msi },
	{ PCI_MSI_ADDRESS_LO, 4, "Message Address", NULL },
	{ 0, 0, NULL, NULL },
};
static const struct pci_register_row registers_msix[] = {
	{ PCI_MSIX_FLAGS, 2, "Message Control", bits_msix },
	{ PCI_MSIX_TABLE, 4, "Table Offset/BIR", NULL },
	{ PCI_MSIX_PBA, 4, "PBA Offset/BIR", NULL },
	{ 0, 0, NULL, NULL },
};
static const struct pci_register_row registers_pcie[] = {
	{ PCI_EXP_FLAGS, 2, "Capabilities", NULL },
	{ PCI_EXP_DEVCAP, 4, "Device Capabilities", NULL },
	{ PCI_EXP_DEVCTL, 2, "Device Control", bits_devctl },
	{ PCI_EXP_DEVSTA, 2, "Device Status", bits_devsta },
	{ PCI_EXP_LNKCAP, 4, "Link Capabilities", NULL },
	{ PCI_EXP_LNKCTL, 2, "Link Control", NULL },
	{ PCI_EXP_LNKSTA, 2, "Link Status", NULL },
	{ PCI_EXP_SLTCAP, 4, "Slot Capabilities", NULL },
	{ PCI_EXP_SLTCTL, 2, "Slot Control", bits_sltctl },
	{ PCI_EXP_SLTSTA, 2, "Slot Status", bits_sltsta },
	{ PCI_EXP_RTCTL, 2, "Root Control", NULL },
	{ PCI_EXP_RTSTA, 4, "Root Status", NULL },
	{ PCI_EXP_DEVCAP2, 4, "Device Capabilities 2", NULL },
	{ PCI_EXP_DEVCTL2, 2, "Device Control 2", NULL },
	{ PCI_EXP_LNKCAP2, 4, "Link Capabilities 2", NULL },
	{ PCI_EXP_LNKCTL2, 2, "Link Control 2", NULL },
	{ PCI_EXP_LNKSTA2, 2, "Link Status 2", NULL },
	{ 0, 0, NULL, NULL },
};
static const struct pci_register_row registers_af[] = {
	{ PCI_AF_LENGTH, 1, "Length", NULL },
	{ PCI_AF_CAP, 1, "Capabilities", NULL },
	{ PCI_AF_CTRL, 1, "Control", bits_af },
	{ PCI_AF_STATUS, 1, "Status", NULL },
	{ 0, 0, NULL, NULL },
};
static const struct pci_register_row registers_aer[] = {
	{ PCI_ERR_UNCOR_STATUS, 4, "Uncorrectable Status", NULL },
	{ PCI_ERR_UNCOR_MASK, 4, "Uncorrectable Mask", NULL },
	{ PCI_ERR_UNCOR_SEVER, 4, "Uncorrectable Severity", NULL },
	{ PCI_ERR_COR_STATUS, 4, "Correctable Status", NULL },
	{ PCI_ERR_COR_MASK, 4, "Correctable Mask", NULL },
	{ PCI_ERR_CAP, 4, "Capabilities and Control", NULL },
	{ 0, 0, NULL, NULL },
};
static const struct pci_register_row registers_dsn[] = {
	{ 4, 4, "Serial Number low", NULL },
	{ 8, 4, "Serial Number high", NULL },
	{ 0, 0, NULL, NULL },
};

static const struct pci_capability_row pci_capabilities[] = {
	{ false, PCI_CAP_ID_PM, "Power Management", registers_pm },
	{ false, PCI_CAP_ID_VPD, "Vital Product Data", registers_vpd },
	{ false, PCI_CAP_ID_MSI, "MSI", registers_msi },
	{ false, PCI_CAP_ID_VNDR, "Vendor Specific", NULL },
	{ false, PCI_CAP_ID_EXP, "PCI Express", registers_pcie },
	{ false, PCI_CAP_ID_MSIX, "MSI-X", registers_msix },
	{ false, PCI_CAP_ID_SATA, "SATA", NULL },
	{ false, PCI_CAP_ID_AF, "Advanced Features", registers_af },
	{ true, PCI_EXT_CAP_ID_ERR, "Advanced Error Reporting", registers_aer },
	{ true, PCI_EXT_CAP_ID_DSN, "Device Serial Number", registers_dsn },
	{ true, PCI_EXT_CAP_ID_VNDR, "Vendor Specific", NULL },
	{ true, PCI_EXT_CAP_ID_SRIOV, "SR-IOV", NULL },
	{ true, PCI_EXT_CAP_ID_ARI, "Alternative Routing ID", NULL },
	{ true, PCI_EXT_CAP_ID_ATS, "Address Translation Service", NULL },
	{ true, PCI_EXT_CAP_ID_REBAR, "Resizable BAR", NULL },
	{ true, PCI_EXT_CAP_ID_LTR, "Latency Tolerance Reporting", NULL },
	{ true, PCI_EXT_CAP_ID_L1SS, "L1 PM Substates", NULL },
};

static const struct pci_capability_row *pci_find_capability_row(bool extended, uint16_t id)
{
	for (size_t i = 0; i < array_size(pci_capabilities); i++)
		if (pci_capabilities[i].extended == extended && pci_capabilities[i].id == id)
			return &pci_capabilities[i];
	return NULL;
}

/* ---- where capabilities lie ---- */

/* There is at most one capability for each dword, so a longer walk is going in a circle. */
#define PCI_STEPS_MAX (PCI_CONFIG_SIZE / 4)

static uint32_t pci_bytes_long(const uint8_t *config, unsigned int offset)
{
	const uint8_t *byte = &config[offset];

	return byte[0] | (uint32_t)byte[1] << 8 | (uint32_t)byte[2] << 16 | (uint32_t)byte[3] << 24;
}

/* The last one that begins at or before `offset`; 0 if none does. */
static unsigned int pci_cap_before(const uint8_t *config, unsigned int offset)
{
	unsigned int at = config[PCI_CAPABILITY_LIST] & ~3u, found = 0;

	if (!(config[PCI_STATUS] & PCI_STATUS_CAP_LIST))
		return 0;
	for (unsigned int i = 0; i < PCI_STEPS_MAX && at >= PCI_STD_HEADER_SIZEOF; i++) {
		if (at <= offset && at > found)
			found = at;
		at = config[at + PCI_CAP_LIST_NEXT] & ~3u;
	}
	return found;
}

static unsigned int pci_ext_cap_before(const uint8_t *config, unsigned int offset)
{
	unsigned int at = PCI_CFG_SPACE_SIZE, found = 0;

	for (unsigned int i = 0; i < PCI_STEPS_MAX && at >= PCI_CFG_SPACE_SIZE; i++) {
		uint32_t header = pci_bytes_long(config, at);

		if (header == 0 || header == UINT32_MAX)
			break;
		if (at <= offset && at > found)
			found = at;
		at = PCI_EXT_CAP_NEXT(header) & ~3u;
	}
	return found;
}

/* ---- look-up ---- */

static bool pci_find_row(const struct pci_register_row *rows, struct pci_register *reg,
			 unsigned int offset)
{
	for (; rows && rows->size; rows++) {
		unsigned int start = reg->base + rows->offset;

		if (offset < start || offset >= start + rows->size)
			continue;
		reg->name = rows->name;
		reg->offset = start;
		reg->size = rows->size;
		reg->bits = rows->bits;
		return true;
	}
	return false;
}

void pci_find_register(const uint8_t *config, unsigned int offset, struct pci_register *reg)
{
	bool extended = offset >= PCI_CFG_SPACE_SIZE;
	const struct pci_capability_row *row;
	uint16_t id;

	*reg = (struct pci_register){ .offset = offset, .size = 4 - offset % 4 };
	if (offset < PCI_STD_HEADER_SIZEOF) {
		if ((config[PCI_HEADER_TYPE] & 0x7f) != PCI_HEADER_TYPE_BRIDGE ||
		    !pci_find_row(registers_bridge, reg, offset))
			pci_find_row(registers_header, reg, offset);
		return;
	}
	reg->base = extended ? pci_ext_cap_before(config, offset) : pci_cap_before(config, offset);
	if (!reg->base)
		return;
	id = extended ? PCI_EXT_CAP_ID(pci_bytes_long(config, reg->base)) : config[reg->base];
	row = pci_find_capability_row(extended, id);
	reg->cap = row ? row->name : "capability";
	if (!pci_find_row(extended ? registers_ext_cap : registers_cap, reg, offset) && row)
		pci_find_row(row->rows, reg, offset);
}

void pci_locate_register(const uint8_t *config, unsigned int offset, struct trace_place *place)
{
	struct pci_register reg;

	place->topic = TRACE_TOPIC_config;
	place->area = "configuration space";
	place->offset = offset;
	if (offset >= PCI_CONFIG_SIZE)
		return;
	pci_find_register(config, offset, &reg);
	place->shift = 8 * (offset - reg.offset);
	place->width = 8 * reg.size;
	place->bits = reg.bits;
	if (reg.name)
		snprintf(place->reg, sizeof(place->reg), "%s%s%s", reg.cap ? reg.cap : "",
			 reg.cap ? " " : "", reg.name);
	else if (reg.cap)
		snprintf(place->reg, sizeof(place->reg), "%s +%#x", reg.cap, offset - reg.base);
}
