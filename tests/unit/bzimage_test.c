/* SPDX-License-Identifier: MIT */
/*
 * firmware/linux_bzimage.c: a good image is taken apart rightly, and one with any field spoiled
 * is refused.
 */
#include <check.h>
#include <errno.h>
#include <stdlib.h>

#include "boot_images.h"
#include "firmware/linux_bzimage.h"

static int parse(const struct bzimage *image, size_t size, struct boot_image *parsed)
{
	int fd = image_fd(image, size), ret;
	struct kernel_head head;
	struct kernel_file file;

	memset(parsed, 0, sizeof(*parsed));
	ck_assert_int_eq(kernel_file_init(&file, fd, "vmlinuz"), 0);
	ck_assert_int_eq(kernel_file_read_head(&file, &head), 0);
	ck_assert(linux_bzimage_probe(&head));
	ret = linux_bzimage_parse(&file, &head, parsed);
	close(fd);
	return ret;
}

START_TEST(good)
{
	struct bzimage image = bzimage_make();
	struct boot_image parsed;

	ck_assert_int_eq(parse(&image, sizeof(image), &parsed), 0);
	ck_assert_uint_eq(parsed.segment_count, 1);
	ck_assert_uint_eq(parsed.segments[0].offset, BZIMAGE_SETUP);
	ck_assert_uint_eq(parsed.segments[0].file_size, BZIMAGE_PAYLOAD);
	ck_assert_uint_eq(parsed.segments[0].size, BZIMAGE_PAYLOAD);
	ck_assert_uint_eq(parsed.segments[0].gpa, 16 * IMAGE_MIB);
	ck_assert_uint_eq(parsed.end, 24 * IMAGE_MIB);
	ck_assert_uint_eq(parsed.entry, 16 * IMAGE_MIB + 0x200);
	ck_assert(parsed.long_mode);
	ck_assert_uint_eq(parsed.initrd_end, 0x80000000);
	ck_assert_uint_eq(parsed.cmdline_max, 2047);
}
END_TEST

/* A setup_sects of 0 stands for 4, as it has since kernels came on floppy disks. */
START_TEST(setup_sects_zero)
{
	struct bzimage image = bzimage_make();
	struct boot_image parsed;

	image.setup.hdr.setup_sects = 0;
	image.setup.hdr.syssize = (sizeof(image) - 5 * 512) / 16;
	ck_assert_int_eq(parse(&image, sizeof(image), &parsed), 0);
	ck_assert_uint_eq(parsed.segments[0].offset, 5 * 512);
}
END_TEST

START_TEST(placed_by_alignment)
{
	struct bzimage image = bzimage_make();
	struct boot_image parsed;

	image.setup.hdr.pref_address = 16 * IMAGE_MIB + 1;
	ck_assert_int_eq(parse(&image, sizeof(image), &parsed), 0);
	ck_assert_uint_eq(parsed.segments[0].gpa, 18 * IMAGE_MIB);
	ck_assert_uint_eq(parsed.end, 26 * IMAGE_MIB);

	image.setup.hdr.relocatable_kernel = 0;
	image.setup.hdr.kernel_alignment = 0;
	ck_assert_int_eq(parse(&image, sizeof(image), &parsed), 0);
	ck_assert_uint_eq(parsed.segments[0].gpa, 16 * IMAGE_MIB + 1);
}
END_TEST

/*
 * The kernel's own claim on memory may be smaller than the file. Then the size of the file
 * decides.
 */
START_TEST(init_size_small)
{
	struct bzimage image = bzimage_make();
	struct boot_image parsed;

	image.setup.hdr.init_size = 1;
	ck_assert_int_eq(parse(&image, sizeof(image), &parsed), 0);
	ck_assert_uint_eq(parsed.end, 16 * IMAGE_MIB + BZIMAGE_PAYLOAD);
}
END_TEST

#define HDR(field) offsetof(struct setup_header, field), sizeof(((struct setup_header *)0)->field)

