/* SPDX-License-Identifier: MIT */
/*
 * What a driver of the test device must know: its numbers, its BAR, its registers.
 *
 * Includes nothing, so that guests/bare/ can share it. What the registers do is in testdev.c.
 */
#ifndef MINIVMM_TESTDEV_REGS_H
#define MINIVMM_TESTDEV_REGS_H

/* The number of QEMU's PCI test device: no stock guest has a driver that would claim it. */
#define TESTDEV_VENDOR 0x1b36u
#define TESTDEV_DEVICE 0x0005u
#define TESTDEV_CLASS  0x00ff00u

/* BAR 0: memory, 32-bit. Page 0 holds the registers, page 1 what MSI-X needs. */
#define TESTDEV_BAR_SIZE   0x2000u
#define TESTDEV_MSIX_TABLE 0x1000u
#define TESTDEV_MSIX_PBA   0x1800u
#define TESTDEV_VECTORS    4u /* of MSI-X, and of MSI: 64-bit addresses, per-vector masking */

/* Registers: aligned accesses of 4 bytes. All others read all-ones and do nothing. */
#define TESTDEV_ID          0x00u /* read-only: TESTDEV_ID_VALUE */
#define TESTDEV_SCRATCH     0x04u /* keeps what is written */
#define TESTDEV_TRIGGER     0x08u /* writing n raises vector n, or INTx, see below */
#define TESTDEV_STATUS      0x0cu /* TESTDEV_STATUS_*; writing ones clears them */
#define TESTDEV_SOURCE_LOW  0x10u /* guest-physical addresses for TESTDEV_COMMAND */
#define TESTDEV_SOURCE_HIGH 0x14u
#define TESTDEV_TARGET_LOW  0x18u
#define TESTDEV_TARGET_HIGH 0x1cu
#define TESTDEV_LENGTH      0x20u /* bytes, at most TESTDEV_LENGTH_MAX */
#define TESTDEV_COMMAND     0x24u /* write-only: TESTDEV_COMMAND_*, carried out at once */
#define TESTDEV_REGISTERS   0x28u /* where they end */

/*
 * TRIGGER: with MSI-X on, vector n. With MSI on, vector n modulo the number of vectors that the
 * guest gave it. With both off, the pin.
 */
#define TESTDEV_ID_VALUE   0x74736574u
#define TESTDEV_LENGTH_MAX (1u << 20)

#define TESTDEV_STATUS_INTX   (1u << 0) /* the interrupt pin is asserted until this is cleared */
#define TESTDEV_STATUS_COPIED (1u << 1) /* the last copy is complete */
#define TESTDEV_STATUS_FAILED (1u << 2) /* the last copy was refused: nothing was copied */

#define TESTDEV_COMMAND_COPY   (1u << 0) /* LENGTH bytes from SOURCE to TARGET */
#define TESTDEV_COMMAND_NOTIFY (1u << 1) /* ... and raise vector 0, or INTx, afterwards */

#endif
