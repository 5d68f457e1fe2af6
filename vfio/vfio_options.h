/* SPDX-License-Identifier: MIT */
/*
 * What the user may set for one passed-through device: the properties after `--vfio BDF,`.
 *
 * Owns the table of properties, the syntax of their values, and the struct that holds them. A
 * property has QEMU's name if QEMU has it. What it does is in the file of the part that it
 * concerns.
 */
#ifndef MINIVMM_VFIO_OPTIONS_H
#define MINIVMM_VFIO_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

/* Identity registers that the user can set to another value. */
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
	VFIO_PORT_DEFAULT, /* as the code that plugs it in decides */
	VFIO_PORT_OFF,     /* on the root bus */
	VFIO_PORT_ON,
};

/* A zeroed struct passes the device through unchanged. */
struct vfio_device_options {
	/*
	 * "on", "off", or the id of QEMU's `-object iommufd`; NULL if not given. All devices must
	 * be opened in the same way, so the code that opens them decides.
	 */
	const char *iommufd;
	bool has_fd; /* its file /dev/vfio/devices/vfioN is open already, */
	int fd;      /* as this number */
	struct vfio_id_override ids[VFIO_IDS];
	const char *vf_token; /* a UUID, 8-4-4-4-12 digits; NULL for none */
	const char *romfile;  /* NULL: the device's own ROM */
	bool no_rom;          /* show no ROM at all */
	bool acpi_rom;        /* the guest finds romfile by ACPI, too */
	bool no_mmap;         /* every access to a BAR goes through minivmm */
	bool no_kvm_irqfd;    /* every interrupt goes through minivmm */
	bool has_devfn;       /* the guest finds it at this place on its bus: */
	uint8_t devfn;        /* device number << 3 | function */
	const char *bus;      /* the bus that it is on, by a name of QEMU's, or NULL */
	enum vfio_port port;
	bool errors_to_guest; /* an error of the device is shown by its port, and stops nobody */
	const char *id;       /* what it is called when it is to be taken away, or NULL */
};

/*
 * Apply one word, `name=value`; strings in the options then point into it. 0, or -EINVAL for an
 * unknown property or a wrong value, logged in one line.
 */
int vfio_options_set(struct vfio_device_options *options, const char *word);

/* Parse the number of an open file. 0 or -EINVAL, not logged. */
int vfio_options_parse_fd(const char *text, int *fd);

/* Parse a switch, in any word that QEMU has for on and off. 0 or -EINVAL, not logged. */
int vfio_options_parse_switch(const char *text, bool *on);

/*
 * Parse device number and function as QEMU does, in hexadecimal: 2, 2.0, 0x2.0x1. 0 or -EINVAL, not
 * logged.
 */
int vfio_options_parse_addr(const char *text, uint8_t *devfn);

#endif
