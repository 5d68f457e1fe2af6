/* SPDX-License-Identifier: MIT */
/*
 * firmware/linux_arm64.c and unpack.c. An Image as it is, packed, or in an EFI program comes out
 * the same, and one with any field spoiled is refused.
 */
#include <errno.h>
#include <lz4.h>
#include <lzma.h>
#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

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

/* The bytes are noise, so that packing does not make them fewer. */
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

static size_t pack_gzip(uint8_t *to)
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

static size_t pack_xz(uint8_t *to)
{
	size_t size = 0;

	ck_assert_int_eq(lzma_easy_buffer_encode(1, LZMA_CHECK_CRC32, NULL, (uint8_t *)&image,
						 sizeof(image), to, &size, PACKED_MAX),
			 LZMA_OK);
	return size;
}

/*
 * Change the file as if it had been packed with a larger dictionary, by its code in the .xz
 * format: 30 is 128 MiB, 34 is 512 MiB. The header of the only block begins at byte 12 with its
 * size. It holds the filter's number, the size of its properties, and the code. Its last four
 * bytes are its checksum.
 */
static size_t pack_xz_as(uint8_t *to, uint8_t dictionary)
{
	static const uint8_t filter[] = { LZMA_FILTER_LZMA2, 1 };
	uint8_t *block = to + 12, *found;
	size_t size = pack_xz(to), header = (block[0] + 1u) * 4;
	uint32_t crc;

	found = memmem(block, header, filter, sizeof(filter));
	ck_assert_ptr_nonnull(found);
	found[sizeof(filter)] = dictionary;
	crc = lzma_crc32(block, header - 4, 0);
	memcpy(block + header - 4, &crc, sizeof(crc));
	return size;
}

static size_t pack_lzma(uint8_t *to)
{
	lzma_stream stream = LZMA_STREAM_INIT;
	lzma_options_lzma options;

	lzma_lzma_preset(&options, 1);
	ck_assert_int_eq(lzma_alone_encoder(&stream, &options), LZMA_OK);
	stream.next_in = (uint8_t *)&image;
	stream.avail_in = sizeof(image);
	stream.next_out = to;
	stream.avail_out = PACKED_MAX;
	ck_assert_int_eq(lzma_code(&stream, LZMA_FINISH), LZMA_STREAM_END);
	lzma_end(&stream);
	return stream.total_out;
}

static size_t pack_zstd(uint8_t *to)
{
	size_t size = ZSTD_compress(to, PACKED_MAX, &image, sizeof(image), 1);

	ck_assert(!ZSTD_isError(size));
	return size;
}

/*
 * Change the file into a stream whose header has a byte for the window: 5 bits of exponent, 3
 * bits of mantissa.
 */
static size_t pack_zstd_window(uint8_t *to)
{
	ZSTD_CCtx *zstd = ZSTD_createCCtx();
	ZSTD_inBuffer in = { &image, sizeof(image), 0 };
	ZSTD_outBuffer out = { to, PACKED_MAX, 0 };

	ck_assert_uint_eq(ZSTD_compressStream2(zstd, &out, &in, ZSTD_e_continue), 0);
	ck_assert_uint_eq(ZSTD_compressStream2(zstd, &out, &in, ZSTD_e_end), 0);
	ZSTD_freeCCtx(zstd);
	return out.pos;
}

/* Two blocks of the legacy format. */
static size_t pack_lz4(uint8_t *to)
{
	static const uint8_t magic[] = { 0x02, 0x21, 0x4c, 0x18 };
	const int half = (int)sizeof(image) / 2;
	size_t used = sizeof(magic);

	memcpy(to, magic, sizeof(magic));
	for (int i = 0; i < 2; i++) {
		int size =
			LZ4_compress_default((const char *)&image + i * half, (char *)to + used + 4,
					     half, (int)(PACKED_MAX - used - 4));

		ck_assert_int_gt(size, 0);
		memcpy(to + used, &size, 4);
		used += 4 + (size_t)size;
	}
	return used;
}

