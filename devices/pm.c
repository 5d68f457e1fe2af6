/* SPDX-License-Identifier: MIT */
#include "pm.h"

#include <stdio.h>
#include <time.h>

#include "vmm/trace/log.h"

#define PM_STATUS  0u
#define PM_ENABLE  2u
#define PM_CONTROL 4u

#define PM_CONTROL_SLEEP (1u << 13) /* write-only */
#define PM_TIMER_MASK    0xffffffu  /* 24 bits */

#define NSEC_PER_SEC 1000000000ull

static uint32_t pm_timer(void)
{
	struct timespec now;
	uint64_t ticks;

	clock_gettime(CLOCK_MONOTONIC, &now);
	ticks = (uint64_t)now.tv_sec * PM_TIMER_HZ +
		(uint64_t)now.tv_nsec * PM_TIMER_HZ / NSEC_PER_SEC;
	return ticks & PM_TIMER_MASK;
}

static uint64_t pm_timer_read(void *owner, uint64_t offset, unsigned int size)
{
	(void)owner;
	(void)size;
	return offset < sizeof(uint32_t) ? pm_timer() >> (8 * offset) : UINT64_MAX;
}

static void pm_timer_write(void *owner, uint64_t offset, unsigned int size, uint64_t value)
{
	(void)owner;
	(void)offset;
	(void)size;
	(void)value;
}

static void pm_timer_locate(void *owner, uint64_t offset, struct trace_place *place)
{
	(void)owner;
	(void)offset;
	place->object = "power management";
	snprintf(place->reg, sizeof(place->reg), "timer");
}

static const struct bus_ops pm_timer_ops = { pm_timer_read, pm_timer_write, pm_timer_locate };

static uint64_t pm_read(void *owner, uint64_t offset, unsigned int size)
{
	const struct pm *pm = owner;

	switch (offset) {
	case PM_STATUS:
		return size == 4 ? (uint64_t)pm->enable << 16 : 0;
	case PM_ENABLE:
		return pm->enable;
	case PM_CONTROL:
		return pm->control;
	default:
		return offset >= PM_TIMER ? pm_timer_read(NULL, offset - PM_TIMER, size) : 0;
	}
}

/* No sleep but S5 exists here, and firmware writes type 0: every sleep is a power-off. */
static void pm_write(void *owner, uint64_t offset, unsigned int size, uint64_t value)
{
	struct pm *pm = owner;

	if (offset == PM_STATUS && size == 4) {
		pm->enable = (uint16_t)(value >> 16);
	} else if (offset == PM_ENABLE) {
		pm->enable = (uint16_t)value;
	} else if (offset == PM_CONTROL && size >= 2) {
		pm->control = (uint16_t)(value & ~PM_CONTROL_SLEEP);
		if (value & PM_CONTROL_SLEEP)
			vm_post(pm->vm, VM_EVENT_POWEROFF);
	}
}

static void pm_locate(void *owner, uint64_t offset, struct trace_place *place)
{
	static const char *const names[] = { "PM1 status", "PM1 enable", "PM1 control" };

	pm_timer_locate(owner, offset, place);
	if (offset / 2 < sizeof(names) / sizeof(names[0]))
		snprintf(place->reg, sizeof(place->reg), "%s", names[offset / 2]);
}

const struct bus_ops pm_ops = { pm_read, pm_write, pm_locate };

int pm_add_timer(struct vm *vm)
{
	const struct bus_region timer = { arch_layout.pm_timer_port, sizeof(uint32_t),
					  &pm_timer_ops, NULL };
	int ret = bus_add_region(&vm->pio, &timer);

	return ret < 0 ? log_errno("PM timer", ret, "put its register on the bus") : 0;
}

void pm_reset(struct pm *pm)
{
	pm->enable = pm->control = 0;
}

void pm_init(struct pm *pm, struct vm *vm)
{
	pm->vm = vm;
	pm_reset(pm);
}
