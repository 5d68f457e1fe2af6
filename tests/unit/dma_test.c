/* SPDX-License-Identifier: MIT */
/*
 * vfio/vfio_dma.c. RAM is mapped as a whole or not at all. If there are several devices, their
 * BARs are mapped as far as that works.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "call_log.h"
#include "fake_backend.h"
#include "plain_ram.h"
#include "stderr_text.h"
#include "unit.h"
#include "vfio/vfio_dma.h"
#include "vmm/trace/log.h"

#define MIB (1ull << 20)

struct world {
	struct fake_device fake;
	struct vfio_space space;
	struct memory memory;
	struct vfio_dma_map map;
};

static char bar[0x4000] __attribute__((aligned(4096)));

static void begin(struct world *world)
{
	memset(world, 0, sizeof(*world));
	fake_init(&world->fake);
	world->space = (struct vfio_space){ .backend = &fake_backend, .priv = &world->fake };
	memory_init(&world->memory);
	calls_begin();
}

static void end(struct world *world)
{
	vfio_dma_stop(&world->map);
	ck_assert_uint_eq(world->fake.map_count, 0);
	memory_destroy(&world->memory);
}

static int start(struct world *world)
{
	return vfio_dma_start(&world->map, &world->space, &world->memory, false);
}

static struct memory_region bar_at(uint64_t gpa)
{
	return (struct memory_region){
		.gpa = gpa, .size = sizeof(bar), .hva = bar, .fd = -1, .kind = MEMORY_DEVICE
	};
}

START_TEST(rule_19_one_map_for_each_bank)
{
	struct memory_region device = bar_at(0xc0000000);
	static struct world world;

	begin(&world);
	ck_assert_int_eq(plain_ram_add(&world.memory, 0, 3 * MIB), 0);
	ck_assert_int_eq(memory_add_region(&world.memory, &device), 0);
	ck_assert_int_eq(plain_ram_add(&world.memory, 1ull << 32, 2 * MIB), 0);
	ck_assert_int_eq(start(&world), 0);
	calls_expect("dma_map 0+0x300000\ndma_map 0x100000000+0x200000\n");
	ck_assert_ptr_eq(world.fake.maps[0].hva, memory_ram_ptr(&world.memory, 0, 1));
	ck_assert_ptr_eq(world.fake.maps[1].hva, memory_ram_ptr(&world.memory, 1ull << 32, 1));
	ck_assert(!world.fake.maps[0].readonly);
	ck_assert_int_eq(world.fake.maps[0].fd, -1);
	ck_assert(!world.fake.maps[0].memfd);
	/* RAM that comes later is mapped, too. */
	ck_assert_int_eq(plain_ram_add(&world.memory, 0x40000000, MIB), 0);
	memory_del_region(&world.memory, 0xc0000000);
	calls_expect("dma_map 0x40000000+0x100000\n");
	vfio_dma_stop(&world.map);
	calls_expect("dma_unmap 0x100000000+0x200000\ndma_unmap 0x40000000+0x100000\n"
		     "dma_unmap 0+0x300000\n");
	vfio_dma_stop(&world.map);
	calls_expect("");
	end(&world);
}
END_TEST

/* A backend may treat RAM's file in a way of its own, but not a BAR's. */
START_TEST(only_ram_is_a_memfd)
{
	struct memory_region device = bar_at(0xc0000000);
	struct memory_region ram = { .gpa = 0, .size = MIB, .kind = MEMORY_RAM };
	static struct world world;

	begin(&world);
	ram.fd = memfd_create("RAM", MFD_CLOEXEC);
	ck_assert_int_eq(ftruncate(ram.fd, MIB), 0);
	ram.hva = mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_SHARED, ram.fd, 0);
	ck_assert_ptr_ne(ram.hva, MAP_FAILED);
	device.fd = ram.fd;
	ck_assert_int_eq(memory_add_region(&world.memory, &ram), 0);
	ck_assert_int_eq(memory_add_region(&world.memory, &device), 0);
	ck_assert_int_eq(vfio_dma_start(&world.map, &world.space, &world.memory, true), 0);
	ck_assert_uint_eq(world.fake.map_count, 2);
	ck_assert(world.fake.maps[0].memfd);
	ck_assert(!world.fake.maps[1].memfd);
	end(&world);
}
END_TEST

