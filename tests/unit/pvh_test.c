/* SPDX-License-Identifier: MIT */
/*
 * firmware/linux_pvh.c: a good ELF is taken apart rightly, and one with any field spoiled is
 * refused.
 */
#include <check.h>
#include <errno.h>
#include <stdlib.h>

#include "boot_images.h"
#include "firmware/linux_pvh.h"

#define AT(field)   offsetof(struct vmlinux, field), sizeof(((struct vmlinux *)0)->field)
#define NO_ENTRY    "without a PVH entry point"
#define OUT_OF_FILE "truncated"

static int parse(const void *bytes, size_t size, struct boot_image *parsed)
{
	int fd = image_fd(bytes, size), ret;
	struct kernel_head head;
	struct kernel_file file;

	memset(parsed, 0, sizeof(*parsed));
	ck_assert_int_eq(kernel_file_init(&file, fd, "vmlinux"), 0);
	ck_assert_int_eq(kernel_file_read_head(&file, &head), 0);
	ck_assert(linux_pvh_probe(&head));
	ret = linux_pvh_parse(&file, &head, parsed);
	close(fd);
	return ret;
}

START_TEST(good)
{
	struct vmlinux image = vmlinux_make();
	struct boot_image parsed;

	ck_assert_int_eq(parse(&image, sizeof(image), &parsed), 0);
	ck_assert_uint_eq(parsed.segment_count, 2);
	ck_assert_uint_eq(parsed.segments[0].gpa, 0x1000000);
	ck_assert_uint_eq(parsed.segments[0].offset, offsetof(struct vmlinux, text));
	ck_assert_uint_eq(parsed.segments[1].gpa, VMLINUX_DATA_AT);
	ck_assert_uint_eq(parsed.segments[1].file_size, VMLINUX_DATA);
	ck_assert_uint_eq(parsed.segments[1].size, VMLINUX_DATA + VMLINUX_BSS);
	ck_assert_uint_eq(parsed.end, VMLINUX_DATA_AT + VMLINUX_DATA + VMLINUX_BSS);
	ck_assert_uint_eq(parsed.entry, VMLINUX_ENTRY);
	ck_assert(!parsed.long_mode);
	ck_assert_uint_eq(parsed.cmdline_max, 2047);
}
END_TEST

START_TEST(entry_of_four_bytes)
{
	struct vmlinux image = vmlinux_make();
	struct boot_image parsed;

	image.pvh.head.n_descsz = 4;
	image.pvh.entry |= 0xffffffff00000000; /* not part of the note */
	ck_assert_int_eq(parse(&image, sizeof(image), &parsed), 0);
	ck_assert_uint_eq(parsed.entry, VMLINUX_ENTRY);
}
END_TEST

/* PVH begins in 32-bit mode, so an ELF may name either processor. */
START_TEST(elf64_for_i386)
{
	struct vmlinux image = vmlinux_make();
	struct boot_image parsed;

	image.ehdr.e_machine = EM_386;
	ck_assert_int_eq(parse(&image, sizeof(image), &parsed), 0);
	ck_assert_uint_eq(parsed.entry, VMLINUX_ENTRY);
}
END_TEST

/* The same kernel in 32 bits, with its headers behind it. */
struct vmlinux32 {
	struct vmlinux image;
	Elf32_Phdr phdrs[3];
};

static struct vmlinux32 vmlinux32_make(void)
{
	struct vmlinux32 narrow = { .image = vmlinux_make() };
	Elf32_Ehdr ehdr = {
		.e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS32, ELFDATA2LSB, EV_CURRENT },
		.e_type = ET_EXEC,
		.e_machine = EM_386,
		.e_version = EV_CURRENT,
		.e_phoff = offsetof(struct vmlinux32, phdrs),
		.e_phentsize = sizeof(Elf32_Phdr),
		.e_phnum = 3,
	};

	for (unsigned int i = 0; i < 3; i++) {
		Elf64_Phdr wide = narrow.image.phdrs[i];

		narrow.phdrs[i] = (Elf32_Phdr){
			.p_type = wide.p_type,
			.p_offset = (Elf32_Off)wide.p_offset,
			.p_paddr = (Elf32_Addr)wide.p_paddr,
			.p_filesz = (Elf32_Word)wide.p_filesz,
			.p_memsz = (Elf32_Word)wide.p_memsz,
			.p_align = (Elf32_Word)wide.p_align,
		};
	}
	memset(&narrow.image.ehdr, 0, sizeof(narrow.image.ehdr));
	memcpy(&narrow.image.ehdr, &ehdr, sizeof(ehdr));
	return narrow;
}

