/* SPDX-License-Identifier: MIT */
/* Guest RAM for a test: anonymous memory, of ordinary pages, anywhere. */
#ifndef MINIVMM_PLAIN_RAM_H
#define MINIVMM_PLAIN_RAM_H

#include "vmm/ram_bank.h"

static inline int plain_ram_add(struct memory *memory, uint64_t gpa, uint64_t size)
{
	return ram_bank_add(memory, &(struct ram_backing){ .node = -1 }, gpa, size);
}

#endif