static int start_with_peers(struct world *world)
{
	ck_assert_int_eq(plain_ram_add(&world->memory, 0, MIB), 0);
	return vfio_dma_start(&world->map, &world->space, &world->memory, true);
}

START_TEST(rule_14_bars_of_peers)
{
	struct memory_region one = bar_at(0xc0000000), two = bar_at(0xd0000000);
	static struct world world;

	begin(&world);
	ck_assert_int_eq(memory_add_region(&world.memory, &one), 0);
	ck_assert_int_eq(start_with_peers(&world), 0);
	calls_expect("dma_map 0+0x100000\ndma_map 0xc0000000+0x4000\n");
	ck_assert_int_eq(memory_add_region(&world.memory, &two), 0);
	memory_del_region(&world.memory, one.gpa);
	calls_expect("dma_map 0xd0000000+0x4000\ndma_unmap 0xc0000000+0x4000\n");
	vfio_dma_stop(&world.map);
	calls_expect("dma_unmap 0xd0000000+0x4000\ndma_unmap 0+0x100000\n");
	end(&world);
}
END_TEST

/*
 * The guest has its BAR all the same. The failure is reported once, and what was not mapped is
 * not unmapped.
 */
START_TEST(rule_14_failure_is_a_warning)
{
	struct memory_region bars[3] = { bar_at(0xc0000000), bar_at(0xd0000000),
					 bar_at(0xe0000000) };
	static struct world world;
	struct stderr_text caught;

	begin(&world);
	if (_i) { /* out of the IOMMU's range */
		world.fake.range_count = 1;
		world.fake.ranges[0] = (struct vfio_range){ 0, 0xdfffffff };
	}
	ck_assert_int_eq(start_with_peers(&world), 0);
	stderr_begin(&caught);
	for (unsigned int i = 3; i--;) {
		if (!_i && i)
			fake_fail(&world.fake, "dma_map", 1, -EFAULT);
		ck_assert_int_eq(memory_add_region(&world.memory, &bars[i]), 0);
	}
	stderr_end(&caught);
	stderr_holds(&caught, "minivmm: warning: peer to peer: the BAR at 0xe0000000 + 0x4000");
	stderr_holds(&caught, _i ? "out of range" : "Bad address");
	ck_assert_ptr_eq(strchr(caught.text, '\n'), caught.text + strlen(caught.text) - 1);
	ck_assert_uint_eq(world.fake.map_count, _i ? 3 : 2);
	for (unsigned int i = 0; i < 3; i++)
		memory_del_region(&world.memory, bars[i].gpa);
	ck_assert_uint_eq(world.fake.map_count, 1);
	end(&world);
}
END_TEST

START_TEST(stop_accepts_a_zeroed_map)
{
	struct vfio_dma_map map;

	memset(&map, 0, sizeof(map));
	calls_begin();
	vfio_dma_stop(&map);
	calls_expect("");
}
END_TEST

/* The third map fails. The two before it are undone, backwards, and nobody listens any more. */
START_TEST(failure_rolls_back)
{
	static struct world world;
	struct stderr_text caught;
	int ret;

	begin(&world);
	for (uint64_t gpa = 0; gpa < 4 * MIB; gpa += MIB)
		ck_assert_int_eq(plain_ram_add(&world.memory, gpa, MIB), 0);
	fake_fail(&world.fake, "dma_map", 3, -ENOMEM);
	stderr_begin(&caught);
	ret = start(&world);
	stderr_end(&caught);
	ck_assert_int_eq(ret, -ENOMEM);
	calls_expect("dma_map 0+0x100000\ndma_map 0x100000+0x100000\ndma_map fails\n"
		     "dma_unmap 0x100000+0x100000\ndma_unmap 0+0x100000\n");
	stderr_holds(&caught, "minivmm: error: guest RAM: map 0x200000 + 0x100000 for DMA: "
			      "Cannot allocate memory");
	ck_assert_int_eq(plain_ram_add(&world.memory, 8 * MIB, MIB), 0);
	calls_expect("");
	end(&world);
}
END_TEST