START_TEST(elf32)
{
	struct vmlinux32 image = vmlinux32_make();
	struct boot_image parsed;

	ck_assert_int_eq(parse(&image, sizeof(image), &parsed), 0);
	ck_assert_uint_eq(parsed.segment_count, 2);
	ck_assert_uint_eq(parsed.segments[1].gpa, VMLINUX_DATA_AT);
	ck_assert_uint_eq(parsed.segments[1].size, VMLINUX_DATA + VMLINUX_BSS);
	ck_assert_uint_eq(parsed.entry, VMLINUX_ENTRY);
}
END_TEST

START_TEST(elf32_truncated)
{
	struct vmlinux32 image = vmlinux32_make();
	struct boot_image parsed;
	struct said said;
	int ret;

	said_begin(&said);
	ret = parse(&image, sizeof(image) - 1, &parsed);
	said_end(&said);
	ck_assert_int_eq(ret, -ENOEXEC);
	said_check(&said, "vmlinux", OUT_OF_FILE);
}
END_TEST

START_TEST(segments_in_any_order)
{
	struct vmlinux image = vmlinux_make();
	Elf64_Phdr first = image.phdrs[0];
	struct boot_image parsed;

	image.phdrs[0] = image.phdrs[1];
	image.phdrs[1] = first;
	ck_assert_int_eq(parse(&image, sizeof(image), &parsed), 0);
	ck_assert_uint_eq(parsed.end, VMLINUX_DATA_AT + VMLINUX_DATA + VMLINUX_BSS);
}
END_TEST

/* The length of the notes is what the file says. It does not decide how much is allocated. */
START_TEST(notes_too_long)
{
	static struct {
		struct vmlinux image;
		uint8_t more[1 << 20];
	} long_notes;
	struct boot_image parsed;
	struct said said;
	int ret;

	long_notes.image = vmlinux_make();
	long_notes.image.phdrs[2].p_filesz = 1 << 20;
	said_begin(&said);
	ret = parse(&long_notes, sizeof(long_notes), &parsed);
	said_end(&said);
	ck_assert_int_eq(ret, -ENOEXEC);
	said_check(&said, "vmlinux", "notes are out of bounds");
}
END_TEST

/* Program headers need not be in the first page. */
START_TEST(headers_at_the_end)
{
	static struct {
		struct vmlinux image;
		uint8_t gap[8192];
		Elf64_Phdr phdrs[3];
	} __attribute__((packed)) far;
	struct boot_image parsed;

	far.image = vmlinux_make();
	memcpy(far.phdrs, far.image.phdrs, sizeof(far.phdrs));
	memset(far.image.phdrs, 0xff, sizeof(far.image.phdrs));
	far.image.ehdr.e_phoff = sizeof(far) - sizeof(far.phdrs);
	ck_assert_int_eq(parse(&far, sizeof(far), &parsed), 0);
	ck_assert_uint_eq(parsed.entry, VMLINUX_ENTRY);
}
END_TEST

