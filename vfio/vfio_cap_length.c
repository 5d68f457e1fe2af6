/* SPDX-License-Identifier: MIT */
#include "vfio_cap_length.h"

#include <linux/pci_regs.h>
#include <string.h>

#include "devices/msi.h"
#include "vmm/trace/macros.h"

/*
 * PCI Express Base 7.5.3: an endpoint's capability ends where the registers of ports begin, or
 * before.
 */
#define LENGTH_EXP_V1        0x14u
#define LENGTH_EXP_V1_RC_END 0x0cu
#define LENGTH_EXP_V2        0x34u
#define LENGTH_EXP_V2_RC_END 0x2cu

#define LENGTH_PCIX    8u  /* PCI-X 2.0 Protocol Addendum, 7.2 */
#define LENGTH_PCIX_V2 24u /* with registers for ECC */

#define LENGTH_SATA_LONG  16u /* Serial ATA 3.1, 10.3.1: the registers are in the capability */
#define LENGTH_SATA_SHORT 8u
#define LENGTH_SATA_BAR   4u /* offset of the register that says where they are */

#define LENGTH_HT_TYPE      3u    /* offset of HyperTransport's kind of capability */
#define LENGTH_HT_TYPE_MASK 0xe0u /* 0: the link of a device, the longest */

#define LENGTH_VNDR 3u /* PCI Local Bus 3.0, 6.9: ID, next and length at least */

#define LENGTH_AER_PREFIXES 72u    /* PCI Express Base 7.8.4.12: with a log of TLP prefixes */
#define LENGTH_AER_HAS_LOG  0x800u /* newer than linux/pci_regs.h of Debian 12 */

#define LENGTH_EXT_VENDOR 8u /* 7.9.5 and 7.9.6: two headers at least, */
#define LENGTH_EXT_AT     6u /* the length is in the upper 12 bits of this word */

#define LENGTH_VC_PHASES    16u /* 7.9.1: a table of 128, 64 or 32 phases of 4 bits each, */
#define LENGTH_VC_ALIGNMENT 16u

#define LENGTH_ACS 8u /* 7.7.8: without the vector of egress control */

static unsigned int length_word(const uint8_t *bytes, unsigned int offset)
{
	return bytes[offset] | (unsigned int)bytes[offset + 1] << 8;
}

/* ---- in the first 256 bytes ---- */

static unsigned int length_exp(const uint8_t *cap)
{
	unsigned int flags = length_word(cap, PCI_EXP_FLAGS);
	bool integrated = (flags & PCI_EXP_FLAGS_TYPE) >> 4 == PCI_EXP_TYPE_RC_END;

	if ((flags & PCI_EXP_FLAGS_VERS) < 2)
		return integrated ? LENGTH_EXP_V1_RC_END : LENGTH_EXP_V1;
	return integrated ? LENGTH_EXP_V2_RC_END : LENGTH_EXP_V2;
}

static unsigned int length_standard(const struct vfio_policy *policy, const uint8_t *cap)
{
	switch (policy->id) {
	case PCI_CAP_ID_MSI:
		return msi_capability_size((uint16_t)length_word(cap, PCI_MSI_FLAGS));
	case PCI_CAP_ID_PCIX:
		return PCI_X_CMD_VERSION(length_word(cap, PCI_X_CMD)) ? LENGTH_PCIX_V2
								      : LENGTH_PCIX;
	case PCI_CAP_ID_HT:
		return cap[LENGTH_HT_TYPE] & LENGTH_HT_TYPE_MASK ? HT_CAP_SIZEOF_SHORT
								 : HT_CAP_SIZEOF_LONG;
	case PCI_CAP_ID_VNDR:
		return cap[PCI_CAP_FLAGS] < LENGTH_VNDR ? LENGTH_VNDR : cap[PCI_CAP_FLAGS];
	case PCI_CAP_ID_EXP:
		return length_exp(cap);
	case PCI_CAP_ID_SATA:
		return (cap[LENGTH_SATA_BAR] & 0xf) == 0xf ? LENGTH_SATA_LONG : LENGTH_SATA_SHORT;
	default:
		return policy->length;
	}
}

/* ---- extended ---- */

/* The registers after the header log exist only in ports. */
static unsigned int length_aer(const uint8_t *cap)
{
	return length_word(cap, PCI_ERR_CAP) & LENGTH_AER_HAS_LOG ? LENGTH_AER_PREFIXES
								  : PCI_ERR_ROOT_COMMAND;
}

static unsigned int length_ext_vendor(const uint8_t *cap)
{
	unsigned int length = length_word(cap, LENGTH_EXT_AT) >> 4;

	return length < LENGTH_EXT_VENDOR ? LENGTH_EXT_VENDOR : length;
}

