/* SPDX-License-Identifier: MIT */
/*
 * QEMU's way to say in two options where a serial port goes, and where the control socket is:
 * `-chardev KIND,id=ID`, and `-serial chardev:ID`, `-device isa-serial,chardev=ID` or
 * `-mon chardev=ID,mode=control`.
 *
 * Owns the character devices that the command line names, which of them is the console, and which
 * one speaks QMP. Those that nothing but an agent uses are of no concern.
 */
#ifndef MINIVMM_OPTIONS_CHARDEV_H
#define MINIVMM_OPTIONS_CHARDEV_H

#include "config.h"

/* KIND,id=ID[,path=PATH]... Cuts up `text` and keeps pointers into it. 0 or -EINVAL, logged. */
int options_add_qemu_chardev(struct config *config, char *text);

/* chardev=ID,mode=control; a monitor for people is noted and ignored. 0. */
int options_add_qemu_mon(struct config *config, char *text);

/*
 * Read unix:PATH or chardev:ID, and QEMU's words server=on,wait=off; config->qmp then points into
 * `text`.
 */
int options_set_qmp(struct config *config, char *text);

/*
 * When all is read: the console is where the serial port goes, and the control socket is the first
 * one that is to speak QMP. 0 or -EINVAL, logged.
 */
int options_check_chardev(struct config *config);

#endif
