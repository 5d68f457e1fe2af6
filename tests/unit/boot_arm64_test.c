/* SPDX-License-Identifier: MIT */
/*
 * firmware/boot_arm64.c, whose boot_load() is called boot_load_arm64() here. The tests look where
 * kernel, initrd and device tree end up, twice, and what is said when they do not fit.
 */
#include <errno.h>
#include <inttypes.h>
#include <libfdt.h>
#include <stdlib.h>

#include "boot_images.h"
#include "firmware/boot.h"
#include "plain_ram.h"
#include "unit.h"

#define RAM_BASE   0x40000000ull
#define RAM_SIZE   (64 * IMAGE_MIB)
#define IMAGE_RAM  (8 * IMAGE_MIB)
#define IMAGE_FILE 4096u

int boot_load_arm64(const struct boot_config *config, struct memory *memory,
		    struct arch_entry *entry);
int boot_load_firmware_arm64(const struct boot_config *config, struct memory *memory,
			     struct arch_entry *entry);
int boot_find_release_arm64(const struct boot_config *config, char release[KERNEL_RELEASE_MAX],
			    bool *found);

static struct memory memory;
static struct boot_config config;
static struct arch_entry entry;

struct image {
	uint32_t code[2];
	uint64_t text_offset, image_size, flags, reserved[3];
	char magic[4];
	uint32_t pe_offset;
	uint8_t rest[IMAGE_FILE - 64];
};

static void begin(uint64_t ram, uint64_t image_size)
{
	struct image image = { .code = { 0xd503201f },
			       .image_size = image_size,
			       .magic = { 'A', 'R', 'M', 0x64 } };

	memset(image.rest, 0xda, sizeof(image.rest));
	memory_init(&memory);
	ck_assert_int_eq(plain_ram_add(&memory, RAM_BASE, ram), 0);
	memset(memory_ram_ptr(&memory, RAM_BASE, ram), 0xee, ram); /* what the last guest left */
	config = (struct boot_config){
		.kernel_fd = image_fd(&image, sizeof(image)),
		.kernel_name = "Image",
		.initrd_fd = -1,
		.initrd_name = "initrd.img",
		.cmdline = "console=ttyS0",
		.cpus = 2,
	};
}

static void use_initrd(uint64_t size)
{
	config.initrd_fd = memfd_create("initrd", MFD_CLOEXEC);
	ck_assert_int_eq(ftruncate(config.initrd_fd, (off_t)size), 0);
	ck_assert_int_eq(pwrite(config.initrd_fd, "end", 3, (off_t)size - 3), 3);
}

static void end(void)
{
	close(config.kernel_fd);
	if (config.initrd_fd >= 0)
		close(config.initrd_fd);
	memory_destroy(&memory);
}

static void check_refused(int error, const char *object, const char *words)
{
	struct said said;
	int ret;

	said_begin(&said);
	ret = boot_load_arm64(&config, &memory, &entry);
	said_end(&said);
	ck_assert_int_eq(ret, error);
	said_check(&said, object, words);
}

static uint64_t chosen(const void *tree, const char *name)
{
	const void *value = fdt_getprop(tree, fdt_path_offset(tree, "/chosen"), name, NULL);

	ck_assert_ptr_nonnull(value);
	return fdt64_ld(value);
}

/*
 * The kernel comes first, with its zeroed data behind it. The tree is in the last 2 MiB, and the
 * initrd just below it.
 */
START_TEST(places)
{
	begin(RAM_SIZE, IMAGE_RAM);
	use_initrd(5000);
	for (int boot = 0; boot < 2; boot++) {
		const uint8_t *kernel = memory_ram_ptr(&memory, RAM_BASE, IMAGE_RAM);
		const char *initrd;
		const void *tree;

		ck_assert_int_eq(boot_load_arm64(&config, &memory, &entry), 0);
		ck_assert_uint_eq(entry.pc, RAM_BASE);
		ck_assert_uint_eq(kernel[IMAGE_FILE - 1], 0xda);
		ck_assert_uint_eq(kernel[IMAGE_FILE], 0);
		ck_assert_uint_eq(kernel[IMAGE_RAM - 1], 0);
		ck_assert_uint_eq(entry.arg, RAM_BASE + RAM_SIZE - 2 * IMAGE_MIB);
		tree = memory_ram_ptr(&memory, entry.arg, 4096);
		ck_assert_int_eq(fdt_check_full(tree, 2 * IMAGE_MIB), 0);
		ck_assert_uint_eq(chosen(tree, "linux,initrd-start"), entry.arg - 8192);
		ck_assert_uint_eq(chosen(tree, "linux,initrd-end"), entry.arg - 8192 + 5000);
		initrd = memory_ram_ptr(&memory, entry.arg - 8192, 5000);
		ck_assert_mem_eq(initrd + 4997, "end", 3);
		memset(memory_ram_ptr(&memory, RAM_BASE, RAM_SIZE), 0xee, RAM_SIZE);
	}
	end();
}
END_TEST

