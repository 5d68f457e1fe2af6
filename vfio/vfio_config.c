/* SPDX-License-Identifier: MIT */
#include "vfio_config.h"

#include <errno.h>
#include <string.h>

#include "vmm/core/log.h"

#define CONFIG_ALL 0xffffffffu

/* VF Resizable BAR: newer than linux/pci_regs.h of Debian 12. */
#define CONFIG_EXT_CAP_VF_REBAR 0x24

/* A register of 1, 2 or 4 bytes. Bits in no mask are read from the device and cannot be written. */
struct config_field {
	uint16_t offset; /* in the header, or from the start of the capability */
	uint8_t size;
	uint32_t emulated; /* read from our copy */
	uint32_t writable; /* of the emulated bits: those that stick */
	uint32_t forward;  /* written to the device */
	uint32_t w1c;
};

#define COMMAND_BITS                                                                               \
	(PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER | PCI_COMMAND_PARITY |           \
	 PCI_COMMAND_SERR | PCI_COMMAND_INTX_DISABLE)
#define STATUS_ERRORS 0xf900u

static const struct config_field config_header[] = {
	{ PCI_VENDOR_ID, 4, CONFIG_ALL, 0, 0, 0 },
	{ PCI_COMMAND, 2, 0xffff, COMMAND_BITS, COMMAND_BITS, 0 },
	{ PCI_STATUS, 2, PCI_STATUS_CAP_LIST, 0, STATUS_ERRORS, STATUS_ERRORS },
	{ PCI_CLASS_REVISION, 4, CONFIG_ALL, 0, 0, 0 },
	{ PCI_CACHE_LINE_SIZE, 1, 0xff, 0xff, 0, 0 },
	{ PCI_LATENCY_TIMER, 1, 0xff, 0, 0, 0 },
	{ PCI_HEADER_TYPE, 1, 0xff, 0, 0, 0 },
	{ PCI_BIST, 1, 0xff, 0, 0, 0 }, /* a self-test would stop the device under the host */
	/*
	 * BARs and ROM: the guest's addresses are not the host's. pci_set_bar() makes them
	 * writable.
	 */
	{ PCI_BASE_ADDRESS_0, 4, CONFIG_ALL, 0, 0, 0 },
	{ PCI_BASE_ADDRESS_1, 4, CONFIG_ALL, 0, 0, 0 },
	{ PCI_BASE_ADDRESS_2, 4, CONFIG_ALL, 0, 0, 0 },
	{ PCI_BASE_ADDRESS_3, 4, CONFIG_ALL, 0, 0, 0 },
	{ PCI_BASE_ADDRESS_4, 4, CONFIG_ALL, 0, 0, 0 },
	{ PCI_BASE_ADDRESS_5, 4, CONFIG_ALL, 0, 0, 0 },
	{ PCI_CARDBUS_CIS, 4, CONFIG_ALL, 0, 0, 0 },
	{ PCI_SUBSYSTEM_VENDOR_ID, 4, CONFIG_ALL, 0, 0, 0 },
	{ PCI_ROM_ADDRESS, 4, CONFIG_ALL, 0, 0, 0 },
	{ PCI_CAPABILITY_LIST, 4, CONFIG_ALL, 0, 0, 0 },
	{ 0x38, 4, CONFIG_ALL, 0, 0, 0 },
	{ PCI_INTERRUPT_LINE, 1, 0xff, 0xff, 0, 0 },
	{ PCI_INTERRUPT_PIN, 1, 0xff, 0, 0, 0 },
	{ PCI_MIN_GNT, 2, 0xffff, 0, 0, 0 },
};

/* Only the power state: it is the one thing drivers switch; PME belongs to the host. */
static const struct config_field config_pm[] = {
	{ PCI_PM_PMC, 2, 0xffff, 0, 0, 0 },
	{ PCI_PM_CTRL, 2, 0, 0, PCI_PM_CTRL_STATE_MASK, PCI_PM_CTRL_PME_STATUS },
};

static const struct config_field config_vpd[] = {
	{ PCI_VPD_ADDR, 2, 0, 0, 0xffff, 0 },
	{ PCI_VPD_DATA, 4, 0, 0, CONFIG_ALL, 0 },
};

static const struct config_field config_af[] = {
	{ PCI_AF_CTRL, 1, 0, 0, PCI_AF_CTRL_FLR, 0 },
};

