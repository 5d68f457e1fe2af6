/* SPDX-License-Identifier: MIT */
/*
 * What the user may say of one passed-through device: the properties behind `--vfio BDF,`.
 *
 * Owns the table of properties, their values' syntax, and the struct they end in. Names are QEMU's
 * where QEMU has the property. What a property does is in the file of the part that it is about.
 */
#ifndef MINIVMM_VFIO_OPTIONS_H
#define MINIVMM_VFIO_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

/* Identity registers whose value the guest can be told otherwise. */
enum vfio_id {
	VFIO_ID_VENDOR,
	VFIO_ID_DEVICE,
	VFIO_ID_SUB_VENDOR,
	VFIO_ID_SUB_DEVICE,
	VFIO_ID_CLASS, /* 24 bits: class, subclass, programming interface */
	VFIO_IDS,
};

struct vfio_id_override {
	bool given;
	uint32_t value;
};

/* Whether the guest finds the device below a root port of its own. */
enum vfio_port {
	VFIO_PORT_DEFAULT, /* as whoever plugs it in decides */
	VFIO_PORT_OFF,     /* on the root bus */
	VFIO_PORT_ON,
};

/* All zero: the device as it is. */
struct vfio_device_options {
	/*
	 * "on", "off", or the id of QEMU's `-object iommufd`; NULL where nothing is said. What it
	 * is opened by is a matter of all devices together, and decided by who opens them.
	 */
	const char *iommufd;
	bool has_fd; /* its file /dev/vfio/devices/vfioN is open already, */
	int fd;      /* as this number */
	struct vfio_id_override ids[VFIO_IDS];
	const char *vf_token; /* a UUID, 8-4-4-4-12 digits; NULL for none */
	const char *romfile;  /* NULL: the device's own ROM */
	bool no_rom;          /* and none at all */
	bool acpi_rom;        /* the guest finds romfile by ACPI, too */
	bool no_mmap;         /* every access to a BAR goes through minivmm */
	bool no_kvm_irqfd;    /* every interrupt goes through minivmm */
	bool has_devfn;       /* the guest finds it at this place of its bus: */
	uint8_t devfn;        /* slot << 3 | function */
	enum vfio_port port;
	bool errors_to_guest; /* an error of the device is shown by its port, and stops nobody */
	const char *id;       /* what it is called when it is to be taken away, or NULL */
};

/*
 * Apply one word, `name=value`, which strings in the options point into. 0, or -EINVAL for an
 * unknown property or a value that it cannot have, logged in one line.
 */
int vfio_options_set(struct vfio_device_options *options, const char *word);

/* The number of an open file, 0 or more. 0 or -EINVAL; not logged. */
int vfio_options_parse_fd(const char *text, int *fd);

#endif
