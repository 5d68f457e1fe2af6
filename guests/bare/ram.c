/* SPDX-License-Identifier: MIT */
/*
 * The memory map is true: there is RAM where it says so, to the first and the last byte, and none
 * behind.
 */
#include "bare.h"

#define LOW_END   0xc0000000ull
#define HIGH_BASE 0x100000000ull

static void expect_writable(uint64_t address)
{
	uint8_t before = read8(address);

	write8(address, (uint8_t)~before);
	bare_expect("byte of RAM", read8(address), (uint8_t)~before);
	write8(address, before);
}

/* The argument is the size in MiB. The PC's hole below 1 MiB is RAM, but not offered as such. */
static void check_map(void)
{
	uint64_t wanted = bare_argument() << 20, sum = 0, end = 0;
	const struct bare_range *map;
	unsigned int count;

	map = bare_memory_map(&count);
	for (unsigned int i = 0; i < count; i++) {
		if (map[i].type != BARE_RANGE_RAM)
			continue;
		bare_expect("order of the ranges", map[i].base >= end, 1);
		end = map[i].base + map[i].size;
		sum += map[i].size;
		expect_writable(map[i].base);
		expect_writable(end - 1);
	}
	bare_expect("sum of all RAM", sum, wanted - 0x60000);
	bare_expect("end of RAM", end, wanted <= LOW_END ? wanted : HIGH_BASE + wanted - LOW_END);
	bare_expect("word behind RAM", read64(end), UINT64_MAX);
	if (wanted > LOW_END)
		bare_expect("word behind low RAM", read64(LOW_END), UINT64_MAX);
	bare_expect("word across the end", read64(end - 4) >> 32, UINT32_MAX);
}

const struct bare_check bare_checks[] = {
	{ "map", check_map },
	{ NULL, NULL },
};
