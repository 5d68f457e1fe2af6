/* SPDX-License-Identifier: MIT */
/*
 * What the ready-made guest is told about the command that it runs: the file that
 * guests/command_ports.h describes, and, if no shared folder can be its root, the command's own
 * files.
 *
 * Owns the text and the list of files. The guest's side is guests/init_command.c.
 */
#ifndef MINIVMM_COMMAND_GUEST_H
#define MINIVMM_COMMAND_GUEST_H

#include <stdbool.h>
#include <stddef.h>

#include "command_streams.h"
#include "vmm/cli/config.h"

#define COMMAND_GUEST_ROOT "minivmm-root" /* the tag of the folder that becomes the root */
#define COMMAND_FILES_MAX  128

struct command_guest {
	char *text; /* text of the file; NULL without a command */
	size_t size;
	char *files[COMMAND_FILES_MAX + 1]; /* files to pack, ended by NULL */
	unsigned int file_count;
};

/*
 * Describe config->run. With `shared` the host's root folder is available under the tag
 * COMMAND_GUEST_ROOT; without it, the program and its libraries are found and listed. 0 or -errno,
 * logged. If the program is not found, the guest will report that.
 */
int command_guest_init(struct command_guest *guest, const struct config *config,
		       const struct command_streams *streams, bool shared);

/* Accepts a zeroed one. */
void command_guest_destroy(struct command_guest *guest);

#endif
