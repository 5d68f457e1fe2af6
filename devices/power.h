/* SPDX-License-Identifier: MIT */
/*
 * The registers by which a guest ends: ACPI's sleep and reset registers, the keyboard controller's
 * reset line, pvpanic.
 *
 * Owns ports that do nothing but report an event to the machine. Hardware-reduced ACPI needs
 * no more of power management. A machine without these ports ends its guests by PSCI, inside KVM.
 *
 * Read beside it: ACPI 6.4, 4.8.3.6 and 4.8.3.7; QEMU's docs/specs/pvpanic.
 */
#ifndef MINIVMM_POWER_H
#define MINIVMM_POWER_H

#include "vmm/core/vm_state.h"

/* Put the ports that arch_layout has on vm->pio. 0 or -errno, logged. */
int power_init(struct vm *vm);

#endif