static const struct config_field config_msix[] = {
	{ PCI_MSIX_FLAGS, 2, 0xffff, PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL, 0, 0 },
	{ PCI_MSIX_TABLE, 4, CONFIG_ALL, 0, 0, 0 },
	{ PCI_MSIX_PBA, 4, CONFIG_ALL, 0, 0, 0 },
};

/*
 * Of Device Control what concerns the function alone goes through: error reporting, ordering,
 * payload sizes, the function-level reset; the kernel keeps its own hand on it.
 */
#define DEVCTL_BITS (0xffffu & ~(PCI_EXP_DEVCTL_PHANTOM | PCI_EXP_DEVCTL_AUX_PME))
#define DEVCTL2_BITS                                                                               \
	(PCI_EXP_DEVCTL2_COMP_TIMEOUT | PCI_EXP_DEVCTL2_COMP_TMOUT_DIS |                           \
	 PCI_EXP_DEVCTL2_IDO_REQ_EN | PCI_EXP_DEVCTL2_IDO_CMP_EN)

static const struct config_field config_pcie[] = {
	{ PCI_EXP_FLAGS, 2, 0xffff, 0, 0, 0 },
	{ PCI_EXP_DEVCTL, 2, 0, 0, DEVCTL_BITS, 0 },
	{ PCI_EXP_DEVSTA, 2, 0, 0, 0x000f, 0x000f },
};

/* There is no link on a root bus: its registers read zero. */
static const struct config_field config_pcie_link[] = {
	{ PCI_EXP_LNKCAP, 4, CONFIG_ALL, 0, 0, 0 },
	{ PCI_EXP_LNKCTL, 4, CONFIG_ALL, 0, 0, 0 },
};

/* What version 2 of the capability added. */
static const struct config_field config_pcie2[] = {
	{ PCI_EXP_DEVCTL2, 2, 0, 0, DEVCTL2_BITS, 0 },
};

static const struct config_field config_pcie2_link[] = {
	{ PCI_EXP_LNKCAP2, 4, CONFIG_ALL, 0, 0, 0 },
	{ PCI_EXP_LNKCTL2, 4, CONFIG_ALL, 0, 0, 0 },
};

static const struct config_field config_aer[] = {
	{ PCI_ERR_UNCOR_STATUS, 4, 0, 0, CONFIG_ALL, CONFIG_ALL },
	{ PCI_ERR_UNCOR_MASK, 4, 0, 0, CONFIG_ALL, 0 },
	{ PCI_ERR_UNCOR_SEVER, 4, 0, 0, CONFIG_ALL, 0 },
	{ PCI_ERR_COR_STATUS, 4, 0, 0, CONFIG_ALL, CONFIG_ALL },
	{ PCI_ERR_COR_MASK, 4, 0, 0, CONFIG_ALL, 0 },
};

struct config_cap {
	uint16_t id;
	enum vfio_cap_policy policy;
	const struct config_field *fields;
	unsigned int field_count;
	const char *why;
};

#define FIELDS(table) table, sizeof(table) / sizeof((table)[0])
#define NO_FIELDS     NULL, 0

static const struct config_cap config_caps[] = {
	{ PCI_CAP_ID_PM, VFIO_CAP_PASS, FIELDS(config_pm), "the guest suspends its device" },
	{ PCI_CAP_ID_VPD, VFIO_CAP_PASS, FIELDS(config_vpd), "product data is the device's own" },
	{ PCI_CAP_ID_MSI, VFIO_CAP_HIDE, NO_FIELDS, "not offered yet: MSI-X or INTx serve" },
	{ PCI_CAP_ID_MSIX, VFIO_CAP_EMULATE, FIELDS(config_msix),
	  "vectors go to the guest by eventfd, never by the guest's addresses" },
	{ PCI_CAP_ID_EXP, VFIO_CAP_EMULATE, FIELDS(config_pcie),
	  "an endpoint on a root bus is integrated: it has no link" },
	{ PCI_CAP_ID_AF, VFIO_CAP_PASS, FIELDS(config_af), "the driver may reset its function" },
	{ PCI_CAP_ID_VNDR, VFIO_CAP_PASS, NO_FIELDS, "the vendor's own: to be looked at" },
};

