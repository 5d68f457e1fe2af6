/* SPDX-License-Identifier: MIT */
/*
 * vfio/backend/device_info.c: which atomic operations the host completes. Whatever the bytes say,
 * the walk along them ends.
 */
#include <string.h>

#include "unit.h"
#include "vfio/backend/device_info.h"

#define ATOMIC VFIO_DEVICE_INFO_CAP_PCI_ATOMIC_COMP

static const struct {
	uint32_t flags, offset;
	struct {
		uint16_t id;
		uint32_t next, data;
	} caps[2]; /* at 32 and at 64 */
	size_t size;
	uint32_t atomics;
} infos[] = {
	{ VFIO_DEVICE_FLAGS_CAPS, 32, { { ATOMIC, 0, 3 } }, 96, 3 },
	{ VFIO_DEVICE_FLAGS_CAPS, 32, { { 1, 64, 0 }, { ATOMIC, 0, 7 } }, 96, 7 },
	{ VFIO_DEVICE_FLAGS_CAPS, 64, { { 1, 0, 0 }, { ATOMIC, 32, 0xffffffff } }, 96, 7 },
	{ VFIO_DEVICE_FLAGS_CAPS, 32, { { 1, 64, 0 }, { 2, 0, 7 } }, 96, 0 },
	{ 0, 32, { { ATOMIC, 0, 3 } }, 96, 0 },                      /* no list */
	{ VFIO_DEVICE_FLAGS_CAPS, 32, { { 1, 32, 0 } }, 96, 0 },     /* for ever */
	{ VFIO_DEVICE_FLAGS_CAPS, 33, { { ATOMIC, 0, 3 } }, 96, 0 }, /* crooked */
	{ VFIO_DEVICE_FLAGS_CAPS, 32, { { ATOMIC, 0, 3 } }, 40, 0 }, /* cut off */
	{ VFIO_DEVICE_FLAGS_CAPS, 0xfffffff8, { { ATOMIC, 0, 3 } }, 96, 0 },
};

START_TEST(atomics_are_found)
{
	union {
		struct vfio_device_info head;
		uint8_t bytes[96];
	} info = { .head = { .flags = infos[_i].flags, .cap_offset = infos[_i].offset } };

	for (unsigned int i = 0; i < 2; i++) {
		const struct vfio_device_info_cap_pci_atomic_comp cap = {
			.header = { .id = infos[_i].caps[i].id, .next = infos[_i].caps[i].next },
			.flags = infos[_i].caps[i].data,
		};

		memcpy(&info.bytes[32 + 32 * i], &cap, sizeof(cap));
	}
	ck_assert_uint_eq(device_info_atomics(&info.head, infos[_i].size), infos[_i].atomics);
}
END_TEST

UNIT_MAIN("device_info", { atomics_are_found, UNIT_COUNT(infos) })
