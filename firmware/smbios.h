/* SPDX-License-Identifier: MIT */
/*
 * SMBIOS: the maker and the product that the guest's tools show for its machine.
 *
 * Owns the structures that every system must have and that the firmware does not add itself: the
 * system, its chassis, and the end.
 *
 * Read beside it: SMBIOS 3.2 (DSP0134), 5.2.2, 7.2, 7.4.
 */
#ifndef MINIVMM_SMBIOS_H
#define MINIVMM_SMBIOS_H

#include <stdint.h>

#define SMBIOS_ANCHOR_FILE "etc/smbios/smbios-anchor"
#define SMBIOS_TABLES_FILE "etc/smbios/smbios-tables"

struct smbios_anchor {
	char signature[5]; /* _SM3_ */
	uint8_t checksum, length, major, minor, docrev, revision, reserved;
	uint32_t tables_size;
	uint64_t tables; /* left zero: the firmware fills it in, and the checksum */
} __attribute__((packed));

#define SMBIOS_TABLES_MAX 256

/*
 * Write the structures into `tables`, and their entry point into `anchor`. Returns the size of
 * the structures in bytes. Does not log.
 */
uint32_t smbios_write(struct smbios_anchor *anchor, uint8_t tables[SMBIOS_TABLES_MAX]);

#endif
