/* SPDX-License-Identifier: MIT */
/*
 * The options that start UEFI firmware: minivmm's --firmware, and QEMU's two.
 *
 * Each function sets what `text` says in *config, and cuts it up in place. 0, or -EINVAL, logged in
 * one line; options_add_qemu_drive() -ENOTSUP for a drive that is no flash.
 */
#ifndef MINIVMM_OPTIONS_FIRMWARE_H
#define MINIVMM_OPTIONS_FIRMWARE_H

#include "config.h"

/* FILE[,vars=FILE] */
int options_set_firmware(struct config *config, char *text);

/* if=pflash,file=FILE[,format=raw][,unit=0|1][,readonly=on|off]: unit 0 is code, 1 variables. */
int options_add_qemu_drive(struct config *config, char *text);

/* Check that the options can be combined. */
int options_check_firmware(const struct config *config);

#endif
