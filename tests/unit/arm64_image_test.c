/* SPDX-License-Identifier: MIT */
/*
 * firmware/linux_arm64.c: an Image as it is, packed by gzip, and in an EFI program comes out the
 * same; one with any field spoiled is refused.
 */
#include <errno.h>
#include <stdlib.h>
#include <zlib.h>

#include "boot_images.h"
#include "firmware/linux_arm64.h"
#include "unit.h"

#define IMAGE_FILE 200000u        /* more than one chunk, packed too */
#define IMAGE_RAM  (256u * 1024u) /* with its zeroed data */
#define PACKED_MAX (2 * IMAGE_FILE)
#define ZBOOT_AT   0x1000u

struct image {
	uint32_t code[2];
	uint64_t text_offset, image_size, flags, reserved[3];
	char magic[4];
	uint32_t pe_offset;
	uint8_t rest[IMAGE_FILE - 64];
};

static struct image image;
static uint8_t packed[PACKED_MAX + ZBOOT_AT];
static uint8_t ram[IMAGE_RAM];

/* Noise, so that it does not pack. */
static void make_image(void)
{
	uint32_t noise = 1;

	for (size_t i = 0; i < sizeof(image.rest); i++)
		image.rest[i] = (uint8_t)((noise = noise * 1664525 + 1013904223) >> 24);
	image.text_offset = 0x80000;
	image.image_size = IMAGE_RAM;
	image.flags = 0xa;
	memcpy(image.magic, "ARM\x64", 4);
}

static size_t pack(uint8_t *to)
{
	z_stream stream = { .next_in = (uint8_t *)&image,
			    .avail_in = sizeof(image),
			    .next_out = to,
			    .avail_out = PACKED_MAX };

	ck_assert_int_eq(deflateInit2(&stream, 1, Z_DEFLATED, 15 + 16, 8, 0), Z_OK);
	ck_assert_int_eq(deflate(&stream, Z_FINISH), Z_STREAM_END);
	deflateEnd(&stream);
	return stream.total_out;
}

/* An EFI program as Linux makes it; returns its size. */
static size_t make_zboot(const char *packer)
{
	uint32_t size = (uint32_t)pack(packed + ZBOOT_AT), at = ZBOOT_AT;

	memset(packed, 0, ZBOOT_AT);
	memcpy(packed, "MZ\0\0zimg", 8);
	memcpy(packed + 8, &at, 4);
	memcpy(packed + 12, &size, 4);
	strcpy((char *)packed + 24, packer);
	return ZBOOT_AT + size;
}

static int parse(int fd, struct kernel_file *file, struct arm64_image *parsed)
{
	struct kernel_head head;

	ck_assert_int_eq(kernel_file_init(file, fd, "Image"), 0);
	ck_assert_int_eq(kernel_file_read_head(file, &head), 0);
	return linux_arm64_parse(file, &head, parsed);
}

static int load(const void *bytes, size_t size)
{
	int fd = image_fd(bytes, size), ret;
	struct arm64_image parsed;
	struct kernel_file file;

	memset(ram, 0xee, sizeof(ram));
	ret = parse(fd, &file, &parsed);
	if (ret == 0) {
		ck_assert_uint_eq(parsed.text_offset, 0x80000);
		ck_assert_uint_eq(parsed.size, IMAGE_RAM);
		ret = linux_arm64_load(&file, &parsed, ram);
	}
	close(fd);
	return ret;
}

static void check_loaded(void)
{
	ck_assert_mem_eq(ram, &image, sizeof(image));
	for (size_t i = sizeof(image); i < sizeof(ram); i++)
		ck_assert_uint_eq(ram[i], 0);
}

static void check_refused(const void *bytes, size_t size, const char *words)
{
	struct said said;
	int ret;

	said_begin(&said);
	ret = load(bytes, size);
	said_end(&said);
	ck_assert_int_eq(ret, -ENOEXEC);
	said_check(&said, "Image", words);
}

START_TEST(plain)
{
	make_image();
	ck_assert_int_eq(load(&image, sizeof(image)), 0);
	check_loaded();
}
END_TEST

START_TEST(gzip)
{
	make_image();
	ck_assert_int_eq(load(packed, pack(packed)), 0);
	check_loaded();
}
END_TEST

