/* SPDX-License-Identifier: MIT */
#include "vfio_config.h"

#include <errno.h>
#include <string.h>

#include "devices/msi.h"
#include "vmm/trace/log.h"

#define CONFIG_ALL       0xffffffffu
#define CONFIG_LINK_SLOW 0x11u /* 2.5 GT/s, one lane */

#ifndef PCI_HEADER_TYPE_MASK
#define PCI_HEADER_TYPE_MASK 0x7f /* newer than linux/pci_regs.h of Debian 12 */
#endif

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
			       unsigned int base, const struct vfio_field *field)
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

/* `has` is which of VFIO_FIELD_* the capability has. */
static void config_apply_policy(struct vfio_config *config, struct pci_function *function,
				unsigned int base, const struct vfio_policy *policy,
				unsigned int has)
{
	for (unsigned int i = 0; i < policy->field_count; i++)
		if (!(policy->fields[i].needs & ~has))
			config_apply_field(config, function, base, &policy->fields[i]);
}

static unsigned int config_exp_type(const struct pci_function *function, unsigned int cap)
{
	return (pci_get_word(function, cap + PCI_EXP_FLAGS) & PCI_EXP_FLAGS_TYPE) >> 4;
}

static void config_clear_link(struct pci_function *function, unsigned int cap, unsigned int version)
{
	pci_set_long(function, cap + PCI_EXP_LNKCAP, 0);
	pci_set_long(function, cap + PCI_EXP_LNKCTL, 0);
	if (version < 2)
		return;
	pci_set_long(function, cap + PCI_EXP_LNKCAP2, 0);
	pci_set_long(function, cap + PCI_EXP_LNKCTL2, 0);
}

/*
 * PCI Express Base 7.5.3.2: an endpoint that is not below a port is a root complex integrated
 * endpoint. A device that already is one has no link registers, and the next capability may lie in
 * their place.
 */
static void config_apply_integrated(struct vfio_config *config, struct pci_function *function,
				    unsigned int cap, const struct vfio_policy *policy)
{
	uint16_t flags = pci_get_word(function, cap + PCI_EXP_FLAGS);
	unsigned int version = flags & PCI_EXP_FLAGS_VERS;
	bool link = config_exp_type(function, cap) != PCI_EXP_TYPE_RC_END;

	config_apply_policy(config, function, cap, policy,
			    (version >= 2 ? VFIO_FIELD_V2 : 0) | (link ? VFIO_FIELD_LINK : 0));
	if (link)
		config_clear_link(function, cap, version);
	flags &= (uint16_t) ~(PCI_EXP_FLAGS_TYPE | PCI_EXP_FLAGS_SLOT);
	pci_set_word(function, cap + PCI_EXP_FLAGS, flags | PCI_EXP_TYPE_RC_END << 4);
}

/*
 * Below a port a device stays the type that it is on the host, and shows its own link. A device
 * that is integrated on the host becomes an endpoint with the slowest link, whose other registers
 * read as zero.
 */
static void config_apply_endpoint(struct vfio_config *config, struct pci_function *function,
				  unsigned int cap, const struct vfio_policy *policy)
{
	uint16_t flags = pci_get_word(function, cap + PCI_EXP_FLAGS);
	bool integrated = config_exp_type(function, cap) == PCI_EXP_TYPE_RC_END;
	unsigned int has = (flags & PCI_EXP_FLAGS_VERS) >= 2 ? VFIO_FIELD_V2 : 0;

	config_apply_policy(config, function, cap, policy,
			    has | (integrated ? VFIO_FIELD_LINK : 0));
	flags &= (uint16_t)~PCI_EXP_FLAGS_SLOT;
	if (integrated) {
		config_clear_link(function, cap, 2);
		pci_set_long(function, cap + PCI_EXP_LNKCAP, CONFIG_LINK_SLOW);
		pci_set_word(function, cap + PCI_EXP_LNKSTA, CONFIG_LINK_SLOW);
		flags &= (uint16_t)~PCI_EXP_FLAGS_TYPE;
	}
	pci_set_word(function, cap + PCI_EXP_FLAGS, flags);
}

static void config_apply_pcie(struct vfio_config *config, struct pci_function *function,
			      unsigned int cap, const struct vfio_policy *policy)
{
	if (config->below_port)
		config_apply_endpoint(config, function, cap, policy);
	else
		config_apply_integrated(config, function, cap, policy);
}

static void config_apply_msi(struct vfio_config *config, struct pci_function *function,
			     unsigned int cap, const struct vfio_policy *policy)
{
	uint16_t flags = pci_get_word(function, cap + PCI_MSI_FLAGS);

	config_apply_policy(config, function, cap, policy,
			    (flags & PCI_MSI_FLAGS_64BIT ? VFIO_FIELD_MSI64 : VFIO_FIELD_MSI32) |
				    (flags & PCI_MSI_FLAGS_MASKBIT ? VFIO_FIELD_MASK : 0));
}

