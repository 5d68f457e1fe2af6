/* SPDX-License-Identifier: MIT */
/*
 * The command line: what the user asked for, as a struct.
 *
 * Owns the tables of options, the help text, and what is wrong usage. Opens nothing and starts
 * nothing.
 */
#ifndef MINIVMM_OPTIONS_H
#define MINIVMM_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "vfio/host/check/host_check.h"
#include "vfio/vfio_options.h"
#include "vmm/trace/trace.h"

#define OPTIONS_DEVICES_MAX 32
#define OPTIONS_BDF_MAX     16
#define OPTIONS_USERS_MAX   8

enum options_command {
	OPTIONS_RUN,
	OPTIONS_HELP,
	OPTIONS_VERSION,
	OPTIONS_LIST,
	OPTIONS_DOCTOR,
	OPTIONS_CONFIG,
	OPTIONS_BIND,
	OPTIONS_RESTORE,
};

/* A device behind a vfio-user socket. */
struct options_user {
	const char *path; /* NULL: the demo device */
	struct vfio_device_options vfio;
};

struct config {
	enum options_command command;
	const char *kernel; /* NULL: the default guest */
	const char *initrd;
	const char *append;
	const char *dump_dtb; /* file for a copy of the device tree, or NULL */
	const char *console;  /* stdio, none, pty or file:PATH */
	uint64_t memory;      /* bytes */
	unsigned int cpus;
	bool no_reboot;
	bool bind; /* before the start, and restore afterwards */
	bool stats;
	struct trace_options trace;
	bool testdev;                                         /* add devices/testdev.c's */
	bool all, json, force, dry_run;                       /* of list, doctor, bind, restore */
	char devices[OPTIONS_DEVICES_MAX][OPTIONS_BDF_MAX];   /* full BDFs */
	struct vfio_device_options vfio[OPTIONS_DEVICES_MAX]; /* how each is passed through */
	unsigned int device_count;
	enum host_way way;      /* by which files all of them are opened */
	const char *iommufd_id; /* of `-object iommufd,id=`, or NULL */
	bool has_iommufd_fd;    /* /dev/iommu is open already, */
	int iommufd_fd;         /* as this number */
	struct options_user users[OPTIONS_USERS_MAX];
	unsigned int user_count;
};

/*
 * All calls that minivmm ever makes to KVM and VFIO, which --trace tells and --inject lets fail; see
 * trace_find_call().
 */
extern const struct trace_calls *const options_calls[];

/*
 * Read the command line into *config, whose strings point into argv; lists of properties are cut up
 * in place. 0, or -EINVAL for wrong usage (logged, one line).
 */
int options_parse(struct config *config, int argc, char **argv);

/* The value of --memory, whole MiB. 0, or -EINVAL (logged). */
int options_set_memory(struct config *config, const char *text);

/* The text of --help, on standard output. */
void options_print_help(void);

#endif