static const struct {
	size_t offset, size;
	uint64_t value;
	const char *words;
} spoiled[] = {
	{ AT(ehdr.e_ident[EI_CLASS]), ELFCLASSNONE, "another processor" },
	{ AT(ehdr.e_ident[EI_CLASS]), ELFCLASS32, "unknown size" },
	{ AT(ehdr.e_ident[EI_DATA]), ELFDATA2MSB, "another processor" },
	{ AT(ehdr.e_machine), EM_AARCH64, "another processor" },
	{ AT(ehdr.e_type), ET_REL, "not an executable" },
	{ AT(ehdr.e_type), ET_CORE, "not an executable" },
	{ AT(ehdr.e_phentsize), sizeof(Elf32_Phdr), "unknown size" },
	{ AT(ehdr.e_phnum), 0, "out of bounds" },
	{ AT(ehdr.e_phnum), 65, "out of bounds" },
	{ AT(ehdr.e_phnum), PN_XNUM, "out of bounds" },
	{ AT(ehdr.e_phnum), 2, NO_ENTRY },
	{ AT(ehdr.e_phnum), 64, OUT_OF_FILE },
	{ AT(ehdr.e_phoff), sizeof(struct vmlinux) - 3 * 56 + 1, OUT_OF_FILE },
	{ AT(ehdr.e_phoff), UINT64_MAX - 8, OUT_OF_FILE },
	{ AT(phdrs[0].p_offset), sizeof(struct vmlinux), OUT_OF_FILE },
	{ AT(phdrs[0].p_offset), UINT64_MAX, OUT_OF_FILE },
	{ AT(phdrs[0].p_filesz), UINT64_MAX, OUT_OF_FILE },
	{ AT(phdrs[0].p_filesz), VMLINUX_TEXT + 1, "larger in the file" },
	{ AT(phdrs[0].p_memsz), VMLINUX_TEXT - 1, "larger in the file" },
	{ AT(phdrs[0].p_memsz), UINT64_MAX, "beyond all memory" },
	{ AT(phdrs[0].p_memsz), 0, "in no segment" },
	{ AT(phdrs[0].p_paddr), 0, "below 1 MiB" },
	{ AT(phdrs[0].p_paddr), 0xfffff, "below 1 MiB" },
	{ AT(phdrs[0].p_paddr), UINT64_MAX, "beyond all memory" },
	{ AT(phdrs[0].p_paddr), VMLINUX_ENTRY + 1, "in no segment" },
	{ AT(phdrs[0].p_type), PT_NULL, "in no segment" },
	{ AT(phdrs[2].p_type), PT_NULL, NO_ENTRY },
	{ AT(phdrs[2].p_offset), sizeof(struct vmlinux), "notes are out of bounds" },
	{ AT(phdrs[2].p_offset), UINT64_MAX, "notes are out of bounds" },
	{ AT(phdrs[2].p_filesz), UINT64_MAX, "notes are out of bounds" },
	{ AT(phdrs[2].p_filesz), 0, NO_ENTRY },
	{ AT(phdrs[2].p_filesz), 24, NO_ENTRY },
	{ AT(phdrs[2].p_filesz), 43, NO_ENTRY },
	{ AT(phdrs[2].p_align), 8, NO_ENTRY },
	{ AT(build_id.head.n_namesz), UINT32_MAX, NO_ENTRY },
	{ AT(build_id.head.n_descsz), UINT32_MAX, NO_ENTRY },
	{ AT(pvh.head.n_namesz), 3, NO_ENTRY },
	{ AT(pvh.head.n_namesz), UINT32_MAX, NO_ENTRY },
	{ AT(pvh.head.n_descsz), 9, NO_ENTRY },
	{ AT(pvh.head.n_descsz), 0, NO_ENTRY },
	{ AT(pvh.head.n_type), 17, NO_ENTRY },
	{ AT(pvh.name), 0x006e6559, NO_ENTRY },
	{ AT(pvh.entry), 0, NO_ENTRY },
	{ AT(pvh.entry), 0xffffff, "in no segment" },
	{ AT(pvh.entry), 0x1000000 + VMLINUX_TEXT, "in no segment" },
	{ AT(pvh.entry), UINT64_MAX, "in no segment" },
};

START_TEST(refused)
{
	struct vmlinux image = vmlinux_make();
	struct boot_image parsed;
	struct said said;
	int ret;

	memcpy((uint8_t *)&image + spoiled[_i].offset, &spoiled[_i].value, spoiled[_i].size);
	said_begin(&said);
	ret = parse(&image, sizeof(image), &parsed);
	said_end(&said);
	ck_assert_int_eq(ret, -ENOEXEC);
	said_check(&said, "vmlinux", spoiled[_i].words);
}
END_TEST

/* A kernel is linked above 4 GiB, where 32-bit code cannot be entered. */
START_TEST(entry_above_4_gib)
{
	struct vmlinux image = vmlinux_make();
	struct boot_image parsed;
	struct said said;
	int ret;

	image.phdrs[0].p_paddr = 0x100000000;
	image.pvh.entry = 0x100000010;
	said_begin(&said);
	ret = parse(&image, sizeof(image), &parsed);
	said_end(&said);
	ck_assert_int_eq(ret, -ENOEXEC);
	said_check(&said, "vmlinux", "below 4 GiB");
}
END_TEST

START_TEST(too_many_segments)
{
	struct {
		struct vmlinux image;
		Elf64_Phdr phdrs[BOOT_SEGMENTS_MAX + 1];
	} __attribute__((packed)) many = { .image = vmlinux_make() };
	struct boot_image parsed;
	struct said said;
	int ret;

	for (size_t i = 0; i <= BOOT_SEGMENTS_MAX; i++)
		many.phdrs[i] = many.image.phdrs[0];
	many.image.ehdr.e_phoff = sizeof(many.image);
	many.image.ehdr.e_phnum = BOOT_SEGMENTS_MAX + 1;
	said_begin(&said);
	ret = parse(&many, sizeof(many), &parsed);
	said_end(&said);
	ck_assert_int_eq(ret, -ENOEXEC);
	said_check(&said, "vmlinux", "too many ELF segments");
}
END_TEST

