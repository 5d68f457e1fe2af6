/* SPDX-License-Identifier: MIT */
/*
 * boot_load() as a whole, on real guest RAM. The tests look where things end up, what the guest
 * is told, and what is said about files that are no kernel, or too big.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>

#include "boot_images.h"
#include "firmware/boot.h"
#include "firmware/linux_x86.h"
#include "firmware/kernel_file.h"
#include "plain_ram.h"

#define KERNEL_END (24 * IMAGE_MIB) /* of the image that bzimage_make() makes */

static struct memory memory;
static struct boot_config config;
static struct arch_entry entry;

static void setup(void)
{
	memory_init(&memory);
	config = (struct boot_config){
		.kernel_fd = -1,
		.kernel_name = "vmlinuz",
		.initrd_fd = -1,
		.initrd_name = "initrd.img",
		.cmdline = "console=ttyS0 quiet",
		.cpus = 2,
	};
	memset(&entry, 0xee, sizeof(entry));
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void teardown(void)
{
	close_fd(&config.kernel_fd);
	close_fd(&config.initrd_fd);
	memory_destroy(&memory);
}

static void add_ram(uint64_t gpa, uint64_t size)
{
	ck_assert_int_eq(plain_ram_add(&memory, gpa, size), 0);
}

static void *ram(uint64_t gpa, uint64_t size)
{
	void *hva = memory_ram_ptr(&memory, gpa, size);

	ck_assert_msg(hva != NULL, "%" PRIx64 " is not RAM", gpa);
	return hva;
}

static void use_bzimage(const struct bzimage *image)
{
	close_fd(&config.kernel_fd);
	config.kernel_fd = image_fd(image, sizeof(*image));
}

static void use_default_bzimage(void)
{
	struct bzimage image = bzimage_make();

	use_bzimage(&image);
}

/* Make an initrd of this size, with something at its end. */
static void use_initrd(uint64_t size)
{
	close_fd(&config.initrd_fd);
	config.initrd_fd = memfd_create("initrd", MFD_CLOEXEC);
	ck_assert_int_eq(ftruncate(config.initrd_fd, size), 0);
	ck_assert_int_eq(pwrite(config.initrd_fd, "begin", 5, 0), 5);
	ck_assert_int_eq(pwrite(config.initrd_fd, "end", 3, size - 3), 3);
}

static void check_refused(int error, const char *object, const char *words)
{
	struct said said;
	int ret;

	said_begin(&said);
	ret = boot_load(&config, &memory, &entry);
	said_end(&said);
	ck_assert_int_eq(ret, error);
	said_check(&said, object, words);
}

/* Translate an address by the page tables, by the rules of 4-level paging. */
static uint64_t translate(uint64_t va)
{
	uint64_t table = entry.page_table, pte = 0;

	for (int shift = 39; shift >= 21; shift -= 9) {
		uint64_t *entries = ram(table, 4096);

		pte = entries[va >> shift & 511];
		ck_assert_uint_eq(pte & 3, 3);
		table = pte & ~0xfffull;
	}
	ck_assert(pte & 0x80);
	return (pte & ~0x1fffffull) | (va & 0x1fffff);
}

static void check_mapped(void)
{
	static const uint64_t addresses[] = { 0,          BOOT_PARAMS, 16 * IMAGE_MIB + 0x200,
					      0xbfffffff, 0xfee00000,  UINT32_MAX };

	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++)
		ck_assert_uint_eq(translate(addresses[i]), addresses[i]);
}

START_TEST(bzimage_in_64_mib)
{
	struct bzimage image = bzimage_make();
	struct boot_params *params;
	uint64_t *gdt;

	add_ram(0, 64 * IMAGE_MIB);
	use_bzimage(&image);
	use_initrd(5000);
	ck_assert_int_eq(boot_load(&config, &memory, &entry), 0);
	ck_assert(entry.long_mode);
	ck_assert_uint_eq(entry.pc, 16 * IMAGE_MIB + 0x200);
	ck_assert_int_eq(
		memcmp(ram(16 * IMAGE_MIB, BZIMAGE_PAYLOAD), image.payload, BZIMAGE_PAYLOAD), 0);
	check_mapped();

	gdt = ram(entry.gdt, 32);
	ck_assert_uint_eq(gdt[2] >> 40 & 0xfb, 0x9b); /* code: present, accessed, readable */
	ck_assert_uint_eq(gdt[2] >> 53 & 3, 1);       /* 64-bit */
	ck_assert_uint_eq(gdt[3] >> 40 & 0xfb, 0x93);

	params = ram(entry.arg, sizeof(*params));
	ck_assert_str_eq(ram(params->hdr.cmd_line_ptr, 100), config.cmdline);
	ck_assert_uint_eq(params->hdr.ramdisk_image, 64 * IMAGE_MIB - 8192);
	ck_assert_uint_eq(params->hdr.ramdisk_size, 5000);
	ck_assert_int_eq(memcmp(ram(params->hdr.ramdisk_image, 5), "begin", 5), 0);
	ck_assert_int_eq(memcmp(ram(params->hdr.ramdisk_image + 4997, 3), "end", 3), 0);
	ck_assert_int_eq(memcmp(ram(params->acpi_rsdp_addr, 8), "RSD PTR ", 8), 0);
}
END_TEST

