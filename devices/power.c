/* SPDX-License-Identifier: MIT */
#include "power.h"

#include <stdio.h>

#include "vmm/trace/log.h"
#include "vmm/trace/macros.h"

#define SLEEP_ENABLE     (1u << 5)
#define SLEEP_TYPE_SHIFT 2
#define SLEEP_TYPE_MASK  7u

#define I8042_PULSE_RESET 0xfe

#define PVPANIC_PANICKED (1u << 0)

static uint64_t power_read(void *owner, uint64_t offset, unsigned int size)
{
	(void)owner;
	(void)offset;
	(void)size;
	return 0;
}

static void power_write(void *owner, uint64_t offset, unsigned int size, uint64_t value)
{
	unsigned int type = (value >> SLEEP_TYPE_SHIFT) & SLEEP_TYPE_MASK;

	(void)size;
	if (offset == ARCH_POWER_SLEEP_CONTROL && (value & SLEEP_ENABLE) &&
	    type == ARCH_POWER_SLEEP_S5)
		vm_post(owner, VM_EVENT_POWEROFF);
	else if (offset == ARCH_POWER_RESET && (value & 0xff) == ARCH_POWER_RESET_VALUE)
		vm_post(owner, VM_EVENT_RESET);
}

/*
 * The status register of a keyboard controller that is not there. All-ones include the time-out and
 * parity error bits: UEFI firmware then gives up at once, instead of waiting for a reply for half a
 * minute.
 */
static uint64_t i8042_read(void *owner, uint64_t offset, unsigned int size)
{
	(void)owner;
	(void)offset;
	(void)size;
	return UINT64_MAX;
}

/* A guest that does not trust ACPI pulses the reset line through the keyboard controller. */
static void i8042_write(void *owner, uint64_t offset, unsigned int size, uint64_t value)
{
	(void)offset;
	(void)size;
	if ((value & 0xff) == I8042_PULSE_RESET)
		vm_post(owner, VM_EVENT_RESET);
}

static uint64_t pvpanic_read(void *owner, uint64_t offset, unsigned int size)
{
	(void)owner;
	(void)offset;
	(void)size;
	return PVPANIC_PANICKED;
}

static void pvpanic_write(void *owner, uint64_t offset, unsigned int size, uint64_t value)
{
	(void)offset;
	(void)size;
	if (!(value & PVPANIC_PANICKED))
		return;
	log_error("guest", "its kernel reported a panic");
	vm_post(owner, VM_EVENT_CRASH);
}

static void power_locate(void *owner, uint64_t offset, struct trace_place *place)
{
	static const char *const names[ARCH_POWER_PORTS] = {
		[ARCH_POWER_SLEEP_CONTROL] = "Sleep Control",
		[ARCH_POWER_SLEEP_STATUS] = "Sleep Status",
		[ARCH_POWER_RESET] = "Reset",
	};

	(void)owner;
	place->object = "power";
	if (offset < ARCH_POWER_PORTS && names[offset])
		snprintf(place->reg, sizeof(place->reg), "%s", names[offset]);
}

static void i8042_locate(void *owner, uint64_t offset, struct trace_place *place)
{
	(void)owner;
	(void)offset;
	place->object = "keyboard controller";
}

static void pvpanic_locate(void *owner, uint64_t offset, struct trace_place *place)
{
	(void)owner;
	(void)offset;
	place->object = "pvpanic";
}

static const struct bus_ops power_ops = { power_read, power_write, power_locate };
static const struct bus_ops i8042_ops = { i8042_read, i8042_write, i8042_locate };
static const struct bus_ops pvpanic_ops = { pvpanic_read, pvpanic_write, pvpanic_locate };

int power_init(struct vm *vm)
{
	const struct bus_region regions[] = {
		{ arch_layout.power_port, ARCH_POWER_PORTS, &power_ops, vm },
		{ arch_layout.i8042_port, 1, &i8042_ops, vm },
		{ arch_layout.pvpanic_port, 1, &pvpanic_ops, vm },
	};

	for (unsigned int i = 0; i < array_size(regions); i++) {
		int ret = regions[i].base ? bus_add_region(&vm->pio, &regions[i]) : 0;

		if (ret < 0)
			return log_errno("power control", ret, "put port %#x on the bus",
					 (unsigned int)regions[i].base);
	}
	return 0;
}