static const struct {
	size_t offset, size;
	uint64_t value;
	const char *words;
} spoiled[] = {
	{ HDR(boot_flag), 0xaa54, "signature" },
	{ HDR(version), 0x20b, "older than 2.12" },
	{ HDR(version), 0, "older than 2.12" },
	{ HDR(jump), 0x61eb, "cut short" },
	{ HDR(jump), 0, "cut short" },
	{ HDR(loadflags), 0, "zImage" },
	{ HDR(kernel_alignment), 0, "power of two" },
	{ HDR(kernel_alignment), 0x300000, "power of two" },
	{ HDR(pref_address), 0, "below 1 MiB" },
	{ HDR(pref_address), 0xfffff, "below 1 MiB" },
	{ HDR(pref_address), UINT64_MAX, "beyond all memory" },
	{ HDR(pref_address), ~(2 * IMAGE_MIB - 1), "beyond all memory" },
	{ HDR(syssize), 0, "no room" },
	{ HDR(syssize), 0x200 / 16, "no room" },
	{ HDR(syssize), BZIMAGE_PAYLOAD / 16 + 1, "truncated" },
	{ HDR(syssize), UINT32_MAX, "truncated" },
	{ HDR(setup_sects), 2, "truncated" },
	{ HDR(setup_sects), 255, "truncated" },
};

START_TEST(refused)
{
	struct bzimage image = bzimage_make();
	struct boot_image parsed;
	struct said said;
	int ret;

	memcpy((uint8_t *)&image.setup.hdr + spoiled[_i].offset, &spoiled[_i].value,
	       spoiled[_i].size);
	said_begin(&said);
	ret = parse(&image, sizeof(image), &parsed);
	said_end(&said);
	ck_assert_int_eq(ret, -ENOEXEC);
	said_check(&said, "vmlinuz", spoiled[_i].words);
}
END_TEST

/* A 32-bit kernel is entered at its beginning, and cannot lie above 4 GiB. */
START_TEST(entered_in_32_bits)
{
	struct bzimage image = bzimage_make();
	struct boot_image parsed = { 0 };
	struct said said;

	image.setup.hdr.xloadflags = XLF_CAN_BE_LOADED_ABOVE_4G;
	ck_assert_int_eq(parse(&image, sizeof(image), &parsed), 0);
	ck_assert(!parsed.long_mode);
	ck_assert(!parsed.pvh);
	ck_assert_uint_eq(parsed.entry, parsed.segments[0].gpa);
	image.setup.hdr.pref_address = 1ull << 32;
	said_begin(&said);
	ck_assert_int_eq(parse(&image, sizeof(image), &parsed), -ENOEXEC);
	said_end(&said);
	said_check(&said, "vmlinuz", "a 32-bit kernel");
}
END_TEST

/* The size is told in units of 16 bytes. memtest86+ ends within the last unit. */
START_TEST(last_unit_is_not_full)
{
	struct bzimage image = bzimage_make();
	struct boot_image parsed;

	ck_assert_int_eq(parse(&image, sizeof(image) - 15, &parsed), 0);
	ck_assert_uint_eq(parsed.segments[0].file_size, BZIMAGE_PAYLOAD - 15);
	ck_assert_uint_eq(parsed.segments[0].size, BZIMAGE_PAYLOAD);
}
END_TEST

START_TEST(truncated_by_one_unit)
{
	struct bzimage image = bzimage_make();
	struct boot_image parsed;
	struct said said;
	int ret;

	said_begin(&said);
	ret = parse(&image, sizeof(image) - 16, &parsed);
	said_end(&said);
	ck_assert_int_eq(ret, -ENOEXEC);
	said_check(&said, "vmlinuz", "truncated: 5104 bytes, its header announces 5120");
}
END_TEST