/* Firmware starts in its flash and finds the tree at the beginning of RAM, also after a reset. */
START_TEST(firmware_finds_the_tree_first)
{
	begin(RAM_SIZE, IMAGE_RAM);
	config.flash[0] = (struct arch_range){ 0x1000, 0x200000 };
	config.flash[1] = (struct arch_range){ 0x4000000, 0x4000000 };
	for (int boot = 0; boot < 2; boot++) {
		const void *tree = memory_ram_ptr(&memory, RAM_BASE, 4096);

		ck_assert_int_eq(boot_load_firmware_arm64(&config, &memory, &entry), 0);
		ck_assert(entry.power_on);
		ck_assert_uint_eq(entry.pc, 0x1000);
		ck_assert_int_eq(fdt_check_full(tree, 2 * IMAGE_MIB), 0);
		ck_assert_int_ge(fdt_path_offset(tree, "/flash@1000"), 0);
		memset(memory_ram_ptr(&memory, RAM_BASE, RAM_SIZE), 0xee, RAM_SIZE);
	}
	end();
}
END_TEST

/* Each guest gets random bytes of its own. */
START_TEST(seeds_differ)
{
	uint64_t first;

	begin(RAM_SIZE, IMAGE_RAM);
	ck_assert_int_eq(boot_load_arm64(&config, &memory, &entry), 0);
	first = chosen(memory_ram_ptr(&memory, entry.arg, 4096), "kaslr-seed");
	ck_assert_int_eq(boot_load_arm64(&config, &memory, &entry), 0);
	ck_assert_uint_ne(first, chosen(memory_ram_ptr(&memory, entry.arg, 4096), "kaslr-seed"));
	end();
}
END_TEST

START_TEST(copy_of_the_tree)
{
	char name[] = "/tmp/boot_arm64_test.XXXXXX", copy[65536];
	int fd = mkstemp(name);
	const void *tree;

	begin(RAM_SIZE, IMAGE_RAM);
	config.dtb_name = name;
	ck_assert_int_eq(boot_load_arm64(&config, &memory, &entry), 0);
	tree = memory_ram_ptr(&memory, entry.arg, 4096);
	ck_assert_int_eq(read(fd, copy, sizeof(copy)), fdt_totalsize(tree));
	ck_assert_mem_eq(copy, tree, fdt_totalsize(tree));
	close(fd);
	unlink(name);
	config.dtb_name = "/tmp/no such folder/tree";
	check_refused(-ENOENT, config.dtb_name, "open for the device tree");
	end();
}
END_TEST

START_TEST(kernel_too_big)
{
	begin(RAM_SIZE, RAM_SIZE - 3 * IMAGE_MIB);
	check_refused(-ENOMEM, "Image", "does not fit: needs 66 MiB of RAM, the guest has 64");
	end();
}
END_TEST

START_TEST(initrd_too_big)
{
	begin(RAM_SIZE, IMAGE_RAM);
	use_initrd(RAM_SIZE - IMAGE_RAM - 2 * IMAGE_MIB);
	ck_assert_int_eq(boot_load_arm64(&config, &memory, &entry), 0);
	close(config.initrd_fd);
	use_initrd(RAM_SIZE - IMAGE_RAM - 2 * IMAGE_MIB + 1);
	check_refused(-ENOMEM, "initrd.img", "does not fit");
	close(config.initrd_fd);
	use_initrd(1ull << 40);
	check_refused(-ENOMEM, "initrd.img", "does not fit");
	end();
}
END_TEST

START_TEST(cmdline_too_long)
{
	static char words[4096];

	begin(RAM_SIZE, IMAGE_RAM);
	config.cmdline = words;
	memset(words, 'x', 2047);
	ck_assert_int_eq(boot_load_arm64(&config, &memory, &entry), 0);
	words[2047] = 'x';
	check_refused(-E2BIG, "kernel command line", "2048 characters");
	end();
}
END_TEST

START_TEST(no_ram)
{
	begin(RAM_SIZE, IMAGE_RAM);
	memory_del_region(&memory, RAM_BASE);
	check_refused(-ENOMEM, "guest RAM", "describe it");
	end();
}
END_TEST

/* Where the modules are. What is no kernel is refused as boot_load() would refuse it. */
START_TEST(release)
{
	static const char greeting[] = "Linux version 6.1.0-56-arm64 (gcc)";
	char text[KERNEL_RELEASE_MAX] = "untouched";
	struct said said;
	bool found;
	int ret;

	begin(RAM_SIZE, IMAGE_RAM);
	ck_assert_int_eq(boot_find_release_arm64(&config, text, &found), 0);
	ck_assert(!found);
	ck_assert_str_eq(text, "untouched");
	ck_assert_int_eq(pwrite(config.kernel_fd, greeting, sizeof(greeting), 200),
			 sizeof(greeting));
	ck_assert_int_eq(boot_find_release_arm64(&config, text, &found), 0);
	ck_assert(found);
	ck_assert_str_eq(text, "6.1.0-56-arm64");
	ck_assert_int_eq(ftruncate(config.kernel_fd, 60), 0);
	said_begin(&said);
	ret = boot_find_release_arm64(&config, text, &found);
	said_end(&said);
	ck_assert_int_eq(ret, -ENOEXEC);
	ck_assert(!found);
	said_check(&said, "Image", "is not an arm64 kernel Image");
	end();
}
END_TEST

UNIT_MAIN("boot_arm64", { release, 0 }, { firmware_finds_the_tree_first, 0 }, { places, 0 },
	  { seeds_differ, 0 }, { copy_of_the_tree, 0 }, { kernel_too_big, 0 },
	  { initrd_too_big, 0 }, { cmdline_too_long, 0 }, { no_ram, 0 })
