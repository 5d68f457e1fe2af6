/* SPDX-License-Identifier: MIT */
/*
 * How the host's kernel was set up: its command line, where this distribution keeps it, its
 * modules.
 *
 * Read beside it: Documentation/admin-guide/kernel-parameters.txt, modprobe.d(5), os-release(5).
 */
#ifndef MINIVMM_HOST_KERNEL_H
#define MINIVMM_HOST_KERNEL_H

#include <stdbool.h>
#include <stddef.h>

#include "host_path.h"

/*
 * Whether the kernel was started with this word, such as "intel_iommu=off"; the value may be one of
 * a list, and the last of several words of that name counts.
 */
bool host_kernel_has_parameter(const char *word);

/* What keeps the kernel command line on this host. */
enum host_loader {
	HOST_LOADER_OSTREE,         /* rpm-ostree, of Silverblue and its kin */
	HOST_LOADER_PROXMOX,        /* /etc/kernel/cmdline and proxmox-boot-tool */
	HOST_LOADER_KERNELSTUB,     /* of Pop!_OS */
	HOST_LOADER_GRUB_DEBIAN,    /* /etc/default/grub and update-grub */
	HOST_LOADER_GRUBBY,         /* of Fedora and its kin */
	HOST_LOADER_GRUB,           /* /etc/default/grub and grub-mkconfig */
	HOST_LOADER_GRUB2,          /* the same as openSUSE names it */
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
	HOST_MODULE_FILE,   /* can be loaded */
	HOST_MODULE_BUILTIN,
};

/*
 * The folder of a kernel's modules, where distributions keep it; the usual one where there is none.
 */
struct host_path host_modules_folder(const char *release);

/* A file in that of the running kernel. */
struct host_path host_modules_file(const char *name);

/* Where the running kernel has a module. `name` with dashes, as its file is named. */
enum host_module host_find_module(const char *name);

/*
 * Whether something keeps the module from being loaded. `where` gets the line and its file, such as
 * "install vfio-pci /bin/false in /etc/modprobe.d/local.conf".
 */
bool host_module_is_blocked(const char *name, char *where, size_t size);

/* Whether it is merely not loaded of itself: modprobe NAME does it all the same. */
bool host_module_is_blacklisted(const char *name, char *where, size_t size);

#endif