static void check_map_entry(const struct boot_params *params, unsigned int i, uint64_t base,
			    uint64_t size, uint32_t type)
{
	ck_assert_uint_lt(i, params->e820_entries);
	ck_assert_uint_eq(params->e820_table[i].addr, base);
	ck_assert_uint_eq(params->e820_table[i].size, size);
	ck_assert_uint_eq(params->e820_table[i].type, type);
}

START_TEST(ram_above_4_gib)
{
	struct boot_params *params;

	add_ram(0, 3ull << 30);
	add_ram(1ull << 32, 5ull << 30);
	use_default_bzimage();
	use_initrd(IMAGE_MIB);
	ck_assert_int_eq(boot_load(&config, &memory, &entry), 0);
	params = ram(entry.arg, sizeof(*params));
	ck_assert_uint_eq(params->e820_entries, 5);
	check_map_entry(params, 0, 0, 0xa0000, 1);
	check_map_entry(params, 1, 0xa0000, 0x60000, 2);
	check_map_entry(params, 2, 0x100000, (3ull << 30) - 0x100000, 1);
	check_map_entry(params, 3, 1ull << 32, 5ull << 30, 1);
	check_map_entry(params, 4, arch_layout.ecam.base, arch_layout.ecam.size, 2);
	/* The initrd is below initrd_addr_max, not at the end of RAM. */
	ck_assert_uint_eq(params->hdr.ramdisk_image, (2ull << 30) - IMAGE_MIB);
}
END_TEST

