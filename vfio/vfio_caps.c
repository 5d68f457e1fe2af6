/* SPDX-License-Identifier: MIT */
#include "vfio_caps.h"

#include <linux/pci_regs.h>
#include <stddef.h>
#include <string.h>

#include "vfio_cap_length.h"

#define CAPS_VNDR_DATA 3u    /* PCI Local Bus 3.0, 6.9: after ID, next and length */
#define CAPS_EXT_VNDR  8u    /* PCI Express Base 7.9.5: after header and length */
#define CAPS_EXT_DVSEC 0x0au /* 7.9.6: after two headers */

static bool caps_is_vendor(const struct vfio_policy *policy)
{
	return policy->extended
		       ? policy->id == PCI_EXT_CAP_ID_VNDR || policy->id == PCI_EXT_CAP_ID_DVSEC
		       : policy->id == PCI_CAP_ID_VNDR;
}

/* ---- the list ---- */

/* Remember a capability. False if there are more than any device has. */
static bool caps_add(struct vfio_caps *caps, const uint8_t *bytes, const struct vfio_policy *policy,
		     unsigned int offset)
{
	if (caps->count == VFIO_CAPS_MAX)
		return false;
	caps->list[caps->count++] =
		(struct vfio_cap){ .policy = policy,
				   .offset = offset,
				   .length = vfio_cap_length(policy, bytes, offset),
				   .hidden = policy->action == VFIO_CAP_HIDE,
				   .why = policy->why };
	return true;
}

/* Note that the walk of a list was at `offset`; true if it had been there before. */
static bool caps_visit(uint64_t *visited, unsigned int offset)
{
	uint64_t bit = 1ull << (offset / 4 % 64);
	bool before = visited[offset / 4 / 64] & bit;

	visited[offset / 4 / 64] |= bit;
	return before;
}

void vfio_caps_collect(struct vfio_caps *caps, const uint8_t *bytes)
{
	bool has_list = bytes[PCI_STATUS] & PCI_STATUS_CAP_LIST;
	uint64_t visited[PCI_CFG_SPACE_SIZE / 4 / 64] = { 0 };
	unsigned int offset = has_list ? bytes[PCI_CAPABILITY_LIST] & ~3u : 0;

	while (offset >= PCI_STD_HEADER_SIZEOF && !caps_visit(visited, offset) &&
	       caps_add(caps, bytes, vfio_policy_find(false, bytes[offset]), offset))
		offset = bytes[offset + PCI_CAP_LIST_NEXT] & ~3u;
}

void vfio_caps_collect_extended(struct vfio_caps *caps, const uint8_t *bytes)
{
	uint64_t visited[PCI_CFG_SPACE_EXP_SIZE / 4 / 64] = { 0 };
	unsigned int offset = PCI_CFG_SPACE_SIZE;
	uint32_t header;

	memcpy(&header, &bytes[offset], 4);
	if (header == 0 || header == UINT32_MAX) /* no capability, or no extended space */
		return;
	while (offset >= PCI_CFG_SPACE_SIZE && !caps_visit(visited, offset)) {
		memcpy(&header, &bytes[offset], 4);
		if (!caps_add(caps, bytes, vfio_policy_find(true, PCI_EXT_CAP_ID(header)), offset))
			return;
		offset = PCI_EXT_CAP_NEXT(header) & ~3u;
	}
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
 * same dword. A capability ends at the next one at the latest. One whose length nobody knows has no
 * more than its place in the list.
 */
unsigned int vfio_caps_end(const struct vfio_caps *caps, const struct vfio_cap *cap)
{
	unsigned int end = cap->policy->extended ? PCI_CFG_SPACE_EXP_SIZE : PCI_CFG_SPACE_SIZE;
	unsigned int length = cap->length ? cap->length : cap->policy->extended ? 4 : 2;

	if (cap->raw) /* but where the extended list begins, the kernel keeps its chain */
		return cap->offset + (cap->offset == PCI_CFG_SPACE_SIZE ? 4 : 0);
	if (cap->offset + length < end)
		end = cap->offset + length;
	for (unsigned int i = 0; i < caps->count; i++)
		if (!caps->list[i].raw && caps->list[i].offset > cap->offset &&
		    caps->list[i].offset < end)
			end = caps->list[i].offset;
	return end;
}

const struct vfio_cap *vfio_caps_at(const struct vfio_caps *caps, unsigned int offset)
{
	for (unsigned int i = 0; i < caps->count; i++)
		if (offset >= caps->list[i].offset && offset < vfio_caps_end(caps, &caps->list[i]))
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
	unsigned int end = vfio_caps_end(caps, cap);

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

		memset(&claimed[cap->offset], true, vfio_caps_end(caps, cap) - cap->offset);
		if (caps_is_vendor(cap->policy))
			caps_open_vendor(caps, cap, forward);
	}
	for (unsigned int at = PCI_STD_HEADER_SIZEOF; at < size; at++)
		if (!claimed[at])
			forward[at] = 0xff;
}
