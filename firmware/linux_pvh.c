/* SPDX-License-Identifier: MIT */
#include "linux_pvh.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/trace/log.h"

#define PVH_PHNUM_MAX       64
#define PVH_NOTES_MAX       0x10000 /* limit for one PT_NOTE; Linux' have some hundred bytes */
#define PVH_NOTE_ENTRY      18      /* XEN_ELFNOTE_PHYS32_ENTRY */
#define PVH_CMDLINE_MAX     2047    /* COMMAND_LINE_SIZE of Linux/x86; the image gives no limit */
#define PVH_4GIB            (1ull << 32)
#define PVH_MAGIC           0x336ec578
#define PVH_VERSION         1
#define PVH_MEMMAP_RAM      1
#define PVH_MEMMAP_RESERVED 2

struct pvh_start_info {
	uint32_t magic, version, flags, module_count;
	uint64_t modules, cmdline, rsdp, memmap;
	uint32_t memmap_count, reserved;
};

struct pvh_module {
	uint64_t base, size, cmdline, reserved;
};

struct pvh_memmap {
	uint64_t base, size;
	uint32_t type, reserved;
};

struct pvh_page {
	struct pvh_start_info info;
	struct pvh_module initrd;
	struct pvh_memmap memmap[BOOT_MAP_MAX];
};
_Static_assert(sizeof(struct pvh_start_info) == 56 && sizeof(struct pvh_page) <= BOOT_PARAMS_SIZE,
	       "hvm_start_info version 1, and all of it in one page");

static int pvh_refuse(const struct kernel_file *file, const char *why)
{
	log_error(file->name, "cannot be started: %s", why);
	return -ENOEXEC;
}

bool linux_pvh_probe(const struct kernel_head *head)
{
	return head->size >= sizeof(Elf64_Ehdr) && memcmp(head->bytes, ELFMAG, SELFMAG) == 0;
}

/*
 * Three kinds of ELF are right, because PVH begins in 32-bit mode: an ELF64 for x86-64, an ELF32
 * (Xen and small kernels), and an ELF64 for the i386 (firmware for cloud-hypervisor). From here
 * on all of them are ELF64.
 */
static void pvh_read_header(const struct kernel_head *head, Elf64_Ehdr *ehdr)
{
	Elf32_Ehdr narrow;

	memcpy(ehdr, head->bytes, sizeof(*ehdr));
	if (ehdr->e_ident[EI_CLASS] != ELFCLASS32)
		return;
	memcpy(&narrow, head->bytes, sizeof(narrow));
	ehdr->e_phoff = narrow.e_phoff;
	ehdr->e_phentsize = narrow.e_phentsize;
	ehdr->e_phnum = narrow.e_phnum;
}

static size_t pvh_phdr_size(const Elf64_Ehdr *ehdr)
{
	return ehdr->e_ident[EI_CLASS] == ELFCLASS32 ? sizeof(Elf32_Phdr) : sizeof(Elf64_Phdr);
}

/* The reason why this ELF file cannot be started, or NULL if it can. */
static const char *pvh_objection(const Elf64_Ehdr *ehdr)
{
	unsigned int class = ehdr->e_ident[EI_CLASS];

	if ((class != ELFCLASS64 && class != ELFCLASS32) || ehdr->e_ident[EI_DATA] != ELFDATA2LSB ||
	    (ehdr->e_machine != EM_X86_64 && ehdr->e_machine != EM_386))
		return "it is an ELF for another processor";
	if (ehdr->e_type != ET_EXEC && ehdr->e_type != ET_DYN)
		return "it is an ELF, but not an executable one";
	if (ehdr->e_phentsize != pvh_phdr_size(ehdr))
		return "its ELF program headers have an unknown size";
	if (ehdr->e_phnum == 0 || ehdr->e_phnum > PVH_PHNUM_MAX)
		return "its number of ELF program headers is out of bounds";
	return NULL;
}

