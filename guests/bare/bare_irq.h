/* SPDX-License-Identifier: MIT */
/*
 * Interrupts in the guest: a table of handlers, the local APIC, the IOAPIC's pins, the other
 * CPUs.
 *
 * Owns four vectors from BARE_VECTOR on, and counts how often each of them came.
 *
 * Read beside it: Intel SDM volume 3A, chapters 6 and 10; the 82093AA IOAPIC's data sheet.
 */
#ifndef MINIVMM_BARE_IRQ_H
#define MINIVMM_BARE_IRQ_H

#include "bare.h"

#define BARE_VECTOR      0x40u
#define BARE_VECTORS     4u
#define BARE_MSI_ADDRESS 0xfee00000u

/* How many interrupts came, by vector. */
extern volatile unsigned int bare_irq_count[BARE_VECTORS];

/* Called by the first vector's handler; NULL for nothing. */
extern void (*volatile bare_irq_hook)(void);

/* Prepare for interrupts. They are on when this returns. */
void bare_irq_start(void);

/* Let a pin of the IOAPIC, level-triggered, raise BARE_VECTOR. */
void bare_irq_open_pin(unsigned int gsi);

/* Read and write registers of the first CPU's local APIC; write once it is switched on. */
uint32_t bare_apic_read(unsigned int offset);
void bare_apic_write(unsigned int offset, uint32_t value);
#define BARE_APIC_ID  0x20u
#define BARE_APIC_SVR 0xf0u
#define BARE_APIC_ICR 0x300u

/* Wake all other CPUs; each calls bare_cpu_main(). */
void bare_start_cpus(void);

/* Give an interrupt the time to arrive: until vector n came `count` times, or rather long. */
void bare_irq_wait(unsigned int n, unsigned int count);

/* The same for one that should not come: not so long. */
void bare_irq_linger(void);

#endif
