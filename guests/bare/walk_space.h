/* SPDX-License-Identifier: MIT */
/*
 * The walk's way to the device: its configuration space, what each register accepts, and the
 * short lines that tell it.
 *
 * It runs on minivmm's machine and on QEMU's q35, where the ECAM is elsewhere.
 */
#ifndef MINIVMM_WALK_SPACE_H
#define MINIVMM_WALK_SPACE_H

#include <linux/pci_regs.h>

#include "bare.h"

#define WALK_SLOT 1u

/* Find configuration space. Returns false, after a line, if there is no device in the slot. */
bool walk_begin(void);

/* Read and write the device's registers by accesses of 1, 2 or 4 bytes. */
uint32_t walk_read(unsigned int offset, unsigned int size);
void walk_write(unsigned int offset, unsigned int size, uint32_t value);

/* Returns the offset of a capability in the first 256 bytes, or 0. */
unsigned int walk_find(uint8_t id);

/* Print a line: a word, a number in three hexadecimal digits, and more numbers. */
void walk_tell(const char *word, unsigned int at, const uint32_t *values, unsigned int count);
void walk_tell_one(const char *word, unsigned int at, uint32_t value);

/*
 * End a part of the walk. A reader of the recorded accesses sees the end because STATUS is read
 * many times.
 */
void walk_mark(const char *part);

/* Print all registers that are not zero. */
void walk_dump(void);

/*
 * Write ones, zeros and alternating bits to every register, by accesses of `size` bytes, and put
 * the old value back. Prints which ranges keep every bit, which keep none, and what the others
 * do. Leaves out the bits that would reset the device, put it to sleep or switch its interrupts
 * on.
 */
void walk_patterns(unsigned int size);

#endif
