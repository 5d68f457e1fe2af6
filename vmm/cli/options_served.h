/* SPDX-License-Identifier: MIT */
/*
 * Options for virtio devices whose work another program does: --disk, --share, --vhost-user.
 *
 * Owns their words and the checks for wrong usage. It opens nothing.
 */
#ifndef MINIVMM_OPTIONS_SERVED_H
#define MINIVMM_OPTIONS_SERVED_H

#include "config.h"

/* Read the value of an option, which is cut up in place. 0 or -EINVAL, logged. */
int options_add_disk(struct config *config, char *text);
int options_add_share(struct config *config, char *text);
int options_add_vhost_user(struct config *config, char *text);

/* The tag of a folder: what tag= says, or the last part of its path. */
const char *options_share_tag(const struct options_served *served);

#endif
