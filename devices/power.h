/* SPDX-License-Identifier: MIT */
/*
 * How a guest ends: ACPI's sleep and reset registers, the keyboard controller's reset line,
 * pvpanic.
 *
 * Owns ports that do nothing but report an event to the machine. Hardware-reduced ACPI needs
 * no more of power management.
 *
 * Read beside it: ACPI 6.4, 4.8.3.6 and 4.8.3.7; QEMU's docs/specs/pvpanic.
 */
#ifndef MINIVMM_POWER_H
#define MINIVMM_POWER_H

#include "vmm/core/vm.h"

/* Place the ports on vm->pio. 0 or -errno, logged. */
int power_init(struct vm *vm);

#endif