static const struct packer {
	const char *name; /* in an EFI program */
	size_t (*pack)(uint8_t *to);
} packers[] = {
	{ "gzip", pack_gzip },   { "xzkern", pack_xz }, { "lzma", pack_lzma },
	{ "zstd22", pack_zstd }, { "lz4", pack_lz4 },
};

static size_t pack(uint8_t *to)
{
	return pack_gzip(to);
}

/* Make an EFI program as Linux does. Returns its size. */
static size_t make_zboot_by(const char *packer, size_t (*pack_by)(uint8_t *to))
{
	uint32_t size = (uint32_t)pack_by(packed + ZBOOT_AT), at = ZBOOT_AT;

	memset(packed, 0, ZBOOT_AT);
	memcpy(packed, "MZ\0\0zimg", 8);
	memcpy(packed + 8, &at, 4);
	memcpy(packed + 12, &size, 4);
	strcpy((char *)packed + 24, packer);
	return ZBOOT_AT + size;
}

static size_t make_zboot(const char *packer)
{
	return make_zboot_by(packer, pack_gzip);
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

START_TEST(packed_by_each)
{
	make_image();
	ck_assert_int_eq(load(packed, packers[_i].pack(packed)), 0);
	check_loaded();
}
END_TEST

START_TEST(efi_program_by_each)
{
	make_image();
	ck_assert_int_eq(load(packed, make_zboot_by(packers[_i].name, packers[_i].pack)), 0);
	check_loaded();
}
END_TEST

/* The first bytes are those of the image, packed or not, and no more than there are. */
START_TEST(part_is_read)
{
	struct arm64_image parsed;
	struct kernel_file file;
	int fd;

	make_image();
	if (_i < (int)UNIT_COUNT(packers))
		fd = image_fd(packed, make_zboot_by(packers[_i].name, packers[_i].pack));
	else
		fd = image_fd(&image, sizeof(image));
	ck_assert_int_eq(parse(fd, &file, &parsed), 0);
	memset(ram, 0xee, sizeof(ram));
	ck_assert_int_eq(linux_arm64_read(&file, &parsed, ram, 1000), 1000);
	ck_assert_mem_eq(ram, &image, 1000);
	ck_assert_uint_eq(ram[1000], 0xee);
	ck_assert_int_eq(linux_arm64_read(&file, &parsed, ram, sizeof(ram)), sizeof(image));
	ck_assert_mem_eq(ram, &image, sizeof(image));
	close(fd);
}
END_TEST

/* With nothing to zero, the end of the stream is behind the last byte of the room. */
START_TEST(it_fills_its_room)
{
	struct arm64_image parsed;
	struct kernel_file file;
	int fd;

	make_image();
	image.image_size = sizeof(image);
	fd = image_fd(packed, packers[_i].pack(packed));
	ck_assert_int_eq(parse(fd, &file, &parsed), 0);
	ck_assert_int_eq(linux_arm64_load(&file, &parsed, ram), 0);
	ck_assert_mem_eq(ram, &image, sizeof(image));
	close(fd);
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

START_TEST(cut_short)
{
	size_t size;

	make_image();
	size = packers[_i].pack(packed);
	check_refused(packed, size - 1, "truncated");
	check_refused(packed, size / 2, "truncated");
	check_refused(packed, 12, "truncated");
}
END_TEST

/*
 * A byte in the middle is wrong. The file is refused, or it is another kernel, but nothing
 * crashes.
 */
START_TEST(spoiled_anywhere)
{
	size_t size;

	make_image();
	for (size_t at = 0; at < 4096; at += 61) {
		struct said said;

		size = packers[_i].pack(packed);
		packed[at] ^= 0x55;
		said_begin(&said);
		load(packed, size);
		said_end(&said);
	}
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

START_TEST(larger_than_it_says)
{
	struct arm64_image parsed;
	struct kernel_file file;
	struct said said;
	int fd, ret;

	make_image();
	image.image_size = 4096;
	fd = image_fd(packed, packers[_i].pack(packed));
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
	size = make_zboot("lzo");
	check_refused(packed, size, "packed by lzo, not by gzip, xz, lzma, zstd or lz4");
	size = make_zboot("gzip");
	memcpy(packed + 12, &beyond, 4);
	check_refused(packed, size, "past its end");
	size = make_zboot("gzip");
	memcpy(packed + 8, &beyond, 4);
	check_refused(packed, size, "past its end");
}
END_TEST

/* These bytes are not packed by anything. */
START_TEST(efi_program_empty)
{
	uint32_t nothing = 0;
	size_t size = make_zboot(packers[_i].name);

	memcpy(packed + 12, &nothing, 4);
	check_refused(packed, size, "its packed kernel has no end");
}
END_TEST

/* How far back a packed file refers is at a fixed place in its header. */
static const struct far_reference {
	const char *name;
	size_t (*pack)(uint8_t *to);
	size_t at, size;
	uint8_t bytes[4];
} far_references[] = {
	{ "lzma", pack_lzma, 1, 4, { 0, 0, 0, 0x80 } },  /* a dictionary of 2 GiB */
	{ "lzma", pack_lzma, 1, 4, { 0, 0, 0, 0x20 } },  /* of 512 MiB */
	{ "zstd", pack_zstd_window, 5, 1, { 0xa8 } },    /* a window of 2 GiB */
	{ "zstd", pack_zstd_window, 5, 1, { 18 << 3 } }, /* of 256 MiB */
};

START_TEST(memory_for_unpacking_is_bounded)
{
	const struct far_reference *far = &far_references[_i];
	size_t size;

	make_image();
	size = far->pack(packed);
	memcpy(packed + far->at, far->bytes, far->size);
	check_refused(packed, size, "more than 256 MiB of memory");
}
END_TEST

START_TEST(memory_for_xz_is_bounded)
{
	size_t size;

	make_image();
	size = pack_xz_as(packed, 34);
	check_refused(packed, size, "more than 256 MiB of memory");
}
END_TEST

START_TEST(dictionary_of_linux_is_unpacked)
{
	struct arm64_image parsed;
	struct kernel_file file;
	int fd;

	make_image();
	fd = image_fd(packed, pack_xz_as(packed, 30));
	ck_assert_int_eq(parse(fd, &file, &parsed), 0);
	ck_assert_int_eq(linux_arm64_load(&file, &parsed, ram), 0);
	ck_assert_mem_eq(ram, &image, sizeof(image));
	close(fd);
}
END_TEST

START_TEST(other_packers_are_named)
{
	static const char bzip2[64] = "BZh91AY";

	check_refused(bzip2, sizeof(bzip2), "packed with bzip2");
}
END_TEST

UNIT_MAIN("arm64_image", { part_is_read, UNIT_COUNT(packers) + 1 }, { plain, 0 },
	  { packed_by_each, UNIT_COUNT(packers) }, { efi_program_by_each, UNIT_COUNT(packers) },
	  { it_fills_its_room, UNIT_COUNT(packers) }, { spoiled_header, UNIT_COUNT(spoils) },
	  { short_files, 0 }, { cut_short, UNIT_COUNT(packers) },
	  { spoiled_anywhere, UNIT_COUNT(packers) }, { gzip_spoiled, 0 },
	  { larger_than_it_says, UNIT_COUNT(packers) }, { efi_program_spoiled, 0 },
	  { efi_program_empty, UNIT_COUNT(packers) },
	  { memory_for_unpacking_is_bounded, UNIT_COUNT(far_references) },
	  { memory_for_xz_is_bounded, 0 }, { dictionary_of_linux_is_unpacked, 0 },
	  { other_packers_are_named, 0 })