static const struct config_cap config_ext_caps[] = {
	{ PCI_EXT_CAP_ID_ERR, VFIO_CAP_PASS, FIELDS(config_aer), "the driver reads its errors" },
	{ PCI_EXT_CAP_ID_SRIOV, VFIO_CAP_HIDE, NO_FIELDS,
	  "virtual functions appear on the host's bus, not on the guest's" },
	{ PCI_EXT_CAP_ID_ARI, VFIO_CAP_HIDE, NO_FIELDS,
	  "function numbers are minivmm's, not the device's" },
	{ PCI_EXT_CAP_ID_REBAR, VFIO_CAP_HIDE, NO_FIELDS,
	  "a BAR that changes its size would need a new window" },
	{ CONFIG_EXT_CAP_VF_REBAR, VFIO_CAP_HIDE, NO_FIELDS, "belongs to SR-IOV" },
	{ PCI_EXT_CAP_ID_ATS, VFIO_CAP_HIDE, NO_FIELDS,
	  "translations are the host IOMMU's: the guest has none" },
	{ PCI_EXT_CAP_ID_PRI, VFIO_CAP_HIDE, NO_FIELDS, "guest RAM is pinned: no page faults" },
	{ PCI_EXT_CAP_ID_PASID, VFIO_CAP_HIDE, NO_FIELDS, "needs an IOMMU in the guest" },
	{ PCI_EXT_CAP_ID_ACS, VFIO_CAP_HIDE, NO_FIELDS, "isolation is the host's business" },
	{ PCI_EXT_CAP_ID_L1SS, VFIO_CAP_HIDE, NO_FIELDS, "there is no link" },
	{ PCI_EXT_CAP_ID_SECPCI, VFIO_CAP_HIDE, NO_FIELDS, "there is no link" },
	{ PCI_EXT_CAP_ID_LTR, VFIO_CAP_HIDE, NO_FIELDS, "latencies are told to the host's bridge" },
	{ PCI_EXT_CAP_ID_DPC, VFIO_CAP_HIDE, NO_FIELDS, "containment is the host's business" },
	{ PCI_EXT_CAP_ID_PTM, VFIO_CAP_HIDE, NO_FIELDS, "there is no link" },
};

/* What a capability that no table knows gets: it can be looked at. */
static const struct config_cap config_unknown_cap = { 0, VFIO_CAP_PASS, NO_FIELDS,
						      "unknown: read-only" };

/* ---- the device's registers ---- */

int vfio_config_get(struct vfio_config *config, unsigned int offset, unsigned int size,
		    uint32_t *value)
{
	int ret;

	*value = 0;
	ret = config->device->backend->region_read(config->device, &config->region, offset, value,
						   size);
	return ret < 0 ? ret : 0;
}

int vfio_config_put(struct vfio_config *config, unsigned int offset, unsigned int size,
		    uint32_t value)
{
	int ret = config->device->backend->region_write(config->device, &config->region, offset,
							&value, size);

	return ret < 0 ? ret : 0;
}

/* ---- applying the tables ---- */

static void config_apply_field(struct vfio_config *config, struct pci_function *function,
			       unsigned int base, const struct config_field *field)
{
	for (unsigned int i = 0; i < field->size; i++) {
		unsigned int at = base + field->offset + i;

		if (at >= PCI_CONFIG_SIZE)
			return;
		config->emulated[at] = (uint8_t)(field->emulated >> (8 * i));
		config->forward[at] = (uint8_t)(field->forward >> (8 * i));
		config->w1c[at] = (uint8_t)(field->w1c >> (8 * i));
		function->writable[at] = (uint8_t)(field->writable >> (8 * i));
	}
}

static void config_apply_fields(struct vfio_config *config, struct pci_function *function,
				unsigned int base, const struct config_field *fields,
				unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		config_apply_field(config, function, base, &fields[i]);
}

static const struct config_cap *config_find_cap(const struct config_cap *table, unsigned int count,
						uint16_t id)
{
	for (unsigned int i = 0; i < count; i++)
		if (table[i].id == id)
			return &table[i];
	return &config_unknown_cap;
}

static void config_hide_link(struct vfio_config *config, struct pci_function *function,
			     unsigned int cap, unsigned int version)
{
	config_apply_fields(config, function, cap, FIELDS(config_pcie_link));
	pci_set_long(function, cap + PCI_EXP_LNKCAP, 0);
	pci_set_long(function, cap + PCI_EXP_LNKCTL, 0);
	if (version < 2)
		return;
	config_apply_fields(config, function, cap, FIELDS(config_pcie2_link));
	pci_set_long(function, cap + PCI_EXP_LNKCAP2, 0);
	pci_set_long(function, cap + PCI_EXP_LNKCTL2, 0);
}

/*
 * PCI Express Base 7.5.3.2: an endpoint that hangs on no port is a root complex integrated one. One
 * that already is has no link registers: what lies there belongs to the next capability.
 */
