/* SPDX-License-Identifier: MIT */
/*
 * What the guest starts from: kernel and initrd, firmware, or the ready-made guest. All of it is
 * opened, and found to be good, before the machine is built.
 */
#ifndef MINIVMM_MACHINE_IMAGES_H
#define MINIVMM_MACHINE_IMAGES_H

struct machine;

/* Fill in machine->boot, whose files the machine closes. 0 or -errno, logged. */
int machine_open_images(struct machine *machine);

#endif
