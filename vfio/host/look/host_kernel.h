/* SPDX-License-Identifier: MIT */
/*
 * How the host's kernel was set up: its command line, the place where this distribution keeps
 * that line, and its modules. None of these functions logs.
 *
 * Read beside it: Documentation/admin-guide/kernel-parameters.txt, modprobe.d(5), os-release(5).
 */
#ifndef MINIVMM_HOST_KERNEL_H
#define MINIVMM_HOST_KERNEL_H

#include <stdbool.h>
#include <stddef.h>

#include "host_path.h"

/*
 * Returns whether the kernel was started with this word, such as "intel_iommu=off". The value may
 * be one of a list. If a name stands there several times, the last one counts.
 */
bool host_kernel_has_parameter(const char *word);

/* The tool or file that keeps the kernel command line on this host. */
enum host_loader {
	HOST_LOADER_OSTREE,         /* rpm-ostree, of Silverblue and the like */
	HOST_LOADER_PROXMOX,        /* /etc/kernel/cmdline and proxmox-boot-tool */
	HOST_LOADER_KERNELSTUB,     /* Pop!_OS */
	HOST_LOADER_GRUB_DEBIAN,    /* /etc/default/grub and update-grub */
	HOST_LOADER_GRUBBY,         /* Fedora and its relatives */
	HOST_LOADER_GRUB,           /* /etc/default/grub and grub-mkconfig */
	HOST_LOADER_GRUB2,          /* the same two under openSUSE's names */
	HOST_LOADER_NIXOS,          /* configuration.nix */
	HOST_LOADER_MKINITCPIO,     /* /etc/kernel/cmdline, packed with the kernel by Arch's tool */
	HOST_LOADER_KERNEL_INSTALL, /* /etc/kernel/cmdline and systemd's kernel-install */
	HOST_LOADER_UNKNOWN,
	HOST_LOADERS
};

enum host_loader host_find_loader(void);

enum host_module {
	HOST_MODULE_UNSEEN, /* the lists of modules cannot be seen from here */
	HOST_MODULE_ABSENT, /* this kernel has no such module */
	HOST_MODULE_FILE,   /* modprobe can load it */
	HOST_MODULE_BUILTIN,
};

/*
 * The folder of a kernel's modules, where distributions keep it; the usual path if there is none.
 */
struct host_path host_modules_folder(const char *release);

/* The path of a file in the folder of the running kernel's modules. */
struct host_path host_modules_file(const char *name);

/*
 * Find where the running kernel has a module. `name` is written with dashes, as the module's file
 * is.
 */
enum host_module host_find_module(const char *name);

/*
 * Returns whether something keeps the module from being loaded. If so, `where` gets the line and
 * its file, such as "install vfio-pci /bin/false in /etc/modprobe.d/local.conf".
 */
bool host_module_is_blocked(const char *name, char *where, size_t size);

/*
 * Returns whether the module is only kept from being loaded by itself: `modprobe NAME` still
 * works.
 */
bool host_module_is_blacklisted(const char *name, char *where, size_t size);

#endif