/* RAM is added while it listens, and refused. The map is as before. */
START_TEST(late_failure_rolls_back)
{
	static struct world world;
	struct stderr_text caught;
	int ret;

	begin(&world);
	ck_assert_int_eq(plain_ram_add(&world.memory, 0, MIB), 0);
	ck_assert_int_eq(start(&world), 0);
	fake_fail(&world.fake, "dma_map", 1, -EINVAL);
	stderr_begin(&caught);
	ret = plain_ram_add(&world.memory, MIB, MIB);
	stderr_end(&caught);
	ck_assert_int_eq(ret, -LOG_TOLD);
	ck_assert_ptr_null(strstr(caught.text, "ulimit"));
	ck_assert_uint_eq(memory_ram_size(&world.memory), MIB);
	ck_assert_uint_eq(world.fake.map_count, 1);
	end(&world);
}
END_TEST

static const struct {
	struct vfio_range ranges[2];
	unsigned int count;
	uint64_t gpa;
	bool fits;
} ranges[] = {
	{ { { 0 } }, 0, 1ull << 40, true }, /* the kernel does not tell */
	{ { { 0, 0xfedfffff }, { 0xfef00000, (1ull << 39) - 1 } }, 2, 0, true },
	{ { { 0, 0xfedfffff }, { 0xfef00000, (1ull << 39) - 1 } }, 2, 0x100000000, true },
	{ { { 0, 0xfedfffff }, { 0xfef00000, (1ull << 39) - 1 } }, 2, 0xfed00000, true },
	{ { { 0, 0xfedfffff }, { 0xfef00000, (1ull << 39) - 1 } }, 2, 0xfed80000, false },
	{ { { 0, 0xfedfffff }, { 0xfef00000, (1ull << 39) - 1 } }, 2, 0xfee00000, false },
	{ { { 0, 0xfedfffff }, { 0xfef00000, (1ull << 39) - 1 } }, 2, (1ull << 39) - MIB, true },
	{ { { 0, 0xfedfffff }, { 0xfef00000, (1ull << 39) - 1 } }, 2, (1ull << 39) - 4096, false },
	{ { { 0, 0xfedfffff }, { 0xfef00000, (1ull << 39) - 1 } }, 2, 1ull << 39, false },
	/* Two ranges touch. They are never split silently. */
	{ { { 0, 0x7ffff }, { 0x80000, 0xffffffff } }, 2, 0, false },
	{ { { 0x100000, UINT64_MAX } }, 1, 0xfffffffffff00000 - MIB, true },
	{ { { 0x100000, UINT64_MAX } }, 1, 0, false },
};

START_TEST(rule_19_iova_ranges)
{
	static struct world world;
	struct stderr_text caught;
	char range[64];
	int ret;

	begin(&world);
	world.fake.range_count = ranges[_i].count;
	memcpy(world.fake.ranges, ranges[_i].ranges, sizeof(ranges[_i].ranges));
	ck_assert_int_eq(plain_ram_add(&world.memory, ranges[_i].gpa, MIB), 0);
	stderr_begin(&caught);
	ret = start(&world);
	stderr_end(&caught);
	ck_assert_int_eq(ret, ranges[_i].fits ? 0 : -EINVAL);
	ck_assert_uint_eq(calls_count("dma_map"), ranges[_i].fits);
	if (!ranges[_i].fits) {
		snprintf(range, sizeof(range), "%#" PRIx64 "-%#" PRIx64, ranges[_i].gpa,
			 (uint64_t)(ranges[_i].gpa + MIB - 1));
		stderr_holds(&caught, range);
		for (unsigned int i = 0; i < ranges[_i].count; i++) {
			snprintf(range, sizeof(range), "%#" PRIx64 "-%#" PRIx64,
				 ranges[_i].ranges[i].first, ranges[_i].ranges[i].last);
			stderr_holds(&caught, range);
		}
	}
	end(&world);
}
END_TEST