/* ---- capability lists ---- */

/*
 * Hide capabilities that the guest cannot use. devices/msi.c emulates MSI and needs all its
 * registers. A legacy endpoint does not belong on a root bus, so drivers see a conventional device
 * there (PCI Express Base 1.3.2.2). An old integrated endpoint has no room for the link registers
 * that an endpoint below a port has.
 */
static void config_hide_unfit(const struct vfio_config *config, const struct pci_function *function,
			      struct vfio_cap *cap)
{
	uint16_t id = cap->policy->extended ? 0 : cap->policy->id;
	bool old = (function->config[cap->offset + PCI_EXP_FLAGS] & PCI_EXP_FLAGS_VERS) < 2;

	if (id == PCI_CAP_ID_MSI && cap->offset + cap->length > PCI_CFG_SPACE_SIZE) {
		cap->hidden = true;
		cap->why = "cut off by the end of configuration space";
	} else if (id == PCI_CAP_ID_EXP && !config->below_port &&
		   config_exp_type(function, cap->offset) == PCI_EXP_TYPE_LEG_END) {
		cap->hidden = true;
		cap->why = "a legacy endpoint does not belong on a root bus";
	} else if (id == PCI_CAP_ID_EXP && config->below_port && old &&
		   config_exp_type(function, cap->offset) == PCI_EXP_TYPE_RC_END) {
		cap->hidden = true;
		cap->why = "an integrated endpoint that has no link registers";
	}
}

/*
 * Remember a capability; NULL if there are more than any device has. minivmm emulates the link to
 * the next one even if the rest is the device's.
 */
static struct vfio_cap *config_add_cap(struct vfio_config *config,
				       const struct pci_function *function,
				       const struct vfio_policy *policy, unsigned int offset)
{
	struct vfio_cap *cap = vfio_caps_add(&config->caps, function->config, policy, offset);

	if (!cap)
		return NULL;
	config_hide_unfit(config, function, cap);
	memset(&config->emulated[offset], 0xff, policy->extended ? 4 : 2);
	return cap;
}

static void config_apply_cap(struct vfio_config *config, struct pci_function *function,
			     const struct vfio_cap *cap)
{
	switch (cap->policy->extended ? 0 : cap->policy->id) {
	case PCI_CAP_ID_EXP:
		config_apply_pcie(config, function, cap->offset, cap->policy);
		break;
	case PCI_CAP_ID_MSI:
		config_apply_msi(config, function, cap->offset, cap->policy);
		break;
	default:
		config_apply_policy(config, function, cap->offset, cap->policy, 0);
	}
}

/* Note that the walk of a list was at `offset`; true if it had been there before. */
static bool config_visit(uint64_t *visited, unsigned int offset)
{
	uint64_t bit = 1ull << (offset / 4 % 64);
	bool before = visited[offset / 4 / 64] & bit;

	visited[offset / 4 / 64] |= bit;
	return before;
}

/*
 * Apply the capabilities in the first 256 bytes. `link` is the offset of the pointer to the current
 * one. The guest's list ends after the last capability, or where a broken list returns to one that
 * was visited.
 */