/* A BAR that is mapped is no RAM for the guest's kernel. */
START_TEST(device_memory_left_out)
{
	struct memory_region bar = {
		.gpa = 0xc0000000, .size = 4096, .fd = -1, .kind = MEMORY_DEVICE
	};
	struct boot_params *params;

	bar.hva = mmap(NULL, bar.size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(bar.hva, MAP_FAILED);
	add_ram(0, 64 * IMAGE_MIB);
	ck_assert_int_eq(memory_add_region(&memory, &bar), 0);
	use_default_bzimage();
	ck_assert_int_eq(boot_load(&config, &memory, &entry), 0);
	params = ram(entry.arg, sizeof(*params));
	ck_assert_uint_eq(params->e820_entries, 4);
	ck_assert_uint_eq(params->hdr.ramdisk_size, 0);
	munmap(bar.hva, bar.size);
}
END_TEST

/* By the 32-bit protocol the kernel has the same page, 32-bit segments, and no page tables. */
START_TEST(bzimage_of_32_bits)
{
	struct bzimage image = bzimage_make();
	struct boot_params *params;
	uint64_t *gdt;

	image.setup.hdr.xloadflags = 0;
	add_ram(0, 64 * IMAGE_MIB);
	use_bzimage(&image);
	ck_assert_int_eq(boot_load(&config, &memory, &entry), 0);
	ck_assert(!entry.long_mode && !entry.pvh);
	ck_assert_uint_eq(entry.pc, 16 * IMAGE_MIB);
	ck_assert_uint_eq(entry.page_table, 0);
	params = ram(entry.arg, sizeof(*params));
	ck_assert_uint_eq(params->hdr.type_of_loader, 0xff);
	gdt = ram(entry.gdt, 32);
	ck_assert_uint_eq(gdt[2], 0x00cf9b000000ffff);
	ck_assert_uint_eq(gdt[3], 0x00cf93000000ffff);
}
END_TEST

START_TEST(vmlinux)
{
	struct vmlinux image = vmlinux_make();
	uint8_t *data;
	uint32_t *info;

	add_ram(0, 64 * IMAGE_MIB);
	data = ram(VMLINUX_DATA_AT, VMLINUX_DATA + VMLINUX_BSS + 1);
	memset(data, 0xee, VMLINUX_DATA + VMLINUX_BSS + 1);
	config.kernel_fd = image_fd(&image, sizeof(image));
	use_initrd(4096);
	ck_assert_int_eq(boot_load(&config, &memory, &entry), 0);
	ck_assert(!entry.long_mode && entry.pvh);
	ck_assert_uint_eq(entry.pc, VMLINUX_ENTRY);
	ck_assert_uint_eq(entry.gdt, 0);
	ck_assert_int_eq(memcmp(ram(0x1000000, VMLINUX_TEXT), image.text, VMLINUX_TEXT), 0);
	ck_assert_int_eq(memcmp(data, image.data, VMLINUX_DATA), 0);
	for (size_t i = 0; i < VMLINUX_BSS; i++)
		ck_assert_uint_eq(data[VMLINUX_DATA + i], 0);
	ck_assert_uint_eq(data[VMLINUX_DATA + VMLINUX_BSS], 0xee);
	info = ram(entry.arg, 56);
	ck_assert_uint_eq(info[0], 0x336ec578);
	ck_assert_uint_eq(info[3], 1);
	ck_assert_str_eq(ram(info[6], 100), config.cmdline);
}
END_TEST

/* After a reset the guest must find what it found the first time, whatever it did to its RAM. */
START_TEST(loads_again)
{
	static uint8_t first[IMAGE_MIB];
	uint8_t *low;

	add_ram(0, 64 * IMAGE_MIB);
	use_default_bzimage();
	low = ram(0, sizeof(first));
	ck_assert_int_eq(boot_load(&config, &memory, &entry), 0);
	memcpy(first, low, sizeof(first));
	memset(low, 0xee, 64 * IMAGE_MIB);
	ck_assert_int_eq(boot_load(&config, &memory, &entry), 0);
	ck_assert_int_eq(memcmp(first + BOOT_PARAMS, low + BOOT_PARAMS, BOOT_PARAMS_SIZE), 0);
	ck_assert_int_eq(memcmp(first + BOOT_PAGE_TABLE, low + BOOT_PAGE_TABLE, 6 * 4096), 0);
	ck_assert_int_eq(memcmp(first + BOOT_GDT, low + BOOT_GDT, 32), 0);
	ck_assert_str_eq((char *)low + BOOT_CMDLINE, config.cmdline);
	for (size_t i = BOOT_ACPI; i < sizeof(first); i++)
		ck_assert(low[i] == first[i] || (low[i] == 0xee && first[i] == 0));
}
END_TEST

/* Only what is needed is touched, because RAM that nobody wrote costs the host nothing. */
START_TEST(touches_little_ram)
{
	const size_t pages = 64 * IMAGE_MIB / 4096;
	unsigned char *resident = malloc(pages);
	size_t count = 0;
	uint8_t *low;

	add_ram(0, 64 * IMAGE_MIB);
	low = ram(0, 64 * IMAGE_MIB);
	ck_assert_int_eq(madvise(low, 64 * IMAGE_MIB, MADV_NOHUGEPAGE), 0);
	use_default_bzimage();
	ck_assert_int_eq(boot_load(&config, &memory, &entry), 0);
	ck_assert_int_eq(mincore(low, 64 * IMAGE_MIB, resident), 0);
	for (size_t i = 0; i < pages; i++)
		count += resident[i] & 1;
	/*
	 * These are the GDT, the parameters, six page tables, the command line, ACPI's tables,
	 * the reset vector and the kernel.
	 */
	ck_assert_uint_eq(count, 1 + 1 + 6 + 1 + 1 + 1 + BZIMAGE_PAYLOAD / 4096);
	free(resident);
}
END_TEST

START_TEST(kernel_too_big)
{
	struct bzimage image = bzimage_make();

	add_ram(0, 64 * IMAGE_MIB);
	image.setup.hdr.init_size = 48 * IMAGE_MIB;
	use_bzimage(&image);
	ck_assert_int_eq(boot_load(&config, &memory, &entry), 0);
	image.setup.hdr.init_size++;
	use_bzimage(&image);
	check_refused(-ENOMEM, "vmlinuz", "  fix: --memory 128M\n");
	image.setup.hdr.pref_address = 1ull << 40; /* no amount of memory mends that */
	use_bzimage(&image);
	check_refused(-ENOMEM, "vmlinuz", "the guest has 64\n");
}
END_TEST

START_TEST(segment_beyond_ram)
{
	struct vmlinux image = vmlinux_make();

	add_ram(0, 64 * IMAGE_MIB);
	image.phdrs[1].p_paddr = 64 * IMAGE_MIB - VMLINUX_DATA;
	config.kernel_fd = image_fd(&image, sizeof(image));
	check_refused(-ENOMEM, "vmlinuz", "does not fit");
}
END_TEST

START_TEST(initrd_too_big)
{
	add_ram(0, 64 * IMAGE_MIB);
	use_default_bzimage();
	use_initrd(64 * IMAGE_MIB - KERNEL_END);
	ck_assert_int_eq(boot_load(&config, &memory, &entry), 0);
	use_initrd(64 * IMAGE_MIB - KERNEL_END + 1);
	check_refused(-ENOMEM, "initrd.img", "  fix: --memory ");
}
END_TEST

START_TEST(initrd_above_what_the_kernel_takes)
{
	struct bzimage image = bzimage_make();

	add_ram(0, 64 * IMAGE_MIB);
	image.setup.hdr.initrd_addr_max = 32 * IMAGE_MIB - 1;
	use_bzimage(&image);
	use_initrd(8 * IMAGE_MIB);
	ck_assert_int_eq(boot_load(&config, &memory, &entry), 0);
	use_initrd(8 * IMAGE_MIB + 1);
	check_refused(-EFBIG, "initrd.img", "only below 32 MiB");
	image.setup.hdr.initrd_addr_max = 0;
	use_bzimage(&image);
	check_refused(-EFBIG, "initrd.img", "is too big");
}
END_TEST

START_TEST(initrd_empty)
{
	add_ram(0, 64 * IMAGE_MIB);
	use_default_bzimage();
	config.initrd_fd = memfd_create("empty", MFD_CLOEXEC);
	check_refused(-ENODATA, "initrd.img", "is empty");
}
END_TEST

START_TEST(cmdline_too_long)
{
	static char text[BOOT_CMDLINE_SIZE + 1];
	struct bzimage image = bzimage_make();

	add_ram(0, 64 * IMAGE_MIB);
	use_default_bzimage();
	config.cmdline = text;
	memset(text, 'x', 2047);
	ck_assert_int_eq(boot_load(&config, &memory, &entry), 0);
	text[2047] = 'x';
	check_refused(-E2BIG, "kernel command line",
		      "2048 characters, and the kernel takes at most 2047");

	/* The kernel may promise to take a longer command line than there is room for. */
	image.setup.hdr.cmdline_size = UINT32_MAX;
	use_bzimage(&image);
	memset(text, 'x', BOOT_CMDLINE_SIZE - 1);
	ck_assert_int_eq(boot_load(&config, &memory, &entry), 0);
	text[BOOT_CMDLINE_SIZE - 1] = 'x';
	check_refused(-E2BIG, "kernel command line",
		      "65536 characters, and the kernel takes at most 65535");
}
END_TEST

static const struct {
	const char *bytes;
	size_t size;
	int error;
	const char *words;
} not_kernels[] = {
	{ "", 0, -ENODATA, "is empty" },
	{ "\n", 1, -ENOEXEC, "is not a bzImage or an ELF vmlinux (1 bytes)" },
	{ "\x7f"
	  "ELF",
	  4, -ENOEXEC, "is not a bzImage or an ELF vmlinux" },
	{ "#!/bin/sh\n", 10, -ENOEXEC, "is not a bzImage or an ELF vmlinux" },
	{ "\x1f\x8b\x08\x00", 4, -ENOEXEC,
	  "packed with gzip\n  fix: gzip -dc vmlinuz > vmlinux\n" },
	{ "\xfd"
	  "7zXZ\0",
	  6, -ENOEXEC, "packed with xz\n  fix: xz -dc" },
	{ "BZh9", 4, -ENOEXEC, "packed with bzip2" },
	{ "\x28\xb5\x2f\xfd", 4, -ENOEXEC, "packed with zstd" },
	{ "\x02\x21\x4c\x18", 4, -ENOEXEC, "packed with lz4" },
};

START_TEST(not_a_kernel)
{
	add_ram(0, 64 * IMAGE_MIB);
	config.kernel_fd = image_fd(not_kernels[_i].bytes, not_kernels[_i].size);
	check_refused(not_kernels[_i].error, "vmlinuz", not_kernels[_i].words);
}
END_TEST

START_TEST(not_a_file)
{
	add_ram(0, 64 * IMAGE_MIB);
	check_refused(-EBADF, "vmlinuz", "Bad file descriptor");
	config.kernel_fd = open("/", O_RDONLY | O_DIRECTORY);
	check_refused(-EISDIR, "vmlinuz", "is a directory");
	close_fd(&config.kernel_fd);
	config.kernel_fd = open("/dev/zero", O_RDONLY);
	check_refused(-EINVAL, "vmlinuz", "is not a regular file");
	close_fd(&config.kernel_fd);
	config.kernel_fd = open("/proc/self/exe", O_WRONLY | O_PATH);
	check_refused(-EBADF, "vmlinuz", "pread");
}
END_TEST

START_TEST(file_shrinks)
{
	int fd = image_fd("0123456789", 10);
	struct kernel_file file;
	char bytes[10];
	struct said said;

	ck_assert_int_eq(kernel_file_init(&file, fd, "vmlinuz"), 0);
	ck_assert_int_eq(kernel_file_read(&file, 2, bytes, 8), 0);
	ck_assert_int_eq(memcmp(bytes, "23456789", 8), 0);
	ck_assert_int_eq(ftruncate(fd, 7), 0);
	said_begin(&said);
	ck_assert_int_eq(kernel_file_read(&file, 2, bytes, 8), -EIO);
	said_end(&said);
	said_check(&said, "vmlinuz", "ends at byte 7");
	close(fd);
}
END_TEST

START_TEST(no_ram_at_zero)
{
	use_default_bzimage();
	check_refused(-ENOMEM, "guest RAM", "address 0");
	add_ram(1ull << 32, 64 * IMAGE_MIB);
	check_refused(-ENOMEM, "guest RAM", "address 0");
	add_ram(0, IMAGE_MIB);
	check_refused(-ENOMEM, "guest RAM", "more than 1 MiB");
}
END_TEST

START_TEST(too_many_ranges)
{
	add_ram(0, 64 * IMAGE_MIB);
	for (uint64_t i = 0; i < BOOT_MAP_MAX - 4; i++)
		add_ram((1ull << 32) + i * 8192, 4096);
	use_default_bzimage();
	ck_assert_int_eq(boot_load(&config, &memory, &entry), 0);
	add_ram(2ull << 32, 4096);
	check_refused(-E2BIG, "memory map", "no more than 128");
}
END_TEST

START_TEST(too_many_cpus)
{
	add_ram(0, 64 * IMAGE_MIB);
	use_default_bzimage();
	config.cpus = 100000;
	check_refused(-ENOSPC, "ACPI", "100000 CPUs");
}
END_TEST

START_TEST(no_device_tree)
{
	add_ram(0, 64 * IMAGE_MIB);
	use_default_bzimage();
	config.dtb_name = "/tmp/tree";
	check_refused(-ENOTSUP, "--dump-dtb", "ACPI tables describe it");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("boot");
	TCase *tcase = tcase_create("boot");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, bzimage_in_64_mib);
	tcase_add_test(tcase, ram_above_4_gib);
	tcase_add_test(tcase, device_memory_left_out);
	tcase_add_test(tcase, vmlinux);
	tcase_add_test(tcase, bzimage_of_32_bits);
	tcase_add_test(tcase, loads_again);
	tcase_add_test(tcase, touches_little_ram);
	tcase_add_test(tcase, kernel_too_big);
	tcase_add_test(tcase, segment_beyond_ram);
	tcase_add_test(tcase, initrd_too_big);
	tcase_add_test(tcase, initrd_above_what_the_kernel_takes);
	tcase_add_test(tcase, initrd_empty);
	tcase_add_test(tcase, cmdline_too_long);
	tcase_add_loop_test(tcase, not_a_kernel, 0, sizeof(not_kernels) / sizeof(not_kernels[0]));
	tcase_add_test(tcase, not_a_file);
	tcase_add_test(tcase, file_shrinks);
	tcase_add_test(tcase, no_ram_at_zero);
	tcase_add_test(tcase, too_many_ranges);
	tcase_add_test(tcase, too_many_cpus);
	tcase_add_test(tcase, no_device_tree);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
