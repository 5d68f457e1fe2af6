/* SPDX-License-Identifier: MIT */
/*
 * The power button of a machine without ACPI: a key at pin 3 of a PL061, Arm's GPIO controller.
 *
 * Owns the controller's registers, by which its drivers know it: eight pins, each an input or an
 * output, each able to interrupt by an edge or a level. Only the button's pin is wired. The device
 * tree says what it is (gpio-keys). The button stays down until the guest has looked at the pin, so
 * that no press is too short.
 *
 * Read beside it: ARM DDI 0190B, chapter 3; Linux's bindings gpio/pl061-gpio.yaml and
 * input/gpio-keys.yaml.
 */
#ifndef MINIVMM_PL061_H
#define MINIVMM_PL061_H

#include <pthread.h>
#include <stdbool.h>

#include "vmm/core/vm_state.h"

#define PL061_SIZE       0x1000u
#define PL061_BUTTON_PIN 3u

struct pl061 {
	struct vm *vm; /* NULL: there is none */
	pthread_mutex_t lock;
	struct irq_line line;
	uint8_t input;  /* levels that come from outside */
	uint8_t output; /* levels that the guest wrote to pins that are outputs */
	/* The registers of the same names: GPIODIR, IS, IBE, IEV, IE, AFSEL; and edges seen. */
	uint8_t dir, is, ibe, iev, ie, afsel, edges;
};

/* Put its registers on the bus at arch_layout.gpio_mmio. 0 or -errno, logged. */
int pl061_add(struct pl061 *gpio, struct vm *vm);
void pl061_destroy(struct pl061 *gpio);

/* As after power-on. */
void pl061_reset(struct pl061 *gpio);

/*
 * Press the button, again if it is already down. Returns true if the guest has the pin's interrupt
 * on; otherwise nothing is pressed. May be called from any thread.
 */
bool pl061_press(struct pl061 *gpio);

#endif