static void config_apply_caps(struct vfio_config *config, struct pci_function *function)
{
	bool has_list = pci_get_word(function, PCI_STATUS) & PCI_STATUS_CAP_LIST;
	uint64_t visited[PCI_CFG_SPACE_SIZE / 4 / 64] = { 0 };
	unsigned int link = PCI_CAPABILITY_LIST, offset;

	while (has_list && (offset = function->config[link] & ~3u) >= PCI_STD_HEADER_SIZEOF &&
	       !config_visit(visited, offset)) {
		const struct vfio_cap *cap =
			config_add_cap(config, function,
				       vfio_policy_find(false, function->config[offset]), offset);

		if (!cap)
			break;
		if (cap->hidden) {
			function->config[link] = function->config[offset + 1];
			continue;
		}
		config_apply_cap(config, function, cap);
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

/*
 * Append the capability at `offset` to the guest's list after `last`, and return it as the new last
 * one.
 */
static unsigned int config_link_ext(struct pci_function *function, unsigned int last,
				    unsigned int offset)
{
	if (offset != last)
		config_set_ext_next(function, last, offset);
	return offset;
}

/*
 * The list always begins at 0x100. If the capability there is hidden, a null capability keeps the
 * chain.
 */
static void config_apply_ext_caps(struct vfio_config *config, struct pci_function *function)
{
	uint64_t visited[PCI_CONFIG_SIZE / 4 / 64] = { 0 };
	unsigned int offset = PCI_CFG_SPACE_SIZE, last = PCI_CFG_SPACE_SIZE;
	uint32_t header = pci_get_long(function, offset);

	memset(&config->emulated[offset], 0xff, 4);
	if (header == 0 || header == UINT32_MAX) /* no capability, or no extended space */
		return;
	while (offset >= PCI_CFG_SPACE_SIZE && !config_visit(visited, offset)) {
		const struct vfio_cap *cap;

		header = pci_get_long(function, offset);
		cap = config_add_cap(config, function,
				     vfio_policy_find(true, PCI_EXT_CAP_ID(header)), offset);
		if (!cap)
			break;
		config_apply_cap(config, function, cap);
		if (!cap->hidden)
			last = config_link_ext(function, last, offset);
		else if (offset == PCI_CFG_SPACE_SIZE)
			pci_set_long(function, offset, 0);
		offset = PCI_EXT_CAP_NEXT(header) & ~3u;
	}
	config_set_ext_next(function, last, 0);
}

unsigned int vfio_config_find_cap(const struct vfio_config *config, bool extended, uint16_t id)
{
	const struct vfio_cap *cap = vfio_caps_find(&config->caps, extended, id);

	return cap ? cap->offset : 0;
}

/* A conventional device has 256 bytes. */
static unsigned int config_size(const struct vfio_config *config)
{
	return config->region.size < PCI_CONFIG_SIZE ? PCI_CFG_SPACE_SIZE : PCI_CONFIG_SIZE;
}

static int config_read_all(struct vfio_config *config, struct pci_function *function)
{
	unsigned int size = config_size(config);
	int ret;

	ret = config->device->backend->region_read(config->device, &config->region, 0,
						   function->config, size);
	if (ret < 0)
		return log_errno(config->device->name, ret, "read its configuration space");
	/* Do not look at the ID, because the kernel answers for it even if the device is gone. */
	if (pci_get_long(function, PCI_CLASS_REVISION) == UINT32_MAX) {
		log_error(config->device->name,
			  "its configuration space reads all-ones: the device is gone, or asleep "
			  "(D3cold)");
		if (!config->device->backend->programs)
			log_fix("echo on | sudo tee /sys/bus/pci/devices/%s/power/control   # wake "
				"it",
				config->device->name);
		return -ENODEV;
	}
	return 0;
}

/*
 * A bridge cannot be passed through, because the bus behind it cannot be the guest's. The kernel
 * refuses bridges; a vfio-user server could offer one.
 */
static int config_check_header(const struct vfio_config *config,
			       const struct pci_function *function)
{
	unsigned int type = function->config[PCI_HEADER_TYPE] & PCI_HEADER_TYPE_MASK;

	if (type == PCI_HEADER_TYPE_NORMAL)
		return 0;
	log_error(config->device->name,
		  "its configuration header is a bridge's, of type %u: only devices of type 0 can "
		  "be passed through",
		  type);
	return -EINVAL;
}

void vfio_config_apply(struct vfio_config *config, struct pci_function *function)
{
	memset(function->writable, 0, sizeof(function->writable));
	config_apply_policy(config, function, 0, &vfio_policy_header, 0);
	function->config[PCI_HEADER_TYPE] = PCI_HEADER_TYPE_NORMAL;
	pci_set_word(function, PCI_COMMAND, 0);
	pci_set_long(function, PCI_ROM_ADDRESS, 0);
	function->config[PCI_INTERRUPT_LINE] = 0; /* interrupt line and latencies are the host's */
	function->config[PCI_CACHE_LINE_SIZE] = 0;
	config_apply_caps(config, function);
	if (config_size(config) > PCI_CFG_SPACE_SIZE)
		config_apply_ext_caps(config, function);
	vfio_caps_open(&config->caps, config_size(config), config->forward);
}

int vfio_config_init(struct vfio_config *config, struct vfio_device *device,
		     struct pci_function *function, bool below_port)
{
	int ret;

	*config = (struct vfio_config){ .device = device, .below_port = below_port };
	ret = device->backend->get_region(device, VFIO_PCI_CONFIG_REGION_INDEX, &config->region);
	if (ret < 0)
		return log_errno(device->name, ret, "VFIO_DEVICE_GET_REGION_INFO, config space");
	ret = config_read_all(config, function);
	if (ret == 0)
		ret = config_check_header(config, function);
	if (ret == 0)
		vfio_config_apply(config, function);
	return ret;
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

int vfio_config_forward(struct vfio_config *config, unsigned int offset, unsigned int size,
			uint32_t value)
{
	uint32_t all = size == 4 ? CONFIG_ALL : (1u << (8 * size)) - 1;
	uint32_t forward = config_mask(config->forward, offset, size);
	uint32_t keep = all & ~forward & ~config_mask(config->w1c, offset, size);
	uint32_t now = 0;
	int ret = 0;

	if (!forward)
		return 0;
	if (keep)
		ret = vfio_config_get(config, offset, size, &now);
	return ret < 0 ? ret
		       : vfio_config_put(config, offset, size, (now & keep) | (value & forward));
}
