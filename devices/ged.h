/* SPDX-License-Identifier: MIT */
/*
 * The power button of a machine with ACPI, behind a Generic Event Device.
 *
 * Owns one port and one interrupt line. The line is high from when the button is pressed until the
 * guest reads the port, which says which event it was and clears it. ACPI's interpreter in the
 * guest does that, by the methods of dsdt.asl. They also write the port once, at the start, so that
 * minivmm knows whether the guest listens.
 *
 * Read beside it: ACPI 6.4, 5.6.9 (events by interrupts), 4.8.2.2.1.2 (power button).
 */
#ifndef MINIVMM_GED_H
#define MINIVMM_GED_H

#include <pthread.h>
#include <stdbool.h>

#include "vmm/core/vm_state.h"

#define GED_PORTS        1u
#define GED_POWER_BUTTON (1u << 0) /* read: the button was pressed; written: the guest listens */

struct ged {
	struct vm *vm; /* NULL: there is none */
	pthread_mutex_t lock;
	struct irq_line line;
	uint8_t pressed, heard; /* GED_* */
};

/* Put its port on the bus at arch_layout.ged_port. 0 or -errno, logged. */
int ged_add(struct ged *ged, struct vm *vm);
void ged_destroy(struct ged *ged);

/* As after power-on. */
void ged_reset(struct ged *ged);

/* Interrupt the guest if it listens; returns whether it does. May be called from any thread. */
bool ged_press(struct ged *ged);

#endif
