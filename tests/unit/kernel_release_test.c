/* SPDX-License-Identifier: MIT */
/* firmware/kernel_release.c: the release of a kernel in each kind of file that is not packed. */
#include <stdlib.h>

#include "boot_images.h"
#include "firmware/kernel_release.h"
#include "unit.h"

#define GREETING "Linux version 6.1.0-56-amd64 (debian-kernel@lists.debian.org) (gcc-12)"
#define RELEASE  "6.1.0-56-amd64"
#define FORMAT   "Linux version %s (%s)"

static bool read_release(const void *bytes, size_t size, char release[KERNEL_RELEASE_MAX])
{
	const int fd = image_fd(bytes, size);
	const struct kernel_file file = { .fd = fd, .name = "kernel", .size = size };
	bool found;

	strcpy(release, "untouched");
	found = kernel_release_read(&file, release);
	close(fd);
	return found;
}

static const struct {
	const char *text, *release; /* NULL: none to be found */
} texts[] = {
	{ GREETING, RELEASE },
	{ "Linux version 7.2.13+deb14-amd64 (x) ", "7.2.13+deb14-amd64" },
	{ FORMAT " " GREETING, RELEASE },
	{ "Linux version Linux version 6.6.1 (x)", "6.6.1" },
	{ FORMAT, NULL },
	{ "Linux version 6.1.0", NULL }, /* cut off: there may be more */
	{ "Linux version ", NULL },
	{ "Linux version  6.1 ", NULL },
	{ "Linux version 6/../../etc ", NULL }, /* it becomes a folder's name */
	{ "Linux version 6.1\nnew line ", NULL },
	{ "nothing at all", NULL },
};

START_TEST(search)
{
	char release[KERNEL_RELEASE_MAX] = "untouched";
	const char *wanted = texts[_i].release;

	ck_assert_int_eq(kernel_release_search(texts[_i].text, strlen(texts[_i].text), release),
			 wanted != NULL);
	ck_assert_str_eq(release, wanted ? wanted : "untouched");
}
END_TEST

START_TEST(too_long)
{
	char text[KERNEL_RELEASE_MAX + 64], release[KERNEL_RELEASE_MAX] = "untouched";
	int length = snprintf(text, sizeof(text), "Linux version %0*d ", KERNEL_RELEASE_MAX, 6);

	ck_assert(!kernel_release_search(text, (size_t)length, release));
	length = snprintf(text, sizeof(text), "Linux version %0*d ", KERNEL_RELEASE_MAX - 1, 6);
	ck_assert(kernel_release_search(text, (size_t)length, release));
	ck_assert_uint_eq(strlen(release), KERNEL_RELEASE_MAX - 1);
}
END_TEST

/*
 * The release is in a file that is read in parts of 1 MiB: at the beginning, across a border, or
 * at the end.
 */
static const size_t places[] = { 0,
				 IMAGE_MIB - 200,
				 IMAGE_MIB - 20,
				 IMAGE_MIB - 5,
				 IMAGE_MIB,
				 2 * IMAGE_MIB - 60,
				 3 * IMAGE_MIB - sizeof(GREETING) };

START_TEST(any_place)
{
	char release[KERNEL_RELEASE_MAX], *file = calloc(3, IMAGE_MIB);

	ck_assert_ptr_nonnull(file);
	memcpy(file,
	       "\x7f"
	       "ELF",
	       4);
	ck_assert(!read_release(file, 3 * IMAGE_MIB, release));
	memcpy(file + places[_i], GREETING, sizeof(GREETING));
	ck_assert(read_release(file, 3 * IMAGE_MIB, release));
	ck_assert_str_eq(release, RELEASE);
	free(file);
}
END_TEST

/* All of the file but its first part is packed. The header says where the release is. */
START_TEST(bzimage)
{
	struct bzimage image = bzimage_make();
	char release[KERNEL_RELEASE_MAX];

	ck_assert(!read_release(&image, sizeof(image), release));
	image.setup.hdr.kernel_version = sizeof(image.setup) - 0x200 - 64;
	strcpy((char *)&image + sizeof(image.setup) - 64, RELEASE " (debian-kernel) #1 SMP");
	ck_assert(read_release(&image, sizeof(image), release));
	ck_assert_str_eq(release, RELEASE);
	image.setup.hdr.kernel_version = 0xffff; /* beyond the end */
	ck_assert(!read_release(&image, sizeof(image), release));
	ck_assert_str_eq(release, "untouched");
}
END_TEST

START_TEST(vmlinux)
{
	struct vmlinux image = vmlinux_make();
	char release[KERNEL_RELEASE_MAX];

	memcpy(image.text + 100, FORMAT, sizeof(FORMAT));
	ck_assert(!read_release(&image, sizeof(image), release));
	memcpy(image.text + 200, GREETING, sizeof(GREETING));
	ck_assert(read_release(&image, sizeof(image), release));
	ck_assert_str_eq(release, RELEASE);
}
END_TEST

UNIT_MAIN("kernel_release", { search, UNIT_COUNT(texts) }, { too_long, 0 },
	  { any_place, UNIT_COUNT(places) }, { bzimage, 0 }, { vmlinux, 0 })
