/* SPDX-License-Identifier: MIT */
#include "vfio_reset.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "vmm/base/pending_signal.h"
#include "vmm/trace/log.h"
#include "vmm/trace/macros.h"

/* What is only at work with a device somewhere else lets go within this time. */
#define RESET_TRIES    20u
#define RESET_PAUSE_US 5000u

/* ---- what the device can do ---- */

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

bool vfio_reset_is_weak(const struct vfio_reset *reset)
{
	return !(reset->info->flags & VFIO_DEVICE_FLAGS_RESET) ||
	       (!reset_has_flr(reset->config) && reset_has_pm(reset->config));
}

void vfio_reset_quiet(struct vfio_config *config)
{
	reset_wake(config);
	vfio_config_put(config, PCI_COMMAND, 2, 0);
}

/* ---- the devices of a space ---- */

/* A program's name is no address; nor is it on a bus with others. */
static void reset_parse_place(struct vfio_reset *reset)
{
	unsigned int segment, bus, slot, function;

	reset->has_place =
		sscanf(reset->device->name, "%x:%x:%x.%x", &segment, &bus, &slot, &function) == 4;
	if (!reset->has_place)
		return;
	reset->segment = (uint16_t)segment;
	reset->bus = (uint8_t)bus;
	reset->devfn = (uint8_t)(slot << 3 | function);
}

void vfio_reset_add(struct vfio_reset *reset)
{
	struct vfio_space *space = reset->device->space;
	struct vfio_reset **place = &space->resets;

	reset_parse_place(reset);
	reset->next = NULL;
	pending_lock(&space->resets_lock);
	while (*place)
		place = &(*place)->next;
	*place = reset;
	pthread_mutex_unlock(&space->resets_lock);
}

void vfio_reset_del(struct vfio_reset *reset)
{
	struct vfio_space *space = reset->device->space;
	struct vfio_reset **place;

	if (!space)
		return;
	pending_lock(&space->resets_lock);
	for (place = &space->resets; *place && *place != reset; place = &(*place)->next)
		continue;
	if (*place)
		*place = reset->next;
	pthread_mutex_unlock(&space->resets_lock);
}

void vfio_reset_use(struct vfio_reset *reset)
{
	reset->state = VFIO_RESET_IN_USE;
}

static bool reset_is_at(const struct vfio_reset *reset, const struct vfio_reached *at)
{
	return reset->has_place && reset->segment == at->segment && reset->bus == at->bus &&
	       reset->devfn == at->devfn;
}

/* The open device of the same space at this place, or NULL. */
static struct vfio_reset *reset_find(const struct vfio_reset *reset, const struct vfio_reached *at)
{
	struct vfio_reset *other = reset->device->space->resets;

	while (other && !reset_is_at(other, at))
		other = other->next;
	return other;
}

/* ---- the bus ---- */

static void reset_log_other(const struct vfio_reset *reset, const struct vfio_reached *other,
			    const char *why)
{
	char group[32] = "";

	if (other->group >= 0)
		snprintf(group, sizeof(group), " of IOMMU group %d", other->group);
	log_warn(reset->device->name,
		 "a reset of its bus would also reset %04x:%02x:%02x.%u%s, which %s",
		 other->segment, other->bus, other->devfn >> 3, other->devfn & 7, group, why);
}

/* Whoever uses a function that would be reset too must not lose it. Each one is named. */
static int reset_check_reach(const struct vfio_reset *reset, const struct vfio_reach *reach)
{
	int ret = 0;

	for (unsigned int i = 0; i < reach->count; i++) {
		const struct vfio_reset *other = reset_find(reset, &reach->list[i]);
		const char *why = NULL;

		if (!reach->list[i].ours)
			why = "is not passed through";
		else if (other && other->state == VFIO_RESET_IN_USE)
			why = "the guest uses";
		if (!why)
			continue;
		reset_log_other(reset, &reach->list[i], why);
		ret = -EPERM;
	}
	return ret;
}

/* The kernel wants a driver of VFIO on each of them, but does not say where it misses one. */
static void reset_log_closed(const struct vfio_reset *reset, const struct vfio_reach *reach)
{
	for (unsigned int i = 0; i < reach->count; i++)
		if (!reset_find(reset, &reach->list[i]))
			reset_log_other(reset, &reach->list[i],
					"is not passed through, and perhaps has no driver of VFIO");
}

/*
 * True if the attempt should be made again after a pause: somebody else was at work with the
 * device, or with another one on its bus, and the kernel does not wait for that. A program may take
 * seconds for each answer, so it is not asked again.
 */
static bool reset_must_wait(const struct vfio_reset *reset, int ret, unsigned int *tries)
{
	if (reset->device->backend->programs || (ret != -EAGAIN && ret != -EBUSY) ||
	    ++*tries == RESET_TRIES)
		return false;
	usleep(RESET_PAUSE_US);
	return true;
}

