/* SPDX-License-Identifier: MIT */
/*
 * A flash chip: memory that the guest reads like RAM and writes by commands.
 *
 * Firmware keeps its variables in it. Owns the chip's state and the copy of its contents that the
 * guest reads. In array mode, in which the chip shows its contents, the guest has them as read-only
 * memory and only writes reach this file. In status mode the memory is taken away, so that reads
 * reach this file, too. A byte that the guest programs is written to the file, if there is one,
 * before the guest goes on. So nothing is lost if minivmm is killed. The caller opens the file. The
 * chip is 8 bits wide, with blocks of 4 KiB.
 *
 * Read beside it: the data sheet of the 28F008SA, "command definitions".
 */
#ifndef MINIVMM_FLASH_H
#define MINIVMM_FLASH_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "vmm/core/vm_state.h"

#define FLASH_BLOCK 0x1000u

enum flash_mode {
	FLASH_ARRAY,   /* reads give the contents */
	FLASH_STATUS,  /* reads give the status register */
	FLASH_PROGRAM, /* the next write is the byte to program */
	FLASH_ERASE,   /* the next write must confirm */
};

struct flash {
	pthread_mutex_t lock;
	struct vm *vm; /* NULL: there is no chip */
	uint64_t gpa, size;
	uint8_t *contents; /* `size` bytes, mapped by flash_init() */
	int fd;            /* or -1 */
	const char *name;  /* of the file, for messages */
	enum flash_mode mode;
	uint8_t status;
	bool shown;  /* the guest has the contents as memory */
	bool failed; /* the file could not be written, which is logged once */
};

/*
 * Make a chip of `size` bytes at `gpa`, both multiples of FLASH_BLOCK, filled with ones. The caller
 * puts its contents into flash->contents before flash_add(). Writes go to the file `fd`, from
 * offset 0, which stays the caller's; -1: to no file. `name` must outlive the chip. 0 or -ENOMEM,
 * logged.
 */
int flash_init(struct flash *flash, struct vm *vm, uint64_t gpa, uint64_t size, int fd,
	       const char *name);

/* Show the chip to the guest. 0 or -errno, logged. */
int flash_add(struct flash *flash);

/* Take the chip away from the guest and free it. Accepts a zeroed one. */
void flash_destroy(struct flash *flash);

/* Set the state after power-on, which is array mode. 0 or -errno, logged. */
int flash_reset(struct flash *flash);

extern const struct bus_ops flash_ops;

#endif
