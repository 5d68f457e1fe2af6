/* SPDX-License-Identifier: MIT */
#include "vfio_caps.h"

#include <linux/pci_regs.h>
#include <stddef.h>
#include <string.h>

#include "devices/msi.h"

/*
 * PCI Express Base 7.5.3: an endpoint's capability ends where the registers of ports begin, or
 * before.
 */
#define CAPS_EXP_V1        0x14u
#define CAPS_EXP_V1_RC_END 0x0cu
#define CAPS_EXP_V2        0x3cu
#define CAPS_EXP_V2_RC_END 0x2cu

#define CAPS_PCIX    8u  /* PCI-X 2.0 Protocol Addendum, 7.2 */
#define CAPS_PCIX_V2 24u /* with registers for ECC */

#define CAPS_SATA_LONG  16u /* Serial ATA 3.1, 10.3.1: the registers are in the capability */
#define CAPS_SATA_SHORT 8u
#define CAPS_SATA_BAR   4u /* the register that says where they are */

#define CAPS_AER_PREFIXES 72u    /* PCI Express Base 7.8.4.12: with a log of TLP prefixes */
#define CAPS_AER_HAS_LOG  0x800u /* newer than linux/pci_regs.h of Debian 12 */

#define CAPS_VNDR_DATA  3u    /* PCI Local Bus 3.0, 6.9: after ID, next and length */
#define CAPS_EXT_VNDR   8u    /* PCI Express Base 7.9.5: after header and length */
#define CAPS_EXT_DVSEC  0x0au /* 7.9.6: after two headers */
#define CAPS_EXT_LENGTH 4u    /* offset of the length in both */

static unsigned int caps_word(const uint8_t *bytes, unsigned int offset)
{
	return bytes[offset] | (unsigned int)bytes[offset + 1] << 8;
}

/* ---- lengths ---- */

static unsigned int caps_exp_length(const uint8_t *cap)
{
	unsigned int flags = caps_word(cap, PCI_EXP_FLAGS);
	bool integrated = (flags & PCI_EXP_FLAGS_TYPE) >> 4 == PCI_EXP_TYPE_RC_END;

	if ((flags & PCI_EXP_FLAGS_VERS) < 2)
		return integrated ? CAPS_EXP_V1_RC_END : CAPS_EXP_V1;
	return integrated ? CAPS_EXP_V2_RC_END : CAPS_EXP_V2;
}

static unsigned int caps_standard_length(const struct vfio_policy *policy, const uint8_t *cap)
{
	switch (policy->id) {
	case PCI_CAP_ID_MSI:
		return msi_capability_size((uint16_t)caps_word(cap, PCI_MSI_FLAGS));
	case PCI_CAP_ID_PCIX:
		return PCI_X_CMD_VERSION(caps_word(cap, PCI_X_CMD)) ? CAPS_PCIX_V2 : CAPS_PCIX;
	case PCI_CAP_ID_VNDR:
		return cap[PCI_CAP_FLAGS] < CAPS_VNDR_DATA ? CAPS_VNDR_DATA : cap[PCI_CAP_FLAGS];
	case PCI_CAP_ID_EXP:
		return caps_exp_length(cap);
	case PCI_CAP_ID_SATA:
		return (cap[CAPS_SATA_BAR] & 0xf) == 0xf ? CAPS_SATA_LONG : CAPS_SATA_SHORT;
	default:
		return policy->length;
	}
}

static bool caps_is_vendor(const struct vfio_policy *policy)
{
	return policy->extended
		       ? policy->id == PCI_EXT_CAP_ID_VNDR || policy->id == PCI_EXT_CAP_ID_DVSEC
		       : policy->id == PCI_CAP_ID_VNDR;
}

/* The registers after the header log exist only in ports. */
static unsigned int caps_aer_length(const struct vfio_policy *policy, const uint8_t *cap,
				    unsigned int room)
{
	bool prefixes =
		room >= CAPS_AER_PREFIXES && (caps_word(cap, PCI_ERR_CAP) & CAPS_AER_HAS_LOG);

	return prefixes ? CAPS_AER_PREFIXES : policy->length;
}

