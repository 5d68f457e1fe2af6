/* SPDX-License-Identifier: MIT */
#include "vfio_config.h"

#include <errno.h>
#include <string.h>

#include "vfio_config_hide.h"
#include "vmm/trace/log.h"
#include "vmm/trace/macros.h"

#define CONFIG_ALL       0xffffffffu
#define CONFIG_LINK_SLOW 0x11u /* 2.5 GT/s, one lane */

#define CONFIG_EXT_NEXT  0xfff00000u /* the link in an extended capability's header */
#define CONFIG_EXT_SHIFT 20

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

/* A part of a register that another capability claims is left alone. */
static void config_apply_field(struct vfio_config *config, struct pci_function *function,
			       unsigned int base, unsigned int end, const struct vfio_field *field)
{
	for (unsigned int i = 0; i < field->size; i++) {
		unsigned int at = base + field->offset + i;

		if (at >= end)
			return;
		config->emulated[at] = (uint8_t)(field->emulated >> (8 * i));
		config->forward[at] = (uint8_t)(field->forward >> (8 * i));
		config->w1c[at] = (uint8_t)(field->w1c >> (8 * i));
		function->writable[at] = (uint8_t)(field->writable >> (8 * i));
	}
}

/* `has` is which of VFIO_FIELD_* the capability has. */
static void config_apply_policy(struct vfio_config *config, struct pci_function *function,
				const struct vfio_cap *cap, unsigned int has)
{
	const struct vfio_policy *policy = cap->policy;
	unsigned int end = vfio_caps_end(&config->caps, cap);

	for (unsigned int i = 0; i < policy->field_count; i++)
		if (!(policy->fields[i].needs & ~has))
			config_apply_field(config, function, cap->offset, end, &policy->fields[i]);
}

/* The registers of the link; a short capability does not have all of them. */
static void config_clear_link(const struct vfio_config *config, struct pci_function *function,
			      const struct vfio_cap *cap)
{
	static const uint8_t registers[] = { PCI_EXP_LNKCAP, PCI_EXP_LNKCTL, PCI_EXP_LNKCAP2,
					     PCI_EXP_LNKCTL2 };
	unsigned int end = vfio_caps_end(&config->caps, cap);

	for (size_t i = 0; i < array_size(registers); i++)
		if (cap->offset + registers[i] + 4 <= end)
			pci_set_long(function, cap->offset + registers[i], 0);
}

/*
 * PCI Express Base 7.5.3.2: an endpoint that is not below a port is a root complex integrated
 * endpoint. A device that already is one has no link registers.
 */
static uint16_t config_apply_integrated(struct vfio_config *config, struct pci_function *function,
					const struct vfio_cap *cap, uint16_t flags)
{
	bool link = vfio_config_exp_type(function, cap->offset) != PCI_EXP_TYPE_RC_END;

	config_apply_policy(config, function, cap,
			    ((flags & PCI_EXP_FLAGS_VERS) >= 2 ? VFIO_FIELD_V2 : 0) |
				    (link ? VFIO_FIELD_LINK : 0));
	if (link)
		config_clear_link(config, function, cap);
	return (uint16_t)((flags & ~PCI_EXP_FLAGS_TYPE) | PCI_EXP_TYPE_RC_END << 4);
}

/*
 * Below a port an endpoint stays the type that it is on the host, and shows its own link. What is
 * integrated on the host becomes an endpoint with the slowest link, whose other registers read as
 * zero, and so does a device that says it is a port or a bridge without being one.
 */
static uint16_t config_apply_endpoint(struct vfio_config *config, struct pci_function *function,
				      const struct vfio_cap *cap, uint16_t flags)
{
	bool endpoint = vfio_config_is_endpoint(function, cap->offset);
	unsigned int has = (flags & PCI_EXP_FLAGS_VERS) >= 2 ? VFIO_FIELD_V2 : 0;

	config_apply_policy(config, function, cap, has | (endpoint ? 0 : VFIO_FIELD_LINK));
	if (endpoint)
		return flags;
	config_clear_link(config, function, cap);
	pci_set_long(function, cap->offset + PCI_EXP_LNKCAP, CONFIG_LINK_SLOW);
	pci_set_word(function, cap->offset + PCI_EXP_LNKSTA, CONFIG_LINK_SLOW);
	return (uint16_t)(flags & ~PCI_EXP_FLAGS_TYPE);
}

/*
 * Virtual functions of Intel's 82599 say that their capability is of version 0, which does not
 * exist. Windows refuses such a device. (82599 specification update, erratum 35.)
 */
