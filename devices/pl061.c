/* SPDX-License-Identifier: MIT */
#include "pl061.h"

#include <stdio.h>

#include "vmm/trace/log.h"
#include "vmm/trace/macros.h"

/* Registers are bytes, one every four. GPIODATA has bits 9:2 of the address as a mask. */
#define PL061_DATA_END 0x400u
#define PL061_DIR      0x400u
#define PL061_IS       0x404u
#define PL061_IBE      0x408u
#define PL061_IEV      0x40cu
#define PL061_IE       0x410u
#define PL061_RIS      0x414u
#define PL061_MIS      0x418u
#define PL061_IC       0x41cu
#define PL061_AFSEL    0x420u
#define PL061_IDS      0xfe0u

#define PL061_BUTTON (1u << PL061_BUTTON_PIN)

/* PrimeCell: PeriphID0 to 3, PCellID0 to 3. */
static const uint8_t pl061_ids[] = { 0x61, 0x10, 0x04, 0x00, 0x0d, 0xf0, 0x05, 0xb1 };

/* ---- pins and interrupts; all called with the lock held ---- */

static uint8_t pl061_pins(const struct pl061 *gpio)
{
	return (gpio->output & gpio->dir) | (gpio->input & ~gpio->dir);
}

/* RIS: an edge is remembered until IC clears it, a level is there or not. */
static uint8_t pl061_raw(const struct pl061 *gpio)
{
	return (gpio->edges & ~gpio->is) | (gpio->is & ~(pl061_pins(gpio) ^ gpio->iev));
}

static void pl061_drive(struct pl061 *gpio)
{
	irq_line_set(&gpio->vm->irq, &gpio->line, (pl061_raw(gpio) & gpio->ie) != 0);
}

/* To be called after a change of the pins, which were `before`. */
static void pl061_look(struct pl061 *gpio, uint8_t before)
{
	uint8_t now = pl061_pins(gpio), changed = before ^ now;

	gpio->edges |= changed & (gpio->ibe | ~(now ^ gpio->iev));
	pl061_drive(gpio);
}

static void pl061_set_input(struct pl061 *gpio, uint8_t input)
{
	uint8_t before = pl061_pins(gpio);

	gpio->input = input;
	pl061_look(gpio, before);
}

/* ---- registers ---- */

/* The register at an offset, if it reads back as it was written, or NULL. */
static uint8_t *pl061_register(struct pl061 *gpio, uint64_t offset)
{
	uint8_t *const registers[] = { &gpio->dir, &gpio->is, &gpio->ibe, &gpio->iev, &gpio->ie };

	if (offset == PL061_AFSEL)
		return &gpio->afsel;
	if (offset < PL061_DIR || offset > PL061_IE)
		return NULL;
	return registers[(offset - PL061_DIR) / 4];
}

/* Once the guest has read the pin, the button is released. */
static uint8_t pl061_read_data(struct pl061 *gpio, uint8_t mask)
{
	uint8_t pins = pl061_pins(gpio) & mask;

	if (pins & gpio->input & PL061_BUTTON)
		pl061_set_input(gpio, gpio->input & ~PL061_BUTTON);
	return pins;
}

static uint8_t pl061_read_register(struct pl061 *gpio, uint64_t offset)
{
	const uint8_t *plain = pl061_register(gpio, offset);

	if (plain)
		return *plain;
	if (offset < PL061_DATA_END)
		return pl061_read_data(gpio, (uint8_t)(offset >> 2));
	if (offset == PL061_RIS)
		return pl061_raw(gpio);
	if (offset == PL061_MIS)
		return pl061_raw(gpio) & gpio->ie;
	return offset >= PL061_IDS ? pl061_ids[(offset - PL061_IDS) / 4] : 0;
}

static uint64_t pl061_read(void *owner, uint64_t offset, unsigned int size)
{
	struct pl061 *gpio = owner;
	uint8_t value = 0;

	(void)size;
	pthread_mutex_lock(&gpio->lock);
	if (offset % 4 == 0)
		value = pl061_read_register(gpio, offset);
	pthread_mutex_unlock(&gpio->lock);
	return value;
}

static void pl061_write_register(struct pl061 *gpio, uint64_t offset, uint8_t value)
{
	uint8_t *plain = pl061_register(gpio, offset);
	uint8_t mask = (uint8_t)(offset >> 2);

	if (plain)
		*plain = value;
	else if (offset < PL061_DATA_END)
		gpio->output = (gpio->output & ~mask) | (value & mask);
	else if (offset == PL061_IC)
		gpio->edges &= ~value;
}

static void pl061_write(void *owner, uint64_t offset, unsigned int size, uint64_t value)
{
	struct pl061 *gpio = owner;
	uint8_t before;

	(void)size;
	pthread_mutex_lock(&gpio->lock);
	before = pl061_pins(gpio);
	if (offset % 4 == 0)
		pl061_write_register(gpio, offset, (uint8_t)value);
	pl061_look(gpio, before);
	pthread_mutex_unlock(&gpio->lock);
}

static void pl061_locate(void *owner, uint64_t offset, struct trace_place *place)
{
	static const char *const names[] = { "GPIODIR", "GPIOIS",  "GPIOIBE", "GPIOIEV",  "GPIOIE",
					     "GPIORIS", "GPIOMIS", "GPIOIC",  "GPIOAFSEL" };
	uint64_t index = (offset - PL061_DIR) / 4;

	(void)owner;
	place->object = "GPIO";
	if (offset < PL061_DATA_END)
		snprintf(place->reg, sizeof(place->reg), "GPIODATA");
	else if (index < array_size(names))
		snprintf(place->reg, sizeof(place->reg), "%s", names[index]);
}

static const struct bus_ops pl061_ops = { pl061_read, pl061_write, pl061_locate };

/* ---- life ---- */

int pl061_add(struct pl061 *gpio, struct vm *vm)
{
	const struct bus_region region = { arch_layout.gpio_mmio, PL061_SIZE, &pl061_ops, gpio };
	int ret = bus_add_region(&vm->mmio, &region);

	if (ret < 0)
		return log_errno("GPIO", ret, "put its registers on the bus");
	*gpio = (struct pl061){ .vm = vm, .line.gsi = arch_layout.button_gsi };
	pthread_mutex_init(&gpio->lock, NULL);
	return 0;
}

void pl061_destroy(struct pl061 *gpio)
{
	if (!gpio->vm)
		return;
	bus_del_region(&gpio->vm->mmio, arch_layout.gpio_mmio);
	pthread_mutex_destroy(&gpio->lock);
	gpio->vm = NULL;
}

void pl061_reset(struct pl061 *gpio)
{
	if (!gpio->vm)
		return;
	pthread_mutex_lock(&gpio->lock);
	gpio->input = gpio->output = gpio->edges = 0;
	gpio->dir = gpio->is = gpio->ibe = gpio->iev = gpio->ie = gpio->afsel = 0;
	pl061_drive(gpio);
	pthread_mutex_unlock(&gpio->lock);
}

bool pl061_press(struct pl061 *gpio)
{
	bool heard;

	pthread_mutex_lock(&gpio->lock);
	heard = gpio->ie & PL061_BUTTON;
	if (heard) {
		pl061_set_input(gpio, gpio->input & ~PL061_BUTTON);
		pl061_set_input(gpio, gpio->input | PL061_BUTTON);
	}
	pthread_mutex_unlock(&gpio->lock);
	return heard;
}
