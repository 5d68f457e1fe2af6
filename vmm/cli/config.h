/* SPDX-License-Identifier: MIT */
/*
 * What the user asked for: the command line as a struct, filled in by options.c and read by
 * everything in the roof.
 */
#ifndef MINIVMM_CONFIG_H
#define MINIVMM_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "devices/pci_host.h"
#include "devices/virtio_vhost.h"
#include "vfio/host/bind/host_bind.h"
#include "vfio/host/check/host_check.h"
#include "vfio/vfio_options.h"
#include "vmm/cpu_list.h"
#include "vmm/trace/trace.h"

#define OPTIONS_DEVICES_MAX  32
#define OPTIONS_BDF_MAX      20
#define OPTIONS_USERS_MAX    32
#define OPTIONS_SERVED_MAX   16
#define OPTIONS_NOTED_MAX    16
#define OPTIONS_CHARDEVS_MAX 16
#define OPTIONS_BRIDGES_MAX  32
#define OPTIONS_MONITORS_MAX 4
#define OPTIONS_SETTINGS_MAX 16

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
	unsigned int place; /* which of all devices it is on the command line */
};

enum options_server {
	OPTIONS_SERVER_RUNS,  /* a running server listens at `path` */
	OPTIONS_SERVER_DISK,  /* to be started: `path` is a disk image */
	OPTIONS_SERVER_SHARE, /* to be started: `path` is a folder */
};

/* A virtio device whose work another program does, the server. */
struct options_served {
	enum options_server server;
	enum virtio_vhost_kind kind;
	const char *path;
	const char *format; /* of an image: "raw" or "qcow2"; NULL: found by its name */
	const char *tag;    /* of a folder; NULL: the last part of its path */
	bool readonly;
	unsigned int place; /* which of all devices it is on the command line */
};

/* A root port that the user describes, as QEMU's pcie-root-port. */
struct options_port {
	const char *id;  /* NULL: it has none */
	const char *bus; /* the bus that it is on, or NULL */
	bool has_devfn;  /* it is at this place on the root bus: */
	uint8_t devfn;
	bool fixed;                 /* no hot-plug */
	uint64_t room[PCI_WINDOWS]; /* for devices to come, in bytes; 0: as usual */
};

/* What a line of QEMU's calls a character device. */
struct options_chardev {
	const char *id;
	const char *kind; /* of QEMU's: stdio, socket, ... */
	char *console;    /* what --console says of it; NULL: nothing */
	const char *path; /* of a socket that somebody may connect to; NULL: it is none */
};

/* A property that a line of QEMU's sets apart from the device. */
struct options_setting {
	const char *id;   /* of the device; NULL: all of them */
	const char *word; /* PROPERTY=VALUE */
};

struct config {
	enum options_command command;
	const char *kernel; /* NULL: the default guest */
	const char *initrd;
	const char *append;
	const char *firmware; /* UEFI firmware in place of a kernel, or NULL */
	const char *vars;     /* the file of its variables; NULL: they are in memory */
	const char *dump_dtb; /* file for a copy of the device tree, or NULL */
	char **run;           /* words of a command to run in the default guest, or NULL */
	const char *qmp;      /* path of the control socket, or NULL */
	const char *console;  /* stdio, none, pty or file:PATH */
	uint64_t memory;      /* bytes */
	uint64_t huge_page;   /* see struct ram_options */
	unsigned int cpus;
	unsigned int ports;         /* root ports that are empty at first */
	uint64_t port_memory;       /* room for a device that comes, below 4 GiB, in bytes ... */
	uint64_t port_prefetchable; /* ... and of prefetchable addresses; 0: as usual */
	struct options_port named_ports[PCI_HOST_BRIDGES_MAX]; /* further ones */
	unsigned int named_port_count;
	const char *bridges[OPTIONS_BRIDGES_MAX]; /* ids of QEMU's bridges, which a guest has not */
	unsigned int bridge_count;
	struct cpu_list pinned; /* a host CPU for each vCPU, or empty */
	bool battery;           /* and a power supply, in the guest's ACPI */
	bool hide_kvm;          /* the guest does not see that it is one */
	bool no_reboot;
	/* seconds that a guest has to power off after it was asked to */
	unsigned int grace;
	bool bind;                  /* bind devices before the start, and restore them after it */
	struct bind_keeper *keeper; /* the process that gives them back, or NULL */
	bool no_sandbox;
	const char *user; /* the user to continue as once the machine is built, or NULL */
	bool stats;
	struct trace_options trace;
	bool testdev;                                         /* add devices/testdev.c's */
	bool all, json, force, dry_run, persist;              /* of list, doctor, bind, restore */
	char devices[OPTIONS_DEVICES_MAX][OPTIONS_BDF_MAX];   /* full BDFs */
	struct vfio_device_options vfio[OPTIONS_DEVICES_MAX]; /* how each is passed through */
	unsigned int place[OPTIONS_DEVICES_MAX];              /* as struct options_served has it */
	unsigned int device_count;
	enum host_access access; /* how all of them are opened */
	const char *iommufd_id;  /* of `-object iommufd,id=`, or NULL */
	bool has_iommufd_fd;     /* /dev/iommu is open already, */
	int iommufd_fd;          /* as this number */
	struct options_user users[OPTIONS_USERS_MAX];
	unsigned int user_count;
	struct options_served served[OPTIONS_SERVED_MAX];
	unsigned int served_count;
	struct options_chardev chardevs[OPTIONS_CHARDEVS_MAX];
	unsigned int chardev_count;
	struct options_setting settings[OPTIONS_SETTINGS_MAX];
	unsigned int setting_count;
	bool accel_kvm;     /* -accel kvm was there: a further one is not tried */
	const char *serial; /* which of them the serial port is, or NULL */
	const char *monitors[OPTIONS_MONITORS_MAX]; /* those that are to speak QMP */
	unsigned int monitor_count;
	const void *noted[OPTIONS_NOTED_MAX]; /* rows of options_qemu_kinds.c said already */
	unsigned int noted_count;
};

#endif