static int reset_try_bus(const struct vfio_reset *reset, struct vfio_reach *reach)
{
	struct vfio_device *device = reset->device;
	int ret = device->backend->reset_reach(device, reach);

	if (ret == 0)
		ret = reset_check_reach(reset, reach);
	return ret < 0 ? ret : device->backend->hot_reset(device, reach);
}

/*
 * One reset serves all that it reaches, and one failure is that of all who wait for it. Where the
 * function's own reset has failed before, that failure says more.
 */
static void reset_settle(struct vfio_reset *reset, int result)
{
	reset->bus_tried = true;
	if (result == 0 || (reset->state == VFIO_RESET_DUE && reset->result == 0)) {
		reset->result = result;
		reset->by_bus = true;
	}
	if (result == 0)
		reset->state = VFIO_RESET_DONE;
}

static void reset_bus(struct vfio_reset *reset)
{
	struct vfio_reach reach = { .count = 0 };
	unsigned int tries = 0;
	int ret;

	do {
		ret = reset_try_bus(reset, &reach);
	} while (reset_must_wait(reset, ret, &tries));
	if (ret == -EINVAL)
		reset_log_closed(reset, &reach);
	for (unsigned int i = 0; i < reach.count; i++) {
		struct vfio_reset *other = reset_find(reset, &reach.list[i]);

		if (other)
			reset_settle(other, ret);
	}
	reset_settle(reset, ret);
}

/* ---- the whole ---- */

static void reset_alone(struct vfio_reset *reset)
{
	struct vfio_device *device = reset->device;
	unsigned int tries = 0;

	if (!(reset->info->flags & VFIO_DEVICE_FLAGS_RESET))
		return;
	reset->by_bus = false;
	do {
		reset->result = device->backend->reset(device);
	} while (reset_must_wait(reset, reset->result, &tries));
	if (reset->result == 0)
		reset->state = VFIO_RESET_DONE;
}

static void reset_weak_by_bus(struct vfio_reset *reset)
{
	if (!reset->bus_tried && vfio_reset_is_weak(reset))
		reset_bus(reset);
}

static void reset_failed_by_bus(struct vfio_reset *reset)
{
	if (!reset->bus_tried)
		reset_bus(reset);
	reset->state = VFIO_RESET_DONE; /* nothing is left to be tried */
}

/*
 * VFIO_DEVICE_RESET lets the kernel choose among a method for this model, FLR and power states. A
 * change of power states is the weakest, because much may survive it, so a reset of the whole bus
 * is tried before it. Buses come first, because what they reach needs no other reset.
 */
static void reset_all_due(struct vfio_space *space)
{
	static void (*const methods[])(struct vfio_reset *) = { reset_weak_by_bus, reset_alone,
								reset_failed_by_bus };

	pending_lock(&space->resets_lock);
	for (size_t i = 0; i < array_size(methods); i++)
		for (struct vfio_reset *reset = space->resets; reset; reset = reset->next)
			if (reset->state == VFIO_RESET_DUE)
				methods[i](reset);
	pthread_mutex_unlock(&space->resets_lock);
}

void vfio_reset_stop(struct vfio_reset *reset)
{
	vfio_reset_quiet(reset->config);
	reset->state = VFIO_RESET_DUE;
	reset->bus_tried = false;
	reset->result = 0;
}

/* Read the class, because the kernel answers for vendor and device ID from memory. */
static int reset_check_alive(const struct vfio_reset *reset)
{
	uint32_t class_revision = UINT32_MAX;
	int ret = vfio_config_get(reset->config, PCI_CLASS_REVISION, 4, &class_revision);

	if (ret == -LOG_TOLD || (ret == 0 && class_revision != UINT32_MAX))
		return ret;
	log_error(reset->device->name, "reads all-ones after its reset: it does not answer");
	return -LOG_TOLD;
}

static const char *reset_failure(const struct vfio_reset *reset)
{
	int ret = reset->result;

	if (ret == -ENODEV || ret == -ENOTTY || ret == -ENOTSUP)
		return "the host has no way to do it";
	return ret == -EPERM && reset->by_bus ? "it would take others along" : log_reason(ret);
}

int vfio_reset_finish(struct vfio_reset *reset)
{
	const char *name = reset->device->name;
	int ret;

	reset_all_due(reset->device->space);
	ret = reset->result == -LOG_TOLD ? -LOG_TOLD : reset_check_alive(reset);
	if (ret == 0 && reset->result < 0)
		log_warn(name, "cannot be reset: %s: the guest finds it as it was left",
			 reset_failure(reset));
	return ret;
}