START_TEST(probe_needs_magic_and_length)
{
	struct bzimage image = bzimage_make();
	struct kernel_head head = { .size = sizeof(image.setup) };

	memcpy(head.bytes, &image, head.size);
	ck_assert(linux_bzimage_probe(&head));
	head.size = 0x1f1 + sizeof(struct setup_header) - 1;
	ck_assert(!linux_bzimage_probe(&head));
	head.size = sizeof(image.setup);
	head.bytes[0x202] ^= 1;
	ck_assert(!linux_bzimage_probe(&head));
}
END_TEST

static struct boot_info some_info(void)
{
	return (struct boot_info){
		.cmdline = 0x20000,
		.initrd = { 0x3000000, 12345 },
		.rsdp = 0xe0000,
		.map = { { { 0, 0xa0000 }, true },
			 { { 0xa0000, 0x60000 }, false },
			 { { 0x100000000, 0x40000000 }, true } },
		.map_count = 3,
	};
}

START_TEST(describes)
{
	struct bzimage image = bzimage_make();
	struct kernel_head head = { .size = sizeof(image.setup) };
	struct boot_info info = some_info();
	struct boot_params params;

	memcpy(head.bytes, &image, head.size);
	memset(&params, 0xee, sizeof(params)); /* a page used before */
	linux_bzimage_describe(&head, &info, &params);

	ck_assert_uint_eq(params.sentinel, 0);
	ck_assert_uint_eq(params.screen_info.orig_video_lines, 0);
	ck_assert_uint_eq(params.acpi_rsdp_addr, 0xe0000);
	ck_assert_uint_eq(params.hdr.header, 0x53726448);
	ck_assert_uint_eq(params.hdr.init_size, 8 * IMAGE_MIB);
	ck_assert_uint_eq(params.hdr.type_of_loader, 0xff);
	ck_assert_uint_eq(params.hdr.cmd_line_ptr, 0x20000);
	ck_assert_uint_eq(params.hdr.ramdisk_image, 0x3000000);
	ck_assert_uint_eq(params.hdr.ramdisk_size, 12345);
	ck_assert_uint_eq(params._pad7[0], 0);
	ck_assert_uint_eq(params.e820_entries, 3);
	ck_assert_uint_eq(params.e820_table[1].addr, 0xa0000);
	ck_assert_uint_eq(params.e820_table[1].size, 0x60000);
	ck_assert_uint_eq(params.e820_table[1].type, 2);
	ck_assert_uint_eq(params.e820_table[2].addr, 0x100000000);
	ck_assert_uint_eq(params.e820_table[2].type, 1);
	ck_assert_uint_eq(params.e820_table[3].type, 0);
}
END_TEST

/* Nothing behind the end that the image gives its header may reach boot_params. */
START_TEST(describes_short_header)
{
	struct bzimage image = bzimage_make();
	struct kernel_head head = { .size = sizeof(image.setup) };
	struct boot_info info = some_info();
	struct boot_params params;

	image.setup.hdr.jump = 0x62eb; /* ends with init_size */
	image.setup.hdr.kernel_info_offset = 0x12345678;
	memcpy(head.bytes, &image, head.size);
	linux_bzimage_describe(&head, &info, &params);
	ck_assert_uint_eq(params.hdr.init_size, 8 * IMAGE_MIB);
	ck_assert_uint_eq(params.hdr.kernel_info_offset, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("bzimage");
	TCase *tcase = tcase_create("bzimage");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tcase, good);
	tcase_add_test(tcase, setup_sects_zero);
	tcase_add_test(tcase, placed_by_alignment);
	tcase_add_test(tcase, init_size_small);
	tcase_add_loop_test(tcase, refused, 0, sizeof(spoiled) / sizeof(spoiled[0]));
	tcase_add_test(tcase, last_unit_is_not_full);
	tcase_add_test(tcase, entered_in_32_bits);
	tcase_add_test(tcase, truncated_by_one_unit);
	tcase_add_test(tcase, probe_needs_magic_and_length);
	tcase_add_test(tcase, describes);
	tcase_add_test(tcase, describes_short_header);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
