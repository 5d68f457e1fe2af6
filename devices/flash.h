/* SPDX-License-Identifier: MIT */
/*
 * A flash chip: memory that the guest reads like RAM and writes by commands.
 *
 * Firmware keeps its variables in it. Owns the chip's state and the copy of its contents that the
 * guest reads. In array mode, in which the chip shows its contents, the guest has them as read-only
 * memory and only writes reach this file. In status mode the memory is taken away, so that reads
 * reach this file, too. A byte that the guest programs is written to the file, if there is one,
 * before the guest goes on. So nothing is lost if minivmm is killed. The caller opens the file.
 *
 * There are two kinds. A PC has one chip of 8 bits with blocks of 4 KiB. An arm64 machine has two
 * chips of 16 bits side by side, with blocks of 256 KiB: each command is written to both, and their
 * answers are read at once. These are programmed by words or by a buffer, and have locks; here the
 * locks are always open.
 *
 * Read beside it: the data sheets of the 28F008SA and, for the pair, of the StrataFlash P30
 * (28F256P30), "command definitions".
 */
#ifndef MINIVMM_FLASH_H
#define MINIVMM_FLASH_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "vmm/core/vm_state.h"

#define FLASH_BUFFER 128u /* bytes that the pair programs at once, and to which they are aligned */

struct flash_kind {
	unsigned int width; /* bytes of a cycle on the bus */
	unsigned int lane;  /* every so many bytes the status register is seen again */
	uint32_t block;     /* bytes that are erased together */
	bool buffered;      /* has the commands of the pair */
};

extern const struct flash_kind flash_kind_pc, flash_kind_pair;

enum flash_mode {
	FLASH_ARRAY,   /* reads give the contents */
	FLASH_STATUS,  /* reads give the status register */
	FLASH_ID,      /* reads give the makers' numbers and the state of the locks */
	FLASH_PROGRAM, /* the next write is the word to program */
	FLASH_ERASE,   /* the next write must confirm */
	FLASH_LOCK,    /* the next write says what becomes of the lock */
	FLASH_COUNT,   /* the next write is the number of words for the buffer, less one */
	FLASH_FILL,    /* the next `words` writes go into the buffer */
	FLASH_CONFIRM, /* the next write must confirm that the buffer is programmed */
};

struct flash {
	pthread_mutex_t lock;
	struct vm *vm; /* NULL: there is no chip */
	const struct flash_kind *kind;
	uint64_t gpa, size;
	uint8_t *contents;        /* `size` bytes, mapped by flash_init() */
	struct file_keeper *file; /* or NULL */
	enum flash_mode mode;
	uint8_t status;
	uint8_t buffer[FLASH_BUFFER]; /* ones where nothing is to be programmed */
	uint64_t buffer_at;           /* where it goes */
	unsigned int words;           /* that are still to come into it */
	bool shown;                   /* the guest has the contents as memory */
	bool failed;                  /* the file could not be written, which is logged once */
};

/* Where a chip is, and what keeps its contents. */
struct flash_config {
	const struct flash_kind *kind;
	uint64_t gpa, size; /* multiples of kind->block */
	/* writes go to this file, from offset 0; NULL: to none. It must outlive the chip */
	struct file_keeper *file;
};

/*
 * Make a chip, filled with zeroes. The caller puts its contents into flash->contents before
 * flash_add(). 0 or -ENOMEM, logged.
 */
int flash_init(struct flash *flash, struct vm *vm, const struct flash_config *config);

/* Show the chip to the guest. 0 or -errno, logged. */
int flash_add(struct flash *flash);

/* Take the chip away from the guest and free it. Accepts a zeroed one. */
void flash_destroy(struct flash *flash);

/* Set the state after power-on, which is array mode. 0 or -errno, logged. */
int flash_reset(struct flash *flash);

extern const struct bus_ops flash_ops;

#endif