/* Vendors' capabilities have their length in the upper 12 bits of their second dword. */
static unsigned int caps_ext_length(const struct vfio_policy *policy, const uint8_t *cap,
				    unsigned int room)
{
	unsigned int length;

	if (policy->id == PCI_EXT_CAP_ID_ERR)
		return caps_aer_length(policy, cap, room);
	if (!caps_is_vendor(policy))
		return policy->length;
	if (room < CAPS_EXT_VNDR)
		return CAPS_EXT_LENGTH;
	length = caps_word(cap, CAPS_EXT_LENGTH + 2) >> 4;
	return length < CAPS_EXT_VNDR ? CAPS_EXT_VNDR : length;
}

/*
 * A capability that contains its own length must not be read past the end of configuration space.
 */
static unsigned int caps_length(const uint8_t *bytes, const struct vfio_policy *policy,
				unsigned int offset)
{
	uint8_t cap[PCI_CFG_SPACE_SIZE] = { 0 };

	if (policy->extended)
		return caps_ext_length(policy, &bytes[offset], PCI_CFG_SPACE_EXP_SIZE - offset);
	memcpy(cap, &bytes[offset], PCI_CFG_SPACE_SIZE - offset);
	return caps_standard_length(policy, cap);
}

/* ---- the list ---- */

struct vfio_cap *vfio_caps_add(struct vfio_caps *caps, const uint8_t *bytes,
			       const struct vfio_policy *policy, unsigned int offset)
{
	struct vfio_cap *cap = &caps->list[caps->count];

	if (caps->count == VFIO_CAPS_MAX)
		return NULL;
	*cap = (struct vfio_cap){ .policy = policy,
				  .offset = offset,
				  .length = caps_length(bytes, policy, offset),
				  .hidden = policy->action == VFIO_CAP_HIDE,
				  .why = policy->why };
	caps->count++;
	return cap;
}

const struct vfio_cap *vfio_caps_find(const struct vfio_caps *caps, bool extended, uint16_t id)
{
	for (unsigned int i = 0; i < caps->count; i++)
		if (caps->list[i].policy->extended == extended && caps->list[i].policy->id == id)
			return &caps->list[i];
	return NULL;
}

/*
 * To the byte, as the kernel counts: MSI's data is a word, and a register may follow it in the
 * same dword. A capability ends at the next one at the latest.
 */
static unsigned int caps_end(const struct vfio_caps *caps, const struct vfio_cap *cap)
{
	unsigned int end = cap->policy->extended ? PCI_CFG_SPACE_EXP_SIZE : PCI_CFG_SPACE_SIZE;

	if (cap->length && cap->offset + cap->length < end)
		end = cap->offset + cap->length;
	for (unsigned int i = 0; i < caps->count; i++)
		if (caps->list[i].offset > cap->offset && caps->list[i].offset < end)
			end = caps->list[i].offset;
	return end;
}

const struct vfio_cap *vfio_caps_at(const struct vfio_caps *caps, unsigned int offset)
{
	for (unsigned int i = 0; i < caps->count; i++)
		if (offset >= caps->list[i].offset && offset < caps_end(caps, &caps->list[i]))
			return &caps->list[i];
	return NULL;
}

/* ---- what is the driver's alone ---- */

static unsigned int caps_vendor_data(const struct vfio_policy *policy)
{
	if (!policy->extended)
		return CAPS_VNDR_DATA;
	return policy->id == PCI_EXT_CAP_ID_VNDR ? CAPS_EXT_VNDR : CAPS_EXT_DVSEC;
}

/* The capability says how long the vendor's registers are. All of them belong to the driver. */
static void caps_open_vendor(const struct vfio_caps *caps, const struct vfio_cap *cap,
			     uint8_t *forward)
{
	unsigned int end = caps_end(caps, cap);

	if (end > cap->offset + cap->length)
		end = cap->offset + cap->length;
	for (unsigned int at = cap->offset + caps_vendor_data(cap->policy); at < end; at++)
		forward[at] = 0xff;
}

void vfio_caps_open(const struct vfio_caps *caps, unsigned int size, uint8_t *forward)
{
	bool claimed[PCI_CFG_SPACE_EXP_SIZE] = { false };

	for (unsigned int i = 0; i < caps->count; i++) {
		const struct vfio_cap *cap = &caps->list[i];

		memset(&claimed[cap->offset], true, caps_end(caps, cap) - cap->offset);
		if (caps_is_vendor(cap->policy))
			caps_open_vendor(caps, cap, forward);
	}
	for (unsigned int at = PCI_STD_HEADER_SIZEOF; at < size; at++)
		if (!claimed[at])
			forward[at] = 0xff;
}
