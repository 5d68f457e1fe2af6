/* SPDX-License-Identifier: MIT */
/*
 * QEMU's way to say where a serial port goes, in two options: `-chardev KIND,id=ID` and
 * `-serial chardev:ID`, or `-device isa-serial,chardev=ID`.
 *
 * Owns the character devices that the command line names, and which of them is the console. Those
 * that nothing but a monitor or an agent uses are of no concern.
 */
#ifndef MINIVMM_OPTIONS_CHARDEV_H
#define MINIVMM_OPTIONS_CHARDEV_H

#include "config.h"

/* KIND,id=ID[,path=PATH]... Cuts up `text` and keeps pointers into it. 0 or -EINVAL, logged. */
int options_add_qemu_chardev(struct config *config, char *text);

/* When all is read: the console is where the serial port goes. 0 or -EINVAL, logged. */
int options_check_chardev(struct config *config);

#endif
