/* SPDX-License-Identifier: MIT */
/*
 * A kernel file of any bytes, read as a bzImage and as an ELF vmlinux, up to the guest memory
 * that it is loaded into.
 *
 * The first byte picks a good image to begin with, if any. Then come pairs of a place and four
 * bytes for it, so that the fuzzer soon reaches headers with checks across fields.
 */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "firmware/boot.h"
#include "fuzz_input.h"
#include "tests/unit/boot_images.h"
#include "tests/unit/plain_ram.h"

#define KERNEL_RAM (64ull << 20)

static struct {
	struct memory memory;
	int file;
	struct bzimage bzimage;
	struct vmlinux vmlinux;
} fuzz;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	memory_init(&fuzz.memory);
	if (plain_ram_add(&fuzz.memory, 0, KERNEL_RAM) < 0)
		abort();
	fuzz.file = memfd_create("kernel", MFD_CLOEXEC);
	fuzz.bzimage = bzimage_make();
	fuzz.vmlinux = vmlinux_make();
	return 0;
}

static void spoil(struct fuzz_input *input, uint8_t *image, size_t size)
{
	while (fuzz_left(input)) {
		uint64_t at = fuzz_number(input, 2) % size;
		uint32_t value = (uint32_t)fuzz_number(input, 4);

		memcpy(image + at, &value, size - at < 4 ? size - at : 4);
	}
}

static void make_image(struct fuzz_input *input, const void *good, size_t size)
{
	uint8_t *image = malloc(size);

	memcpy(image, good, size);
	spoil(input, image, size);
	if (ftruncate(fuzz.file, 0) < 0 || pwrite(fuzz.file, image, size, 0) != (ssize_t)size)
		abort();
	free(image);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = { data, size };
	struct boot_config config = { .kernel_fd = fuzz.file,
				      .kernel_name = "kernel",
				      .initrd_fd = -1,
				      .cmdline = "console=ttyS0",
				      .cpus = 1 };
	struct arch_entry entry;

	switch (fuzz_number(&input, 1) % 3) {
	case 0:
		make_image(&input, &fuzz.bzimage, sizeof(fuzz.bzimage));
		break;
	case 1:
		make_image(&input, &fuzz.vmlinux, sizeof(fuzz.vmlinux));
		break;
	default:
		if (ftruncate(fuzz.file, 0) < 0 ||
		    pwrite(fuzz.file, input.at, input.left, 0) != (ssize_t)input.left)
			abort();
	}
	boot_load(&config, &fuzz.memory, &entry);
	return 0;
}