/* Three registers for each channel, then the table of the arbiter among them. */
static unsigned int length_vc(const uint8_t *cap)
{
	unsigned int channels = 1 + (cap[PCI_VC_PORT_CAP1] & PCI_VC_CAP1_EVCC);
	unsigned int length = PCI_CAP_VC_BASE_SIZEOF + channels * PCI_CAP_VC_PER_VC_SIZEOF;
	unsigned int arbiters = cap[PCI_VC_PORT_CAP2];

	if (!(arbiters & (PCI_VC_CAP2_32_PHASE | PCI_VC_CAP2_64_PHASE | PCI_VC_CAP2_128_PHASE)))
		return length;
	length = (length + LENGTH_VC_ALIGNMENT - 1) & ~(LENGTH_VC_ALIGNMENT - 1);
	return length + LENGTH_VC_PHASES * (arbiters & PCI_VC_CAP2_128_PHASE  ? 4
					    : arbiters & PCI_VC_CAP2_64_PHASE ? 2
									      : 1);
}

/* A bit for each port, in whole dwords; 0 stands for 256 of them. */
static unsigned int length_acs(const uint8_t *cap)
{
	unsigned int ports = cap[PCI_ACS_EGRESS_BITS] ? cap[PCI_ACS_EGRESS_BITS] : 256;

	if (!(cap[PCI_ACS_CAP] & PCI_ACS_EC))
		return LENGTH_ACS;
	return LENGTH_ACS + (ports + 31) / 32 * 4;
}

/* Two registers for each BAR, at most six. */
static unsigned int length_rebar(const uint8_t *cap)
{
	unsigned int bars =
		(cap[PCI_REBAR_CTRL] & PCI_REBAR_CTRL_NBAR_MASK) >> PCI_REBAR_CTRL_NBAR_SHIFT;

	return PCI_REBAR_CAP + 8 * bars;
}

/* A byte for each substate. */
static unsigned int length_dpa(const uint8_t *cap)
{
	return PCI_DPA_BASE_SIZEOF + (cap[PCI_DPA_CAP] & PCI_DPA_CAP_SUBSTATE_MASK) + 1;
}

/* The table of steering tags, a word each, is here or beside MSI-X's. */
static unsigned int length_tph(const uint8_t *cap)
{
	unsigned int tags = 1 + (length_word(cap, PCI_TPH_CAP + 2) & PCI_TPH_CAP_ST_MASK >> 16);
	bool here = (length_word(cap, PCI_TPH_CAP) & PCI_TPH_CAP_LOC_MASK) == PCI_TPH_LOC_CAP;

	return PCI_TPH_BASE_SIZEOF + (here ? 2 * tags : 0);
}

static const struct {
	uint16_t id;
	unsigned int (*length)(const uint8_t *cap);
} length_extended[] = {
	{ PCI_EXT_CAP_ID_ERR, length_aer },         { PCI_EXT_CAP_ID_VC, length_vc },
	{ PCI_EXT_CAP_ID_MFVC, length_vc },         { PCI_EXT_CAP_ID_VC9, length_vc },
	{ PCI_EXT_CAP_ID_VNDR, length_ext_vendor }, { PCI_EXT_CAP_ID_ACS, length_acs },
	{ PCI_EXT_CAP_ID_REBAR, length_rebar },     { PCI_EXT_CAP_ID_DPA, length_dpa },
	{ PCI_EXT_CAP_ID_TPH, length_tph },         { PCI_EXT_CAP_ID_DVSEC, length_ext_vendor },
	{ VFIO_EXT_CAP_VF_REBAR, length_rebar },
};

static unsigned int length_of_extended(const struct vfio_policy *policy, const uint8_t *cap)
{
	for (size_t i = 0; i < array_size(length_extended); i++)
		if (length_extended[i].id == policy->id)
			return length_extended[i].length(cap);
	return policy->length;
}

/* A capability may contain its own length, and lie at the very end: past it there are zeros. */
unsigned int vfio_cap_length(const struct vfio_policy *policy, const uint8_t *bytes,
			     unsigned int offset)
{
	unsigned int end = policy->extended ? PCI_CFG_SPACE_EXP_SIZE : PCI_CFG_SPACE_SIZE;
	uint8_t cap[PCI_CFG_SPACE_SIZE] = { 0 };

	memcpy(cap, &bytes[offset], end - offset < sizeof(cap) ? end - offset : sizeof(cap));
	return policy->extended ? length_of_extended(policy, cap) : length_standard(policy, cap);
}