static void config_fix_pcie(struct vfio_config *config, struct pci_function *function,
			    unsigned int cap)
{
	uint16_t flags = pci_get_word(function, cap + PCI_EXP_FLAGS);
	unsigned int version = flags & PCI_EXP_FLAGS_VERS;

	if (version >= 2)
		config_apply_fields(config, function, cap, FIELDS(config_pcie2));
	if ((flags & PCI_EXP_FLAGS_TYPE) >> 4 != PCI_EXP_TYPE_RC_END)
		config_hide_link(config, function, cap, version);
	flags &= (uint16_t) ~(PCI_EXP_FLAGS_TYPE | PCI_EXP_FLAGS_SLOT);
	pci_set_word(function, cap + PCI_EXP_FLAGS, flags | PCI_EXP_TYPE_RC_END << 4);
}

/* The link to the next capability is ours even where the rest is the device's. */
static void config_own_cap_header(struct vfio_config *config, unsigned int offset,
				  unsigned int size)
{
	memset(&config->emulated[offset], 0xff, size);
}

/* Remembers that the walk of a list has been at `offset`; true if it had been there before. */
static bool config_visit(uint64_t *visited, unsigned int offset)
{
	uint64_t bit = 1ull << (offset / 4 % 64);
	bool before = visited[offset / 4 / 64] & bit;

	visited[offset / 4 / 64] |= bit;
	return before;
}

/*
 * Capabilities in the first 256 bytes. `link` is where the pointer to the current one is kept: past
 * the last one, or where a broken list comes back to itself, the guest's list ends.
 */
static void config_apply_caps(struct vfio_config *config, struct pci_function *function)
{
	bool has_list = pci_get_word(function, PCI_STATUS) & PCI_STATUS_CAP_LIST;
	uint64_t visited[PCI_CFG_SPACE_SIZE / 4 / 64] = { 0 };
	unsigned int link = PCI_CAPABILITY_LIST, offset;

	while (has_list && (offset = function->config[link] & ~3u) >= PCI_STD_HEADER_SIZEOF &&
	       !config_visit(visited, offset)) {
		const struct config_cap *cap =
			config_find_cap(FIELDS(config_caps), function->config[offset]);

		config_own_cap_header(config, offset, 2);
		if (cap->policy == VFIO_CAP_HIDE) {
			function->config[link] = function->config[offset + 1];
			continue;
		}
		config_apply_fields(config, function, offset, cap->fields, cap->field_count);
		if (cap->id == PCI_CAP_ID_EXP)
			config_fix_pcie(config, function, offset);
		link = offset + 1;
	}
	function->config[link] = 0;
}

#define EXT_CAP_HEADER(id, version, next)                                                          \
	((uint32_t)(id) | (uint32_t)(version) << 16 | (uint32_t)(next) << 20)

static void config_set_ext_next(struct pci_function *function, unsigned int offset,
				unsigned int next)
{
	uint32_t header = pci_get_long(function, offset);

	pci_set_long(function, offset,
		     EXT_CAP_HEADER(PCI_EXT_CAP_ID(header), PCI_EXT_CAP_VER(header), next));
}

/* Make `offset` follow `last` in the guest's list; it is the last one now. */
static unsigned int config_link_ext(struct pci_function *function, unsigned int last,
				    unsigned int offset)
{
	if (offset != last)
		config_set_ext_next(function, last, offset);
	return offset;
}

/* The list is anchored at 0x100: when its head is hidden, a null capability keeps the chain. */
static void config_apply_ext_caps(struct vfio_config *config, struct pci_function *function)
{
	uint64_t visited[PCI_CONFIG_SIZE / 4 / 64] = { 0 };
	unsigned int offset = PCI_CFG_SPACE_SIZE, last = PCI_CFG_SPACE_SIZE;

	while (offset >= PCI_CFG_SPACE_SIZE && !config_visit(visited, offset)) {
		uint32_t header = pci_get_long(function, offset);
		const struct config_cap *cap =
			config_find_cap(FIELDS(config_ext_caps), PCI_EXT_CAP_ID(header));

		config_own_cap_header(config, offset, 4);
		config_apply_fields(config, function, offset, cap->fields, cap->field_count);
		if (cap->policy != VFIO_CAP_HIDE)
			last = config_link_ext(function, last, offset);
		else if (offset == PCI_CFG_SPACE_SIZE)
			pci_set_long(function, offset, 0);
		offset = PCI_EXT_CAP_NEXT(header) & ~3u;
	}
	config_set_ext_next(function, last, 0);
}