/* With nothing to zero, the end of the stream is behind the last byte of the room. */
START_TEST(gzip_that_fills_its_room)
{
	struct arm64_image parsed;
	struct kernel_file file;
	int fd;

	make_image();
	image.image_size = sizeof(image);
	fd = image_fd(packed, pack(packed));
	ck_assert_int_eq(parse(fd, &file, &parsed), 0);
	ck_assert_int_eq(linux_arm64_load(&file, &parsed, ram), 0);
	ck_assert_mem_eq(ram, &image, sizeof(image));
	close(fd);
}
END_TEST

START_TEST(efi_program)
{
	make_image();
	ck_assert_int_eq(load(packed, make_zboot("gzip")), 0);
	check_loaded();
}
END_TEST

static void no_magic(void)
{
	image.magic[3] = 'x';
}

static void big_endian(void)
{
	image.flags |= 1;
}

static void no_size(void)
{
	image.image_size = 0;
}

static void huge(void)
{
	image.image_size = UINT64_MAX;
}

static void far_offset(void)
{
	image.text_offset = UINT64_MAX - 1;
}

static const struct {
	void (*spoil)(void);
	const char *words;
} spoils[] = {
	{ no_magic, "not an arm64 kernel Image" },
	{ big_endian, "big-endian" },
	{ no_size, "does not tell its size" },
	{ huge, "image_size is over 1 GiB" },
	{ far_offset, "text_offset" },
};

START_TEST(spoiled_header)
{
	make_image();
	spoils[_i].spoil();
	check_refused(&image, sizeof(image), spoils[_i].words);
	check_refused(packed, pack(packed), spoils[_i].words);
}
END_TEST

START_TEST(short_files)
{
	make_image();
	for (size_t size = 1; size < 64; size++)
		check_refused(&image, size, "is not an arm64 kernel Image");
}
END_TEST

START_TEST(gzip_cut_short)
{
	size_t size;

	make_image();
	size = pack(packed);
	check_refused(packed, size - 1, "truncated");
	check_refused(packed, size / 2, "truncated");
	check_refused(packed, 12, "truncated");
}
END_TEST

START_TEST(gzip_spoiled)
{
	size_t size;

	make_image();
	size = pack(packed);
	packed[size - 6] ^= 1; /* the checksum */
	check_refused(packed, size, "cannot be started");
	pack(packed);
	packed[2] = 0; /* the method */
	check_refused(packed, size, "cannot be started");
}
END_TEST

START_TEST(gzip_larger_than_it_says)
{
	struct arm64_image parsed;
	struct kernel_file file;
	struct said said;
	int fd, ret;

	make_image();
	image.image_size = 4096;
	fd = image_fd(packed, pack(packed));
	ck_assert_int_eq(parse(fd, &file, &parsed), 0);
	memset(ram, 0xee, sizeof(ram));
	said_begin(&said);
	ret = linux_arm64_load(&file, &parsed, ram);
	said_end(&said);
	close(fd);
	ck_assert_int_eq(ret, -ENOEXEC);
	said_check(&said, "Image", "larger than its header says");
	ck_assert_uint_eq(ram[4096], 0xee); /* nothing was written beyond what was announced */
}
END_TEST

START_TEST(efi_program_spoiled)
{
	uint32_t beyond = UINT32_MAX;
	size_t size;

	make_image();
	size = make_zboot("zstd");
	check_refused(packed, size, "packed by something else than gzip");
	size = make_zboot("gzip");
	memcpy(packed + 12, &beyond, 4);
	check_refused(packed, size, "past its end");
	size = make_zboot("gzip");
	memcpy(packed + 8, &beyond, 4);
	check_refused(packed, size, "past its end");
}
END_TEST

START_TEST(other_packers_are_named)
{
	static const char xz[64] = "\xfd"
				   "7zXZ";

	check_refused(xz, sizeof(xz), "packed with xz");
}
END_TEST

UNIT_MAIN("arm64_image", { plain, 0 }, { gzip, 0 }, { gzip_that_fills_its_room, 0 },
	  { efi_program, 0 }, { spoiled_header, UNIT_COUNT(spoils) }, { short_files, 0 },
	  { gzip_cut_short, 0 }, { gzip_spoiled, 0 }, { gzip_larger_than_it_says, 0 },
	  { efi_program_spoiled, 0 }, { other_packers_are_named, 0 })
