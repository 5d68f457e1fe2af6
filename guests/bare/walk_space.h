/* SPDX-License-Identifier: MIT */
/*
 * The walk's way to the device: its configuration space, what each register takes, and short lines
 * that tell of it.
 *
 * Runs on minivmm's machine and on QEMU's q35, where the ECAM is elsewhere.
 */
#ifndef MINIVMM_WALK_SPACE_H
#define MINIVMM_WALK_SPACE_H

#include <linux/pci_regs.h>

#include "bare.h"

#define WALK_SLOT 1u

/* Find configuration space. False, and a line, where there is no device in the slot. */
bool walk_begin(void);

/* Registers of the device, by accesses of 1, 2 or 4 bytes. */
uint32_t walk_read(unsigned int offset, unsigned int size);
void walk_write(unsigned int offset, unsigned int size, uint32_t value);

/* A capability in the first 256 bytes, or 0. */
unsigned int walk_find(uint8_t id);

/* A line: a word, a number in three hexadecimal digits, and numbers. */
void walk_tell(const char *word, unsigned int at, const uint32_t *values, unsigned int count);
void walk_tell_one(const char *word, unsigned int at, uint32_t value);

/* A part of the walk is over: who records the accesses sees that by STATUS, read many times. */
void walk_mark(const char *part);

/* All registers that are not zero. */
void walk_dump(void);

/*
 * Ones, zeros and alternating bits to every register, by accesses of `size` bytes, and back. Tells
 * which ranges keep all, which keep nothing, and what the others do. What would reset the device,
 * put it to sleep or switch its interrupts on is left out.
 */
void walk_patterns(unsigned int size);

#endif
