/* SPDX-License-Identifier: MIT */
/*
 * What is done with each register and each capability of a passed-through device, and why.
 *
 * This is only data: one table for the header, and one for the capabilities, standard and extended.
 * Every register that is not the device's own has its reason in words, so that a difference between
 * the host's view and the guest's can be explained by the row that made it. vfio_config.c applies
 * the tables.
 *
 * For every bit the tables answer two questions. Does a read come from minivmm's copy (emulated) or
 * from the device? Does a write go into the copy (writable), to the device (forward), or nowhere? A
 * bit that no row names is read from the device and cannot be written. The rows cover capabilities
 * and the header. A register that no capability claims is the device's own, and vfio_caps.c opens
 * it.
 *
 * Read beside it: PCI Local Bus 3.0, 6.1 and 6.7; PCI Express Base 7.5 to 7.9.
 */
#ifndef MINIVMM_VFIO_POLICY_H
#define MINIVMM_VFIO_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#define VFIO_EXT_CAP_VF_REBAR 0x24 /* newer than linux/pci_regs.h of Debian 12 */

enum vfio_cap_policy {
	VFIO_CAP_PASS,    /* the device's own registers, as far as the table lets writes through */
	VFIO_CAP_EMULATE, /* minivmm's copy: the registers belong to minivmm */
	VFIO_CAP_HIDE,    /* taken out of the guest's list */
};

/* Conditions for a register that not every capability of the kind has. */
#define VFIO_FIELD_V2    1u  /* PCI Express capability of version 2 */
#define VFIO_FIELD_LINK  2u  /* PCI Express function with a link */
#define VFIO_FIELD_MSI32 4u  /* MSI with 32-bit addresses */
#define VFIO_FIELD_MSI64 8u  /* MSI with 64-bit addresses */
#define VFIO_FIELD_MASK  16u /* MSI with per-vector masking */

/* A register of 1, 2 or 4 bytes. */
struct vfio_field {
	uint16_t offset; /* from the start of the header or of the capability */
	uint8_t size;
	uint8_t needs;     /* VFIO_FIELD_* */
	uint32_t emulated; /* bits that are read from minivmm's copy */
	uint32_t writable; /* those of the emulated bits that the guest can change */
	uint32_t forward;  /* bits whose writes reach the device */
	uint32_t w1c;      /* bits that a written 1 clears */
	const char *why;   /* NULL: the reason of the capability */
};

struct vfio_policy {
	const char *name;
	bool extended;
	uint16_t id; /* PCI_CAP_ID_* or PCI_EXT_CAP_ID_* */
	enum vfio_cap_policy action;
	uint16_t length; /* in bytes; 0 if vfio_cap_length() knows it, or nobody */
	const struct vfio_field *fields;
	unsigned int field_count;
	const char *why;
};

/* The first 64 bytes. */
extern const struct vfio_policy vfio_policy_header;

/* The row of a capability. An unknown capability has a row, too: the guest can read it. */
const struct vfio_policy *vfio_policy_find(bool extended, uint16_t id);

/*
 * True if Linux' vfio-pci shows this capability to its users. It takes any other one out of the
 * list, and then lets all writes to its registers through: drivers/vfio/pci/vfio_pci_config.c.
 */
bool vfio_policy_kernel_shows(const struct vfio_policy *policy);

#endif