START_TEST(ranges_cannot_be_asked)
{
	static struct world world;
	struct stderr_text caught;
	int ret;

	begin(&world);
	ck_assert_int_eq(plain_ram_add(&world.memory, 0, MIB), 0);
	fake_fail(&world.fake, "iova_ranges", 1, -EIO);
	stderr_begin(&caught);
	ret = start(&world);
	stderr_end(&caught);
	ck_assert_int_eq(ret, -EIO);
	stderr_holds(&caught, "minivmm: error: IOMMU: ");
	ck_assert_uint_eq(calls_count("dma_map"), 0);
	end(&world);
}
END_TEST

START_TEST(roms_are_out_of_reach)
{
	struct memory_region rom = bar_at(0xffc00000);
	static struct world world;

	rom.kind = MEMORY_ROM;
	begin(&world);
	ck_assert_int_eq(plain_ram_add(&world.memory, 0, MIB), 0);
	ck_assert_int_eq(memory_add_region(&world.memory, &rom), 0);
	ck_assert_int_eq(start(&world), 0);
	calls_expect("dma_map 0+0x100000\n");
	memory_del_region(&world.memory, 0xffc00000);
	calls_expect("");
	end(&world);
}
END_TEST

/*
 * A further device comes, and its IOMMU maps other addresses. RAM that lies there is looked at
 * again.
 */
static const struct {
	unsigned int count;
	struct vfio_range ranges[3];
	int ret;
} later[] = {
	{ 1, { { 0, UINT64_MAX } }, 0 },
	{ 1, { { 0, 2 * MIB - 1 } }, 0 },
	{ 1, { { 0, 2 * MIB - 2 } }, -EINVAL },
	{ 1, { { 1, UINT64_MAX } }, -EINVAL },
	{ 1, { { 4 * MIB, UINT64_MAX } }, -EINVAL }, /* elsewhere */
	{ 2, { { 0, 2 * MIB - 1 }, { 4 * MIB, UINT64_MAX } }, 0 },
	{ 2, { { 0, MIB - 1 }, { MIB + 0x1000, UINT64_MAX } }, -EINVAL }, /* a hole in it */
	{ 2, { { 4 * MIB, 8 * MIB }, { 0, 2 * MIB - 1 } }, 0 },
	{ 3, { { 0, 0 }, { 0x1000, 0x1fff }, { 0x2000, 2 * MIB - 1 } }, -EINVAL },
	{ 0, { { 0, 0 } }, 0 }, /* the kernel does not tell any more */
};

/* What is mapped stays so, and every range is named where the RAM does not fit. */
START_TEST(rule_42_ranges_change_with_each_device)
{
	static struct world world;
	struct stderr_text caught;
	char line[64];
	int ret;

	begin(&world);
	world.fake.ranges[0] = (struct vfio_range){ 0, UINT64_MAX };
	world.fake.range_count = 1;
	ck_assert_int_eq(plain_ram_add(&world.memory, 0, 2 * MIB), 0);
	ck_assert_int_eq(start(&world), 0);
	calls_begin();
	world.fake.range_count = later[_i].count;
	memcpy(world.fake.ranges, later[_i].ranges, sizeof(later[_i].ranges));
	stderr_begin(&caught);
	ret = vfio_dma_recheck(&world.map);
	stderr_end(&caught);
	ck_assert_int_eq(ret, later[_i].ret);
	ck_assert_uint_eq(world.map.range_count, later[_i].count);
	calls_expect("");
	for (unsigned int i = 0; ret < 0 && i < later[_i].count; i++) {
		const struct vfio_range *range = &later[_i].ranges[i];

		snprintf(line, sizeof(line), "the IOMMU maps %#" PRIx64 "-%#" PRIx64, range->first,
			 range->last);
		stderr_holds(&caught, "0-0x1fffff cannot be mapped for DMA");
		stderr_holds(&caught, line);
	}
	end(&world);
}
END_TEST

