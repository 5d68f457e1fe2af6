/* SPDX-License-Identifier: MIT */
#include "ged.h"

#include <stdio.h>

#include "vmm/trace/log.h"

/* Called with the lock held. */
static void ged_drive(struct ged *ged)
{
	irq_line_set(&ged->vm->irq, &ged->line, (ged->pressed & ged->heard) != 0);
}

/* Reading the port clears the events. */
static uint64_t ged_read(void *owner, uint64_t offset, unsigned int size)
{
	struct ged *ged = owner;
	uint8_t pressed;

	(void)offset;
	(void)size;
	pthread_mutex_lock(&ged->lock);
	pressed = ged->pressed;
	ged->pressed = 0;
	ged_drive(ged);
	pthread_mutex_unlock(&ged->lock);
	return pressed;
}

static void ged_write(void *owner, uint64_t offset, unsigned int size, uint64_t value)
{
	struct ged *ged = owner;

	(void)offset;
	(void)size;
	pthread_mutex_lock(&ged->lock);
	ged->heard = value & GED_POWER_BUTTON;
	ged_drive(ged);
	pthread_mutex_unlock(&ged->lock);
}

static void ged_locate(void *owner, uint64_t offset, struct trace_place *place)
{
	(void)owner;
	(void)offset;
	place->object = "power button";
	snprintf(place->reg, sizeof(place->reg), "event");
}

static const struct bus_ops ged_ops = { ged_read, ged_write, ged_locate };

int ged_add(struct ged *ged, struct vm *vm)
{
	const struct bus_region region = { arch_layout.ged_port, GED_PORTS, &ged_ops, ged };
	int ret = bus_add_region(&vm->pio, &region);

	if (ret < 0)
		return log_errno("power button", ret, "put its port on the bus");
	*ged = (struct ged){ .vm = vm, .line.gsi = arch_layout.button_gsi };
	pthread_mutex_init(&ged->lock, NULL);
	return 0;
}

void ged_destroy(struct ged *ged)
{
	if (!ged->vm)
		return;
	bus_del_region(&ged->vm->pio, arch_layout.ged_port);
	pthread_mutex_destroy(&ged->lock);
	ged->vm = NULL;
}

void ged_reset(struct ged *ged)
{
	if (!ged->vm)
		return;
	pthread_mutex_lock(&ged->lock);
	ged->pressed = ged->heard = 0;
	ged_drive(ged);
	pthread_mutex_unlock(&ged->lock);
}

bool ged_press(struct ged *ged)
{
	bool heard;

	pthread_mutex_lock(&ged->lock);
	heard = ged->heard & GED_POWER_BUTTON;
	if (heard)
		ged->pressed |= GED_POWER_BUTTON;
	ged_drive(ged);
	pthread_mutex_unlock(&ged->lock);
	return heard;
}