static int config_read_all(struct vfio_config *config, struct pci_function *function)
{
	unsigned int size = PCI_CONFIG_SIZE;
	int ret;

	if (config->region.size < size)
		size = PCI_CFG_SPACE_SIZE;
	ret = config->device->backend->region_read(config->device, &config->region, 0,
						   function->config, size);
	if (ret < 0)
		return log_errno(config->device->name, ret, "read its configuration space");
	/* Not the ID: the kernel answers for it even when the device is gone. */
	if (pci_get_long(function, PCI_CLASS_REVISION) == UINT32_MAX) {
		log_error(config->device->name,
			  "its configuration space reads all-ones: the device is gone, or asleep "
			  "(D3cold)");
		log_fix("echo on | sudo tee /sys/bus/pci/devices/%s/power/control   # wake it",
			config->device->name);
		return -ENODEV;
	}
	return 0;
}

int vfio_config_init(struct vfio_config *config, struct vfio_device *device,
		     struct pci_function *function)
{
	int ret;

	*config = (struct vfio_config){ .device = device };
	ret = device->backend->get_region(device, VFIO_PCI_CONFIG_REGION_INDEX, &config->region);
	if (ret < 0)
		return log_errno(device->name, ret, "VFIO_DEVICE_GET_REGION_INFO, config space");
	ret = config_read_all(config, function);
	if (ret < 0)
		return ret;
	memset(function->writable, 0, sizeof(function->writable));
	config_apply_fields(config, function, 0, FIELDS(config_header));
	function->config[PCI_HEADER_TYPE] = PCI_HEADER_TYPE_NORMAL;
	pci_set_word(function, PCI_COMMAND, 0);
	pci_set_long(function, PCI_ROM_ADDRESS, 0);
	function->config[PCI_INTERRUPT_LINE] = 0; /* the host's numbers */
	function->config[PCI_CACHE_LINE_SIZE] = 0;
	config_apply_caps(config, function);
	config_apply_ext_caps(config, function);
	return 0;
}

/* ---- overrides ---- */

void vfio_config_override(struct pci_function *function,
			  const struct vfio_id_override ids[VFIO_IDS])
{
	static const struct {
		unsigned int offset, size;
	} registers[VFIO_IDS] = {
		[VFIO_ID_VENDOR] = { PCI_VENDOR_ID, 2 },
		[VFIO_ID_DEVICE] = { PCI_DEVICE_ID, 2 },
		[VFIO_ID_SUB_VENDOR] = { PCI_SUBSYSTEM_VENDOR_ID, 2 },
		[VFIO_ID_SUB_DEVICE] = { PCI_SUBSYSTEM_ID, 2 },
		[VFIO_ID_CLASS] = { PCI_CLASS_PROG, 3 },
	};

	for (unsigned int id = 0; id < VFIO_IDS; id++)
		for (unsigned int i = 0; ids[id].given && i < registers[id].size; i++)
			function->config[registers[id].offset + i] =
				(uint8_t)(ids[id].value >> (8 * i));
}

/* ---- guest accesses ---- */

static uint32_t config_mask(const uint8_t *mask, unsigned int offset, unsigned int size)
{
	uint32_t value = 0;

	memcpy(&value, &mask[offset], size);
	return value;
}

uint32_t vfio_config_read(struct vfio_config *config, const struct pci_function *function,
			  unsigned int offset, unsigned int size)
{
	uint32_t all = size == 4 ? CONFIG_ALL : (1u << (8 * size)) - 1;
	uint32_t emulated = config_mask(config->emulated, offset, size);
	uint32_t value = 0;

	if (emulated != all && vfio_config_get(config, offset, size, &value) < 0)
		value = all;
	return (value & ~emulated) | (config_mask(function->config, offset, size) & emulated);
}

void vfio_config_forward(struct vfio_config *config, unsigned int offset, unsigned int size,
			 uint32_t value)
{
	uint32_t all = size == 4 ? CONFIG_ALL : (1u << (8 * size)) - 1;
	uint32_t forward = config_mask(config->forward, offset, size);
	uint32_t keep = all & ~forward & ~config_mask(config->w1c, offset, size);
	uint32_t now = 0;

	if (!forward)
		return;
	if (keep && vfio_config_get(config, offset, size, &now) < 0)
		return;
	vfio_config_put(config, offset, size, (now & keep) | (value & forward));
}
