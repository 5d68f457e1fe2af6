/* SPDX-License-Identifier: MIT */
/*
 * virtiofsd, which shares a folder with the guest. There are two programs of that name: the first
 * one, of QEMU (Debian 12's package qemu-system-common), and the one that took its place, written
 * in Rust (the package virtiofsd). Their options differ.
 *
 * Owns the choice between them, and the command line.
 *
 * Read beside it: virtiofsd(1) of QEMU 7.2; https://gitlab.com/virtio-fs/virtiofsd, README.md.
 */
#ifndef MINIVMM_SERVER_FOLDER_H
#define MINIVMM_SERVER_FOLDER_H

#include <stdbool.h>

#include "vmm/cli/config.h"

/* What the program says about its options; all are false for the first one. */
struct server_folder_options {
	bool rust;     /* it has separate options for the words of the old -o */
	bool announce; /* it can be told not to announce mounts below the folder */
	bool readonly; /* it can refuse to write by itself */
	bool bare;     /* it is to run without the rights that shutting itself in takes */
};

struct server_folder_options server_folder_ask(const char *program);

/*
 * Find out how the program can serve the folder for this caller; sets options->bare. False if it
 * cannot: the caller is not root, may not be root in a user namespace either, and this program does
 * not go without. Not logged. For a process that has one thread.
 */
bool server_folder_can_serve(struct server_folder_options *options,
			     const struct options_served *served);

/*
 * In the child that is to become the server: run the program, for the folder of *served, on the
 * socket `listener`. Does not return.
 */
_Noreturn void server_folder_exec(const char *program, struct server_folder_options options,
				  const struct options_served *served, int listener);

#endif
