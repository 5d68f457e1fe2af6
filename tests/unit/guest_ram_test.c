/* SPDX-License-Identifier: MIT */
/*
 * vmm/guest_ram.c and vfio/host/look/host_pages.c: what RAM is made of, on hosts that do not
 * exist.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "stderr_text.h"
#include "scratch_folder.h"
#include "unit.h"
#include "vfio/host/check/host_doctor.h"
#include "vfio/host/look/host_pages.h"
#include "vmm/core/arch.h"
#include "vmm/guest_ram.h"
#include "vmm/x86_64/x86.h"

#define MIB (1ull << 20)
#define GIB (1ull << 30)

#define POOL_2M "sys/kernel/mm/hugepages/hugepages-2048kB"
#define NODE1   "sys/devices/system/node/node1"

static char root[64];

/* Make a file below the root of the made-up host, with the folders that lead to it. */
static void host_file(const char *path, const char *text)
{
	char full[512];
	FILE *file;

	snprintf(full, sizeof(full), "%s/%s", root, path);
	for (char *slash = strchr(full + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(full, 0755);
		*slash = '/';
	}
	file = fopen(full, "w");
	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	fclose(file);
}

/*
 * There are ten huge pages of 2 MiB, of which three are promised to somebody. NUMA node 1 has
 * four.
 */
static void host_make(void)
{
	strcpy(root, "/tmp/minivmm-ram-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(root));
	setenv("MINIVMM_HOST_ROOT", root, 1);
	host_file("proc/meminfo", "MemTotal: 100 kB\nHugepagesize:       2048 kB\n");
	host_file(POOL_2M "/nr_hugepages", "10\n");
	host_file(POOL_2M "/free_hugepages", "8\n");
	host_file(POOL_2M "/resv_hugepages", "3\n");
	host_file(NODE1 "/hugepages/hugepages-2048kB/nr_hugepages", "4\n");
	host_file(NODE1 "/hugepages/hugepages-2048kB/free_hugepages", "4\n");
	host_file(NODE1 "/cpulist", "0-1\n");
	host_file(NODE1 "/cpu0/online", "1\n");
	host_file(NODE1 "/cpu1/online", "1\n");
	host_file("sys/devices/system/node/online", "0-1\n");
	host_file("sys/bus/pci/devices/0000:01:00.0/numa_node", "1\n");
	host_file("sys/bus/pci/devices/0000:02:00.0/numa_node", "-1\n");
}

static void host_remove(void)
{
	ck_assert_int_eq(scratch_folder_remove(root), 0);
	unsetenv("MINIVMM_HOST_ROOT");
}

START_TEST(pools_and_nodes_are_read)
{
	struct host_huge_pool pool;
	char cpus[16];

	host_make();
	ck_assert_uint_eq(host_default_huge_page(), 2 * MIB);
	ck_assert_int_eq(host_read_huge_pool(2 * MIB, -1, &pool), 0);
	ck_assert_uint_eq(pool.total, 10);
	ck_assert_uint_eq(pool.available, 5);
	ck_assert_int_eq(host_read_huge_pool(2 * MIB, 1, &pool), 0);
	ck_assert_uint_eq(pool.available, 4);
	ck_assert_int_lt(host_read_huge_pool(1024 * MIB, -1, &pool), 0);
	ck_assert_int_eq(host_read_device_node("0000:01:00.0"), 1);
	ck_assert_int_eq(host_read_device_node("0000:02:00.0"), -1);
	ck_assert_int_eq(host_read_device_node("0000:03:00.0"), -1);
	ck_assert_int_eq(host_read_node_cpus(1, cpus, sizeof(cpus)), 0);
	ck_assert_str_eq(cpus, "0-1");
	host_remove();
}
END_TEST

#define NOTHING FOUND_COUNT
static const struct {
	const char *bdf, *nodes;
	uint64_t memory;
	uint16_t pinned[2];
	enum host_found first, second;
	const char *fix;
} places[] = {
	{ "0000:01:00.0", "0-1", 8 * MIB, { 0, 1 }, FOUND_NUMA, NOTHING, NULL },
	{ "0000:01:00.0",
	  "0-1",
	  10 * MIB,
	  { 1, 0 },
	  FOUND_NUMA_PAGES_SHORT,
	  NOTHING,
	  "echo 5 | sudo tee /sys/devices/system/node/node1/hugepages/" },
	{ "0000:01:00.0",
	  "0-1",
	  8 * MIB,
	  { 1, 2 },
	  FOUND_NUMA_CPUS_ELSEWHERE,
	  NOTHING,
	  "pin=LIST   # N of the CPUs 0-1" },
	{ "0000:01:00.0",
	  "0-1",
	  10 * MIB,
	  { 2, 2 },
	  FOUND_NUMA_PAGES_SHORT,
	  FOUND_NUMA_CPUS_ELSEWHERE,
	  "echo 5" },
	{ "0000:01:00.0", "0", 10 * MIB, { 2, 2 }, NOTHING, NOTHING, NULL },
	{ "0000:02:00.0", "0-1", 10 * MIB, { 2, 2 }, NOTHING, NOTHING, NULL },
};

/* The warnings of doctor for a device next to node 1, which has two CPUs and four huge pages. */
START_TEST(far_from_the_device)
{
	const struct host_demand demand = { .memory = places[_i].memory,
					    .huge_page = 2 * MIB,
					    .pinned = places[_i].pinned,
					    .pinned_count = 2 };
	struct host_report report = { .object = places[_i].bdf };
	enum host_found wanted[] = { places[_i].first, places[_i].second };
	struct host_device device = { 0 };

	host_make();
	host_file("sys/devices/system/node/online", places[_i].nodes);
	snprintf(device.bdf, sizeof(device.bdf), "%s", places[_i].bdf);
	host_check_numa(&report, &device, &demand);
	for (unsigned int i = 0; i < 2; i++)
		ck_assert_int_eq(i < report.count ? report.findings[i].found : NOTHING, wanted[i]);
	if (places[_i].fix) {
		char *fix = host_finding_fix(&report.findings[0], 0);

		ck_assert_ptr_nonnull(strstr(fix, places[_i].fix));
		free(fix);
	}
	host_report_destroy(&report);
	host_remove();
}
END_TEST

static const struct {
	uint64_t size, huge_page;
	int ret;
	const char *words;
} refused[] = {
	{ 11 * MIB, 2 * MIB, -EINVAL, "--memory: 11 MiB: expected a multiple of the 2 MiB" },
	{ 11 * MIB, RAM_HUGE_DEFAULT, -EINVAL, "a multiple of the 2 MiB" },
	{ 12 * MIB, 2 * MIB, 0, "" },
	{ 1ull << 53, 0, -EINVAL, "are more than this CPU can address" },
	{ 16384 * GIB, 0, -EINVAL, "--memory: 16777216 MiB" }, /* by the CPU, or by KVM */
};

static const struct {
	uint64_t memory, huge_page;
	int ret;
	const char *words, *fix;
} rooms[] = {
	{ 10 * MIB, 2 * MIB, 0, "", "" },
	{ 12 * MIB, 2 * MIB, -ENOMEM,
	  "guest RAM: the guest needs 12 MiB in huge pages of 2 MiB, and 10 MiB of them are free",
	  "fix: echo 11 | sudo tee /sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages" },
	{ 1024 * MIB, 1024 * MIB, -ENOMEM, "this kernel has no huge pages of 1 GiB", "fix: ls" },
};

/* The refusal comes before a page is touched, and has both figures. */
START_TEST(pool_is_checked_before)
{
	const struct host_demand demand = { .memory = rooms[_i].memory,
					    .huge_page = rooms[_i].huge_page };
	struct stderr_text caught;
	int ret;

	host_make();
	stderr_begin(&caught);
	ret = host_check_room(&demand);
	stderr_end(&caught);
	host_remove();
	ck_assert_int_eq(ret, rooms[_i].ret);
	stderr_holds(&caught, rooms[_i].words);
	stderr_holds(&caught, rooms[_i].fix);
}
END_TEST

/* This comes before the pool is looked at, because the fix for the pool would not be enough. */
START_TEST(what_cannot_be_had_is_refused)
{
	struct stderr_text caught;
	int ret;

	host_make();
	stderr_begin(&caught);
	ret = ram_check_size(refused[_i].size, refused[_i].huge_page);
	stderr_end(&caught);
	host_remove();
	ck_assert_int_eq(ret, refused[_i].ret);
	stderr_holds(&caught, refused[_i].words);
}
END_TEST

/*
 * When ram_wait() returns, the RAM that a device or a server will reach has its pages, next to
 * the device.
 */
START_TEST(pinned_ram_has_its_pages)
{
	const struct ram_options options = {
		.size = 8 * MIB, .node = 1, .shared = _i == 1, .pinned = true
	};
	struct ram ram = { 0 };
	struct memory memory;

	host_make();
	memory_init(&memory);
	ck_assert_int_eq(ram_add(&ram, &memory, &options), 0);
	ck_assert_int_eq(ram_wait(&ram), 0);
	ck_assert_uint_eq(ram.banks[0].done, options.size);
	ck_assert_int_eq(ram_wait(&ram), 0);
	ck_assert_uint_eq(memory_ram_size(&memory), options.size);
	ck_assert_int_eq(memory.regions[0].fd >= 0, options.shared);
	ram_cancel(&ram);
	memory_destroy(&memory);
	host_remove();
}
END_TEST

/* 1008 GiB fit between 4 GiB and what AMD's IOMMUs keep for themselves. */
static const struct {
	bool amd;
	uint64_t size, begins;
} highs[] = {
	{ true, 1008 * GIB, 4 * GIB },    { true, 1008 * GIB + 1, 1024 * GIB },
	{ true, 4096 * GIB, 1024 * GIB }, { false, 4096 * GIB, 4 * GIB },
	{ true, 1 * GIB, 4 * GIB },
};

START_TEST(rule_43_ram_keeps_out_of_what_amd_reserves)
{
	ck_assert_uint_eq(x86_ram_high(highs[_i].amd, highs[_i].size), highs[_i].begins);
}
END_TEST

/*
 * RAM of terabytes that nothing backs comes in two banks. None of it is left out, and none lies
 * in what AMD reserves.
 */
START_TEST(rule_43_terabytes_as_far_as_addresses_go)
{
	const struct ram_options options = { .size = (_i ? 6144 : 2048) * GIB, .node = -1 };
	struct ram ram = { 0 };
	struct memory memory;
	const struct memory_region *high;

	host_make();
	memory_init(&memory);
	ck_assert_int_eq(ram_add(&ram, &memory, &options), 0);
	ck_assert_int_eq(ram_wait(&ram), 0);
	ck_assert_uint_eq(memory.count, RAM_BANKS);
	ck_assert_uint_eq(memory_ram_size(&memory), options.size);
	high = &memory.regions[1];
	ck_assert_uint_eq(high->gpa, arch_ram_high(options.size - arch_layout.ram_low.size));
	ck_assert_uint_eq(high->gpa + high->size, ram_end(options.size));
	ck_assert_uint_eq((uintptr_t)high->hva % (2 * MIB), 0); /* for large pages */
	memcpy((char *)high->hva + high->size - 4, "last", 4);
	ram_cancel(&ram);
	memory_destroy(&memory);
	host_remove();
}
END_TEST

UNIT_MAIN("ram", { rule_43_terabytes_as_far_as_addresses_go, 2 },
	  { rule_43_ram_keeps_out_of_what_amd_reserves, UNIT_COUNT(highs) },
	  { far_from_the_device, UNIT_COUNT(places) }, { pools_and_nodes_are_read, 0 },
	  { pool_is_checked_before, UNIT_COUNT(rooms) },
	  { what_cannot_be_had_is_refused, UNIT_COUNT(refused) }, { pinned_ram_has_its_pages, 2 })
