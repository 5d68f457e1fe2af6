/* SPDX-License-Identifier: MIT */
/*
 * What a driver of the demo device must know. The device is a twin of the test device: its
 * numbers, BAR 0 and registers are those of devices/testdev_regs.h. This file has what it has
 * beyond that.
 *
 * Includes nothing, so that guests/bare/ can share it. demo_device.c tells what the registers do.
 */
#ifndef MINIVMM_DEMO_REGS_H
#define MINIVMM_DEMO_REGS_H

/* A bit of TESTDEV_COMMAND: copy by messages to minivmm, not through shared memory. */
#define DEMO_COMMAND_MESSAGES (1u << 2)

/*
 * BAR 2 is 32-bit memory. Its first half is memory of the device that the guest maps. Its second
 * half reads as the first with each bit inverted, and ignores writes: there the device answers
 * each access itself.
 */
#define DEMO_MEMORY_BAR  2u
#define DEMO_MEMORY_SIZE 0x4000u
#define DEMO_MIRROR      0x2000u

#define DEMO_MSI_VECTORS 4u

#endif
