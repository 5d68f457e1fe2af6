/* SPDX-License-Identifier: MIT */
/*
 * ACPI's fixed power management hardware: the registers PM1 and the PM timer.
 *
 * Owns a block of ports laid out as in Intel's PIIX4, with what UEFI firmware uses of it: it
 * measures every delay with the timer, and powers off through PM1 control. The tables describe
 * hardware-reduced ACPI, so that operating systems use power.h's registers instead. There are no
 * events and no interrupt.
 *
 * Read beside it: ACPI 6.4, 4.8.3; the data sheet of the 82371AB (PIIX4), 7.2.
 */
#ifndef MINIVMM_PM_H
#define MINIVMM_PM_H

#include <stdatomic.h>
#include <stdint.h>

#include "vmm/core/vm_state.h"

#define PM_TIMER_HZ 3579545u
#define PM_PORTS    12u /* PM1 event and control, the timer */
#define PM_TIMER    8u

struct pm {
	struct vm *vm; /* gets the event of a power-off */
	_Atomic uint16_t enable, control;
};

/* PM1 and the timer behind it. */
extern const struct bus_ops pm_ops;

/* Add the timer alone, one dword, at arch_layout.pm_timer_port. 0 or -errno, logged. */
int pm_add_timer(struct vm *vm);

void pm_init(struct pm *pm, struct vm *vm);
void pm_reset(struct pm *pm);

#endif