static bool pvh_in_file(const struct kernel_file *file, uint64_t offset, uint64_t size)
{
	uint64_t end;

	return !__builtin_add_overflow(offset, size, &end) && end <= file->size;
}

static void pvh_widen_phdr(const Elf32_Phdr *narrow, Elf64_Phdr *phdr)
{
	*phdr = (Elf64_Phdr){
		.p_type = narrow->p_type,
		.p_offset = narrow->p_offset,
		.p_paddr = narrow->p_paddr,
		.p_filesz = narrow->p_filesz,
		.p_memsz = narrow->p_memsz,
		.p_align = narrow->p_align,
	};
}

static int pvh_read_phdrs(const struct kernel_file *file, const Elf64_Ehdr *ehdr,
			  Elf64_Phdr phdrs[PVH_PHNUM_MAX])
{
	bool is_narrow = ehdr->e_ident[EI_CLASS] == ELFCLASS32;
	uint64_t size = ehdr->e_phnum * pvh_phdr_size(ehdr);
	Elf32_Phdr narrow[PVH_PHNUM_MAX];
	int ret;

	if (!pvh_in_file(file, ehdr->e_phoff, size))
		return pvh_refuse(file,
				  "it is truncated: its ELF program headers lie beyond its end");
	ret = kernel_file_read(file, ehdr->e_phoff, is_narrow ? (void *)narrow : phdrs, size);
	for (unsigned int i = 0; i < ehdr->e_phnum && is_narrow && ret == 0; i++)
		pvh_widen_phdr(&narrow[i], &phdrs[i]);
	return ret;
}

static int pvh_add_segment(const struct kernel_file *file, const Elf64_Phdr *phdr,
			   struct boot_image *image)
{
	uint64_t end;

	if (phdr->p_memsz == 0)
		return 0;
	if (!pvh_in_file(file, phdr->p_offset, phdr->p_filesz))
		return pvh_refuse(file, "it is truncated: an ELF segment lies beyond its end");
	if (phdr->p_filesz > phdr->p_memsz)
		return pvh_refuse(file, "an ELF segment is larger in the file than in memory");
	if (phdr->p_paddr < BOOT_KERNEL_MIN)
		return pvh_refuse(file, "an ELF segment loads below 1 MiB");
	if (__builtin_add_overflow(phdr->p_paddr, phdr->p_memsz, &end))
		return pvh_refuse(file, "an ELF segment loads beyond all memory");
	if (image->segment_count == BOOT_SEGMENTS_MAX)
		return pvh_refuse(file, "it has too many ELF segments to load");
	image->segments[image->segment_count++] = (struct boot_segment){
		.offset = phdr->p_offset,
		.file_size = phdr->p_filesz,
		.gpa = phdr->p_paddr,
		.size = phdr->p_memsz,
	};
	if (image->end < end)
		image->end = end;
	return 0;
}

/*
 * The entry point in a note's descriptor of 4 bytes, or of 8 as 64-bit Linux has it; 0 for any
 * other size.
 */
static uint64_t pvh_note_entry(const uint8_t *desc, uint32_t size)
{
	uint64_t entry = 0;

	if (size == 4 || size == 8)
		memcpy(&entry, desc, size);
	return entry;
}

/*
 * Walk `size` bytes of notes. Sizes have 32 bits and sums 64, so sums cannot wrap. The name and
 * the descriptor are each padded to `align`.
 */
static uint64_t pvh_scan_notes(const uint8_t *notes, uint64_t size, uint64_t align)
{
	uint64_t at = 0;

	while (at + sizeof(Elf64_Nhdr) <= size) {
		uint64_t name, desc, next;
		Elf64_Nhdr nhdr;

		memcpy(&nhdr, notes + at, sizeof(nhdr));
		name = at + sizeof(nhdr);
		desc = (name + nhdr.n_namesz + align - 1) & ~(align - 1);
		next = (desc + nhdr.n_descsz + align - 1) & ~(align - 1);
		if (desc + nhdr.n_descsz > size)
			break;
		if (nhdr.n_type == PVH_NOTE_ENTRY && nhdr.n_namesz == sizeof("Xen") &&
		    memcmp(notes + name, "Xen", sizeof("Xen")) == 0)
			return pvh_note_entry(notes + desc, nhdr.n_descsz);
		at = next;
	}
	return 0;
}