/* More RAM than one bank: the second is looked at, too. And what cannot be asked is an error. */
static const struct {
	uint64_t last;
	int fails, ret;
} banks[] = {
	{ UINT64_MAX, 0, 0 },
	{ 5 * MIB - 1, 0, 0 },
	{ 5 * MIB - 2, 0, -EINVAL },
	{ UINT64_MAX, -EIO, -EIO },
	{ UINT64_MAX, -EFAULT, -EFAULT },
};

START_TEST(rule_42_every_bank)
{
	static struct world world;
	struct stderr_text caught;

	begin(&world);
	ck_assert_int_eq(plain_ram_add(&world.memory, 0, MIB), 0);
	ck_assert_int_eq(plain_ram_add(&world.memory, 4 * MIB, MIB), 0);
	ck_assert_int_eq(start(&world), 0);
	calls_begin();
	world.fake.range_count = 1;
	world.fake.ranges[0] = (struct vfio_range){ 0, banks[_i].last };
	if (banks[_i].fails)
		fake_fail(&world.fake, "iova_ranges", 1, banks[_i].fails);
	stderr_begin(&caught);
	ck_assert_int_eq(vfio_dma_recheck(&world.map), banks[_i].ret);
	stderr_end(&caught);
	ck_assert_uint_eq(calls_count("dma_map") + calls_count("dma_unmap"), 0);
	if (banks[_i].ret == -EINVAL)
		stderr_holds(&caught, "0x400000-0x4fffff cannot be mapped");
	end(&world);
}
END_TEST

/* Only where RAM could not be pinned is the limit of locked memory worth a word. */
static const struct {
	const char *fails;
	int err;
	bool no_memory;
} shortages[] = {
	{ "dma_map", -ENOMEM, true },
	{ "dma_map", -EINVAL, false },
	{ "iova_ranges", -ENOMEM, false },
};

START_TEST(rule_20_shortage_is_that_of_a_map)
{
	static struct world world;
	struct stderr_text caught;
	int ret;

	begin(&world);
	ck_assert_int_eq(plain_ram_add(&world.memory, 0, MIB), 0);
	fake_fail(&world.fake, shortages[_i].fails, 1, shortages[_i].err);
	stderr_begin(&caught);
	ret = start(&world);
	stderr_end(&caught);
	ck_assert_int_eq(ret, shortages[_i].err);
	ck_assert(world.map.no_memory == shortages[_i].no_memory);
	end(&world);
}
END_TEST

UNIT_MAIN("dma", { rule_20_shortage_is_that_of_a_map, UNIT_COUNT(shortages) },
	  { roms_are_out_of_reach, 0 }, { rule_19_one_map_for_each_bank, 0 },
	  { only_ram_is_a_memfd, 0 }, { stop_accepts_a_zeroed_map, 0 },
	  { rule_14_bars_of_peers, 0 }, { rule_14_failure_is_a_warning, 2 },
	  { failure_rolls_back, 0 }, { late_failure_rolls_back, 0 },
	  { rule_19_iova_ranges, UNIT_COUNT(ranges) }, { ranges_cannot_be_asked, 0 },
	  { rule_42_ranges_change_with_each_device, UNIT_COUNT(later) },
	  { rule_42_every_bank, UNIT_COUNT(banks) })
