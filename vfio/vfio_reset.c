/* SPDX-License-Identifier: MIT */
#include "vfio_reset.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "vmm/trace/log.h"
#include "vmm/trace/macros.h"

/* Read the class, because the kernel answers for vendor and device ID from memory. */
static int reset_check_alive(struct vfio_device *device, struct vfio_config *config)
{
	uint32_t class_revision = UINT32_MAX;
	int ret = vfio_config_get(config, PCI_CLASS_REVISION, 4, &class_revision);

	if (ret == 0 && class_revision != UINT32_MAX)
		return 0;
	log_error(device->name, "reads all-ones after its reset: it does not answer");
	return -EIO;
}

/* Read a register of a capability; 0 if there is no such capability or no answer. */
static uint32_t reset_get(struct vfio_config *config, uint16_t cap, unsigned int reg,
			  unsigned int size)
{
	unsigned int offset = vfio_config_find_cap(config, false, cap);
	uint32_t value = 0;

	if (!offset || vfio_config_get(config, offset + reg, size, &value) < 0)
		return 0;
	return value;
}

/* Bring the device to D0, where all registers answer. */
static void reset_wake(struct vfio_config *config)
{
	unsigned int pm_cap = vfio_config_find_cap(config, false, PCI_CAP_ID_PM);
	uint32_t control = reset_get(config, PCI_CAP_ID_PM, PCI_PM_CTRL, 2);

	if (control & PCI_PM_CTRL_STATE_MASK)
		vfio_config_put(config, pm_cap + PCI_PM_CTRL, 2,
				control & ~(uint32_t)PCI_PM_CTRL_STATE_MASK);
}

/*
 * The two capabilities that offer a function-level reset, by all bits of `offer`, and the byte and
 * bit that start it. The kernel uses Advanced Features only if software can also wait for the end
 * of the device's transactions.
 */
static const struct reset_flr {
	uint8_t cap;
	uint8_t offer_reg, offer;
	uint8_t start_reg, start;
} reset_flrs[] = {
	{ PCI_CAP_ID_EXP, PCI_EXP_DEVCAP + 3, PCI_EXP_DEVCAP_FLR >> 24, PCI_EXP_DEVCTL + 1,
	  PCI_EXP_DEVCTL_BCR_FLR >> 8 },
	{ PCI_CAP_ID_AF, PCI_AF_CAP, PCI_AF_CAP_FLR | PCI_AF_CAP_TP, PCI_AF_CTRL, PCI_AF_CTRL_FLR },
};

static bool reset_offers(struct vfio_config *config, const struct reset_flr *flr)
{
	return (reset_get(config, flr->cap, flr->offer_reg, 1) & flr->offer) == flr->offer;
}

static bool reset_has_flr(struct vfio_config *config)
{
	for (size_t i = 0; i < array_size(reset_flrs); i++)
		if (reset_offers(config, &reset_flrs[i]))
			return true;
	return false;
}

bool vfio_reset_is_flr(struct vfio_config *config, unsigned int offset, unsigned int size,
		       uint32_t value)
{
	for (size_t i = 0; i < array_size(reset_flrs); i++) {
		const struct reset_flr *flr = &reset_flrs[i];
		unsigned int reg = vfio_config_find_cap(config, false, flr->cap) + flr->start_reg;

		if (pci_access_covers(offset, size, reg) &&
		    value >> (8 * (reg - offset)) & flr->start & config->forward[reg] &&
		    reset_offers(config, flr))
			return true;
	}
	return false;
}

/* True if the return from D3hot to D0 would reset it. PCI Power Management 1.2, 3.2.4. */
static bool reset_has_pm(struct vfio_config *config)
{
	return vfio_config_find_cap(config, false, PCI_CAP_ID_PM) &&
	       !(reset_get(config, PCI_CAP_ID_PM, PCI_PM_CTRL, 2) & PCI_PM_CTRL_NO_SOFT_RESET);
}

static void reset_log_bystander(const char *name, const struct vfio_bystander *other)
{
	char group[32] = "";

	if (other->group >= 0)
		snprintf(group, sizeof(group), " of IOMMU group %d", other->group);
	log_warn(name,
		 "a reset of its bus would also reset %04x:%02x:%02x.%u%s, which is not passed "
		 "through",
		 other->segment, other->bus, other->devfn >> 3, other->devfn & 7, group);
}

static int reset_bus(struct vfio_device *device)
{
	struct vfio_bystanders others = { .count = 0 };
	int ret = device->backend->hot_reset(device, &others);

	for (unsigned int i = 0; i < others.count; i++)
		reset_log_bystander(device->name, &others.list[i]);
	return ret;
}

bool vfio_reset_is_weak(uint32_t info_flags, struct vfio_config *config)
{
	return !(info_flags & VFIO_DEVICE_FLAGS_RESET) ||
	       (!reset_has_flr(config) && reset_has_pm(config));
}

/*
 * VFIO_DEVICE_RESET lets the kernel choose among a method for this model, FLR and power states. A
 * change of power states is the weakest, because much may survive it, so a reset of the whole bus
 * is tried before it.
 */
static int reset_by_best(struct vfio_device *device, uint32_t info_flags,
			 struct vfio_config *config)
{
	bool offered = info_flags & VFIO_DEVICE_FLAGS_RESET;
	bool weak = vfio_reset_is_weak(info_flags, config);
	int ret = -ENOTSUP;

	if (offered && !weak)
		ret = device->backend->reset(device);
	if (ret < 0)
		ret = reset_bus(device);
	if (ret < 0 && offered && weak)
		ret = device->backend->reset(device);
	return ret;
}

int vfio_reset_device(struct vfio_device *device, uint32_t info_flags, struct vfio_config *config)
{
	int ret;

	vfio_config_put(config, PCI_COMMAND, 2, 0);
	reset_wake(config);
	ret = reset_by_best(device, info_flags, config);
	if (ret < 0) {
		log_warn(device->name, "cannot be reset: %s: the guest finds it as it was left",
			 strerror(-ret));
		return ret == -EIO ? -ENOTSUP : ret;
	}
	return reset_check_alive(device, config);
}