static int pvh_read_notes(const struct kernel_file *file, const Elf64_Phdr *phdr,
			  struct boot_image *image)
{
	uint8_t *notes;
	int ret;

	if (!pvh_in_file(file, phdr->p_offset, phdr->p_filesz) || phdr->p_filesz > PVH_NOTES_MAX)
		return pvh_refuse(file, "its ELF notes are out of bounds");
	notes = malloc(phdr->p_filesz + 1);
	if (!notes)
		return log_errno(file->name, -ENOMEM, "reading the ELF notes");
	ret = kernel_file_read(file, phdr->p_offset, notes, phdr->p_filesz);
	if (ret == 0 && !image->entry)
		image->entry = pvh_scan_notes(notes, phdr->p_filesz, phdr->p_align == 8 ? 8 : 4);
	free(notes);
	return ret;
}

static int pvh_check_entry(const struct kernel_file *file, const struct boot_image *image)
{
	if (!image->entry) {
		log_error(file->name, "cannot be started: an ELF without a PVH entry point "
				      "(Linux needs CONFIG_PVH=y)");
		return -ENOEXEC;
	}
	for (unsigned int i = 0; i < image->segment_count; i++) {
		const struct boot_segment *segment = &image->segments[i];

		if (image->entry >= segment->gpa && image->entry - segment->gpa < segment->size &&
		    image->entry < PVH_4GIB)
			return 0;
	}
	return pvh_refuse(file, "its PVH entry point is in no segment below 4 GiB");
}

int linux_pvh_parse(const struct kernel_file *file, const struct kernel_head *head,
		    struct boot_image *image)
{
	Elf64_Phdr phdrs[PVH_PHNUM_MAX];
	const char *objection;
	Elf64_Ehdr ehdr;
	int ret;

	pvh_read_header(head, &ehdr);
	objection = pvh_objection(&ehdr);
	if (objection)
		return pvh_refuse(file, objection);
	ret = pvh_read_phdrs(file, &ehdr, phdrs);
	for (unsigned int i = 0; i < ehdr.e_phnum && ret == 0; i++) {
		if (phdrs[i].p_type == PT_LOAD)
			ret = pvh_add_segment(file, &phdrs[i], image);
		else if (phdrs[i].p_type == PT_NOTE)
			ret = pvh_read_notes(file, &phdrs[i], image);
	}
	if (ret < 0)
		return ret;
	image->initrd_end = PVH_4GIB; /* Linux keeps the address in 32 bits */
	image->cmdline_max = PVH_CMDLINE_MAX;
	image->pvh = true;
	return pvh_check_entry(file, image);
}

void linux_pvh_describe(const struct boot_info *info, void *page)
{
	struct pvh_page *pvh = page;

	memset(page, 0, BOOT_PARAMS_SIZE);
	pvh->info = (struct pvh_start_info){
		.magic = PVH_MAGIC,
		.version = PVH_VERSION,
		.module_count = info->initrd.size > 0,
		.modules = BOOT_PARAMS + offsetof(struct pvh_page, initrd),
		.cmdline = info->cmdline,
		.rsdp = info->rsdp,
		.memmap = BOOT_PARAMS + offsetof(struct pvh_page, memmap),
		.memmap_count = info->map_count,
	};
	pvh->initrd = (struct pvh_module){ info->initrd.base, info->initrd.size, 0, 0 };
	for (unsigned int i = 0; i < info->map_count; i++)
		pvh->memmap[i] = (struct pvh_memmap){
			.base = info->map[i].range.base,
			.size = info->map[i].range.size,
			.type = info->map[i].ram ? PVH_MEMMAP_RAM : PVH_MEMMAP_RESERVED,
		};
}