static void config_apply_pcie(struct vfio_config *config, struct pci_function *function,
			      const struct vfio_cap *cap)
{
	uint16_t flags = pci_get_word(function, cap->offset + PCI_EXP_FLAGS);

	flags &= (uint16_t)~PCI_EXP_FLAGS_SLOT;
	flags |= !(flags & PCI_EXP_FLAGS_VERS);
	if (config->below_port)
		flags = config_apply_endpoint(config, function, cap, flags);
	else
		flags = config_apply_integrated(config, function, cap, flags);
	pci_set_word(function, cap->offset + PCI_EXP_FLAGS, flags);
}

static void config_apply_msi(struct vfio_config *config, struct pci_function *function,
			     const struct vfio_cap *cap)
{
	uint16_t flags = pci_get_word(function, cap->offset + PCI_MSI_FLAGS);

	config_apply_policy(config, function, cap,
			    (flags & PCI_MSI_FLAGS_64BIT ? VFIO_FIELD_MSI64 : VFIO_FIELD_MSI32) |
				    (flags & PCI_MSI_FLAGS_MASKBIT ? VFIO_FIELD_MASK : 0));
}

/* minivmm emulates the link to the next capability even if the rest is the device's. */
static void config_apply_cap(struct vfio_config *config, struct pci_function *function,
			     const struct vfio_cap *cap)
{
	uint16_t id = cap->policy->extended ? 0 : cap->policy->id;

	if (cap->raw)
		return;
	memset(&config->emulated[cap->offset], 0xff, cap->policy->extended ? 4 : 2);
	if (cap->hidden)
		return;
	if (id == PCI_CAP_ID_EXP)
		config_apply_pcie(config, function, cap);
	else if (id == PCI_CAP_ID_MSI)
		config_apply_msi(config, function, cap);
	else
		config_apply_policy(config, function, cap, 0);
}

/* ---- capability lists ---- */

/* Link what is shown of the first 256 bytes, in the device's order. */
static void config_link_caps(const struct vfio_config *config, struct pci_function *function)
{
	unsigned int link = PCI_CAPABILITY_LIST;

	for (unsigned int i = 0; i < config->caps.count; i++) {
		const struct vfio_cap *cap = &config->caps.list[i];

		if (cap->policy->extended || cap->hidden)
			continue;
		function->config[link] = (uint8_t)cap->offset;
		link = cap->offset + PCI_CAP_LIST_NEXT;
	}
	function->config[link] = 0;
}

static void config_set_ext_next(struct pci_function *function, unsigned int offset,
				unsigned int next)
{
	uint32_t header = pci_get_long(function, offset);

	pci_set_long(function, offset, (header & ~CONFIG_EXT_NEXT) | next << CONFIG_EXT_SHIFT);
}

/*
 * The list always begins at 0x100. If the capability there is hidden, a null capability keeps the
 * chain. Without a list the bytes there are as much the device's as all others.
 */
static void config_link_ext_caps(struct vfio_config *config, struct pci_function *function)
{
	unsigned int last = PCI_CFG_SPACE_SIZE;
	bool listed = false;

	for (unsigned int i = 0; i < config->caps.count; i++) {
		const struct vfio_cap *cap = &config->caps.list[i];

		if (!cap->policy->extended)
			continue;
		listed = true;
		if (cap->hidden && cap->offset == PCI_CFG_SPACE_SIZE)
			pci_set_long(function, cap->offset, 0);
		if (cap->hidden || cap->offset == last)
			continue;
		config_set_ext_next(function, last, cap->offset);
		last = cap->offset;
	}
	if (!listed)
		return;
	memset(&config->emulated[PCI_CFG_SPACE_SIZE], 0xff, 4);
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
	static const struct vfio_cap header = { .policy = &vfio_policy_header,
						.length = PCI_STD_HEADER_SIZEOF };
	bool extended = config_size(config) > PCI_CFG_SPACE_SIZE;

	memset(function->writable, 0, sizeof(function->writable));
	vfio_caps_collect(&config->caps, function->config);
	if (extended)
		vfio_caps_collect_extended(&config->caps, function->config);
	vfio_config_hide(&config->caps,
			 &(struct vfio_config_view){ config->device, function, config->below_port,
						     config->from_host });
	config_apply_policy(config, function, &header, 0);
	function->config[PCI_HEADER_TYPE] = PCI_HEADER_TYPE_NORMAL;
	pci_set_word(function, PCI_COMMAND, 0);
	pci_set_long(function, PCI_ROM_ADDRESS, 0);
	function->config[PCI_INTERRUPT_LINE] = 0; /* interrupt line and latencies are the host's */
	function->config[PCI_CACHE_LINE_SIZE] = 0;
	for (unsigned int i = 0; i < config->caps.count; i++)
		config_apply_cap(config, function, &config->caps.list[i]);
	config_link_caps(config, function);
	if (extended)
		config_link_ext_caps(config, function);
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
