/* SPDX-License-Identifier: MIT */
/*
 * How the host's kernel was set up: its command line, where this distribution keeps it, its
 * modules.
 *
 * Read beside it: Documentation/admin-guide/kernel-parameters.txt, modprobe.d(5), os-release(5).
 */
#ifndef MINIVMM_HOST_KERNEL_H
#define MINIVMM_HOST_KERNEL_H

#include "vfio/host/check/host_report.h"

/* Whether the kernel was started with this word, such as "intel_iommu=off". */
bool host_kernel_has_parameter(const char *word);

/* Fixes: the lines that add a parameter on this distribution, or take one away, and reboot. */
void host_fix_add_parameter(struct host_report *report, const char *word);
void host_fix_del_parameter(struct host_report *report, const char *word);

enum host_module {
	HOST_MODULE_ABSENT, /* this kernel has no such module */
	HOST_MODULE_FILE,   /* can be loaded */
	HOST_MODULE_BUILTIN,
};

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