/*
 * Whatever the length is, there is an error and no crash, and nothing is read that is not there.
 */
START_TEST(truncated_anywhere)
{
	struct vmlinux image = vmlinux_make();
	struct boot_image parsed;
	struct said said;

	for (size_t size = sizeof(image.ehdr); size < sizeof(image); size++) {
		int ret;

		said_begin(&said);
		ret = parse(&image, size, &parsed);
		said_end(&said);
		ck_assert_int_eq(ret, -ENOEXEC);
		said_check(&said, "vmlinux", "cannot be started");
	}
}
END_TEST

START_TEST(probe_needs_magic_and_length)
{
	struct kernel_head head = { .size = sizeof(Elf64_Ehdr), .bytes = { 0x7f, 'E', 'L', 'F' } };

	ck_assert(linux_pvh_probe(&head));
	head.size--;
	ck_assert(!linux_pvh_probe(&head));
	head.size++;
	head.bytes[3] = 'G';
	ck_assert(!linux_pvh_probe(&head));
}
END_TEST

static uint64_t get(const uint8_t *page, uint64_t gpa, size_t size)
{
	uint64_t value = 0;

	ck_assert(gpa >= BOOT_PARAMS && gpa + size <= BOOT_PARAMS + BOOT_PARAMS_SIZE);
	memcpy(&value, page + gpa - BOOT_PARAMS, size);
	return value;
}

/* The structure is read back by the offsets of the ABI, not by the struct that wrote it. */
START_TEST(describes)
{
	struct boot_info info = {
		.cmdline = 0x20000,
		.initrd = { 0x3000000, 12345 },
		.rsdp = 0xe0000,
		.map = { { { 0, 0xa0000 }, true }, { { 0xa0000, 0x60000 }, false } },
		.map_count = 2,
	};
	uint8_t page[BOOT_PARAMS_SIZE];
	uint64_t module, map;

	memset(page, 0xee, sizeof(page));
	linux_pvh_describe(&info, page);
	ck_assert_uint_eq(get(page, BOOT_PARAMS, 4), 0x336ec578);
	ck_assert_uint_eq(get(page, BOOT_PARAMS + 4, 4), 1);
	ck_assert_uint_eq(get(page, BOOT_PARAMS + 8, 4), 0);
	ck_assert_uint_eq(get(page, BOOT_PARAMS + 12, 4), 1);
	ck_assert_uint_eq(get(page, BOOT_PARAMS + 24, 8), 0x20000);
	ck_assert_uint_eq(get(page, BOOT_PARAMS + 32, 8), 0xe0000);
	ck_assert_uint_eq(get(page, BOOT_PARAMS + 48, 4), 2);

	module = get(page, BOOT_PARAMS + 16, 8);
	ck_assert_uint_eq(get(page, module, 8), 0x3000000);
	ck_assert_uint_eq(get(page, module + 8, 8), 12345);
	map = get(page, BOOT_PARAMS + 40, 8);
	ck_assert_uint_eq(get(page, map + 8, 8), 0xa0000);
	ck_assert_uint_eq(get(page, map + 16, 4), 1);
	ck_assert_uint_eq(get(page, map + 24, 8), 0xa0000);
	ck_assert_uint_eq(get(page, map + 32, 8), 0x60000);
	ck_assert_uint_eq(get(page, map + 40, 4), 2);

	info.initrd.size = 0;
	linux_pvh_describe(&info, page);
	ck_assert_uint_eq(get(page, BOOT_PARAMS + 12, 4), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pvh");
	TCase *tcase = tcase_create("pvh");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tcase, good);
	tcase_add_test(tcase, entry_of_four_bytes);
	tcase_add_test(tcase, elf64_for_i386);
	tcase_add_test(tcase, elf32);
	tcase_add_test(tcase, elf32_truncated);
	tcase_add_test(tcase, segments_in_any_order);
	tcase_add_test(tcase, notes_too_long);
	tcase_add_test(tcase, headers_at_the_end);
	tcase_add_loop_test(tcase, refused, 0, sizeof(spoiled) / sizeof(spoiled[0]));
	tcase_add_test(tcase, entry_above_4_gib);
	tcase_add_test(tcase, too_many_segments);
	tcase_add_test(tcase, truncated_anywhere);
	tcase_add_test(tcase, probe_needs_magic_and_length);
	tcase_add_test(tcase, describes);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
