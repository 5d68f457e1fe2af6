/* SPDX-License-Identifier: MIT */
/*
 * A kernel file of any bytes as an arm64 host sees it: an Image as it is, packed by gzip, or in
 * an EFI program, up to the guest memory that it is loaded into.
 *
 * The first byte picks a good file to begin with. Then come pairs of a place and four bytes for
 * it.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

#include "firmware/boot.h"
#include "fuzz_input.h"
#include "tests/unit/plain_ram.h"

#define KERNEL_RAM  (16ull << 20)
#define IMAGE_FILE  8192u
#define IMAGE_RAM   65536u
#define ZBOOT_AT    128u
#define FILE_MAX    (ZBOOT_AT + 2 * IMAGE_FILE)
#define PACKED_GZIP (15 + 16)

/* boot_arm64.c's boot_load() has this name in the library of the fuzzers. */
int boot_load_arm64(const struct boot_config *config, struct memory *memory,
		    struct arch_entry *entry);

struct fuzz_file {
	uint8_t bytes[FILE_MAX];
	size_t size;
};

static struct {
	struct memory memory;
	int file;
	struct fuzz_file plain, gzip, zboot;
} fuzz;

static void put(struct fuzz_file *file, size_t at, uint64_t value, size_t size)
{
	memcpy(file->bytes + at, &value, size);
}

static size_t pack(const struct fuzz_file *from, uint8_t *to, size_t room)
{
	z_stream stream = { .next_in = (uint8_t *)from->bytes,
			    .avail_in = (uInt)from->size,
			    .next_out = to,
			    .avail_out = (uInt)room };

	if (deflateInit2(&stream, 1, Z_DEFLATED, PACKED_GZIP, 8, 0) != Z_OK ||
	    deflate(&stream, Z_FINISH) != Z_STREAM_END)
		abort();
	deflateEnd(&stream);
	return stream.total_out;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	memory_init(&fuzz.memory);
	if (plain_ram_add(&fuzz.memory, 0, KERNEL_RAM) < 0)
		abort();
	fuzz.file = memfd_create("kernel", MFD_CLOEXEC);
	fuzz.plain.size = IMAGE_FILE;
	put(&fuzz.plain, 16, IMAGE_RAM, 8);
	memcpy(fuzz.plain.bytes + 56, "ARM\x64", 4);
	fuzz.gzip.size = pack(&fuzz.plain, fuzz.gzip.bytes, FILE_MAX);
	memcpy(fuzz.zboot.bytes, "MZ\0\0zimg", 8);
	memcpy(fuzz.zboot.bytes + 24, "gzip", 5);
	put(&fuzz.zboot, 8, ZBOOT_AT, 4);
	put(&fuzz.zboot, 12, fuzz.gzip.size, 4);
	memcpy(fuzz.zboot.bytes + ZBOOT_AT, fuzz.gzip.bytes, fuzz.gzip.size);
	fuzz.zboot.size = ZBOOT_AT + fuzz.gzip.size;
	return 0;
}

static void spoil(struct fuzz_input *input, struct fuzz_file *file)
{
	while (fuzz_left(input)) {
		uint64_t at = fuzz_number(input, 2) % file->size;
		uint32_t value = (uint32_t)fuzz_number(input, 4);

		memcpy(file->bytes + at, &value, file->size - at < 4 ? file->size - at : 4);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct fuzz_file *const good[] = { &fuzz.plain, &fuzz.gzip, &fuzz.zboot };
	struct fuzz_input input = { data, size };
	struct boot_config config = { .kernel_fd = fuzz.file,
				      .kernel_name = "kernel",
				      .initrd_fd = -1,
				      .cmdline = "console=ttyS0",
				      .cpus = 1 };
	struct fuzz_file file = *good[fuzz_number(&input, 1) % 3];
	struct arch_entry entry;

	spoil(&input, &file);
	if (ftruncate(fuzz.file, 0) < 0 ||
	    pwrite(fuzz.file, file.bytes, file.size, 0) != (ssize_t)file.size)
		abort();
	boot_load_arm64(&config, &fuzz.memory, &entry);
	return 0;
}
