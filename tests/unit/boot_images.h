/* SPDX-License-Identifier: MIT */
/*
 * Small kernels to spoil: a bzImage and an ELF vmlinux that firmware/ accepts. There are also the
 * messages about kernels that it does not accept. The unit tests of the boot protocols share this
 * file.
 */
#ifndef MINIVMM_TESTS_BOOT_IMAGES_H
#define MINIVMM_TESTS_BOOT_IMAGES_H

#include <asm/bootparam.h>
#include <check.h>
#include <elf.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vmm/trace/log.h"

#define IMAGE_MIB (1ull << 20)

/* Returns a file in memory with these bytes, which the caller closes. */
static inline int image_fd(const void *bytes, size_t size)
{
	int fd = memfd_create("image", MFD_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(pwrite(fd, bytes, size, 0), size);
	return fd;
}

#define BZIMAGE_SETUP   1024 /* boot sector and setup_sects = 1 */
#define BZIMAGE_PAYLOAD 4096

struct bzimage {
	struct {
		uint8_t pad[0x1f1]; /* up to and with the sentinel */
		struct setup_header hdr;
		uint8_t rest[BZIMAGE_SETUP - 0x1f1 - sizeof(struct setup_header)];
	} __attribute__((packed)) setup;
	uint8_t payload[BZIMAGE_PAYLOAD];
} __attribute__((packed));

static inline struct bzimage bzimage_make(void)
{
	struct bzimage image;

	memset(&image, 0xff, sizeof(image));
	for (size_t i = 0; i < sizeof(image.payload); i++)
		image.payload[i] = i ^ i >> 8;
	image.setup.hdr = (struct setup_header){
		.setup_sects = 1,
		.syssize = BZIMAGE_PAYLOAD / 16,
		.boot_flag = 0xaa55,
		.jump = 0x6aeb,
		.header = 0x53726448,
		.version = 0x20f,
		.loadflags = LOADED_HIGH,
		.initrd_addr_max = 0x7fffffff,
		.kernel_alignment = 2 * IMAGE_MIB,
		.relocatable_kernel = 1,
		.xloadflags = XLF_KERNEL_64,
		.cmdline_size = 2047,
		.pref_address = 16 * IMAGE_MIB,
		.init_size = 8 * IMAGE_MIB,
	};
	return image;
}

#define VMLINUX_ENTRY   0x1000010u
#define VMLINUX_TEXT    0x300
#define VMLINUX_DATA    0x100
#define VMLINUX_DATA_AT 0x1200000ull
#define VMLINUX_BSS     0x2000

/*
 * Two segments, of which the second has a BSS, and two notes, of which the second names the PVH
 * entry.
 */
struct vmlinux {
	Elf64_Ehdr ehdr;
	Elf64_Phdr phdrs[3]; /* text, data, notes */
	struct {
		Elf64_Nhdr head;
		char name[4];
		uint8_t desc[4];
	} build_id;
	struct {
		Elf64_Nhdr head;
		char name[4];
		uint64_t entry;
	} __attribute__((packed)) pvh;
	uint8_t text[VMLINUX_TEXT];
	uint8_t data[VMLINUX_DATA];
} __attribute__((packed));

static inline struct vmlinux vmlinux_make(void)
{
	struct vmlinux image = {
		.ehdr = { .e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
			  .e_type = ET_EXEC,
			  .e_machine = EM_X86_64,
			  .e_version = EV_CURRENT,
			  .e_phoff = offsetof(struct vmlinux, phdrs),
			  .e_phentsize = sizeof(Elf64_Phdr),
			  .e_phnum = 3 },
		.phdrs = { { .p_type = PT_LOAD,
			     .p_offset = offsetof(struct vmlinux, text),
			     .p_vaddr = 0xffffffff81000000,
			     .p_paddr = 0x1000000,
			     .p_filesz = VMLINUX_TEXT,
			     .p_memsz = VMLINUX_TEXT },
			   { .p_type = PT_LOAD,
			     .p_offset = offsetof(struct vmlinux, data),
			     .p_paddr = VMLINUX_DATA_AT,
			     .p_filesz = VMLINUX_DATA,
			     .p_memsz = VMLINUX_DATA + VMLINUX_BSS },
			   { .p_type = PT_NOTE,
			     .p_offset = offsetof(struct vmlinux, build_id),
			     .p_filesz = sizeof(image.build_id) + sizeof(image.pvh),
			     .p_align = 4 } },
		.build_id = { { 4, 4, 3 }, "GNU", { 1, 2, 3, 4 } },
		.pvh = { { 4, 8, 18 }, "Xen", VMLINUX_ENTRY },
	};

	memset(image.text, 0x90, sizeof(image.text));
	memset(image.data, 0xda, sizeof(image.data));
	return image;
}

/* What comes on standard error between the two calls is caught. */
struct said {
	int saved;
	int fd;
	char text[2048];
};

static inline void said_begin(struct said *said)
{
	memset(said, 0, sizeof(*said));
	said->fd = memfd_create("stderr", MFD_CLOEXEC);
	said->saved = dup(STDERR_FILENO);
	ck_assert_int_ge(dup2(said->fd, STDERR_FILENO), 0);
}

static inline void said_end(struct said *said)
{
	fflush(stderr);
	dup2(said->saved, STDERR_FILENO);
	close(said->saved);
	ck_assert_int_ge(pread(said->fd, said->text, sizeof(said->text) - 1, 0), 0);
	close(said->fd);
}

/*
 * There must be one line of error about `object` with `words` in it. Besides it there may be fix
 * lines only.
 */
static inline void said_check(const struct said *said, const char *object, const char *words)
{
	char start[128];
	const char *next;

	snprintf(start, sizeof(start), "minivmm: error: %s: ", object);
	ck_assert_msg(strncmp(said->text, start, strlen(start)) == 0, "said: %s", said->text);
	ck_assert_msg(strstr(said->text, words) != NULL, "no `%s` in: %s", words, said->text);
	next = strchr(said->text, '\n');
	ck_assert_ptr_nonnull(next);
	ck_assert_msg(!next[1] || strncmp(next + 1, "  fix: ", 7) == 0, "said: %s", said->text);
}

#endif
