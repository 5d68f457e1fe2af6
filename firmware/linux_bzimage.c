/* SPDX-License-Identifier: MIT */
#include "linux_bzimage.h"

#include <asm/bootparam.h>
#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "vmm/trace/log.h"

#define BZIMAGE_HEADER        offsetof(struct boot_params, hdr)
#define BZIMAGE_MAGIC         0x53726448 /* "HdrS" */
#define BZIMAGE_MAGIC_AT      0x202
#define BZIMAGE_BOOT_FLAG     0xaa55
#define BZIMAGE_VERSION       0x020c /* the first version with xloadflags: Linux 3.8 */
#define BZIMAGE_SECTOR        512ull
#define BZIMAGE_UNIT          16ull /* syssize counts in these units, rounded up */
#define BZIMAGE_SECTS_UNSET   4     /* the meaning of a setup_sects of 0 */
#define BZIMAGE_ENTRY64       0x200
#define BZIMAGE_LOADER_OTHER  0xff /* the type_of_loader of a loader without an assigned number */
#define BZIMAGE_E820_RAM      1
#define BZIMAGE_E820_RESERVED 2

static void bzimage_header(const struct kernel_head *head, struct setup_header *hdr)
{
	memcpy(hdr, &head->bytes[BZIMAGE_HEADER], sizeof(*hdr));
}

bool linux_bzimage_probe(const struct kernel_head *head)
{
	uint32_t magic;

	if (head->size < BZIMAGE_HEADER + sizeof(struct setup_header))
		return false;
	memcpy(&magic, &head->bytes[BZIMAGE_MAGIC_AT], sizeof(magic));
	return magic == BZIMAGE_MAGIC;
}

/*
 * The jump instruction at the header's beginning ends where the header ends. Newer kernels have
 * longer headers.
 */
static size_t bzimage_header_size(const struct setup_header *hdr)
{
	return BZIMAGE_MAGIC_AT + (hdr->jump >> 8) - BZIMAGE_HEADER;
}

/* The reason why this kernel cannot be started, or NULL if it can. */
static const char *bzimage_objection(const struct setup_header *hdr)
{
	uint32_t align = hdr->kernel_alignment;

	if (hdr->boot_flag != BZIMAGE_BOOT_FLAG)
		return "its boot sector has no signature";
	if (hdr->version < BZIMAGE_VERSION)
		return "its boot protocol is older than 2.12 (Linux 3.8)";
	if (bzimage_header_size(hdr) < offsetof(struct setup_header, handover_offset))
		return "its setup header is cut short";
	if (!(hdr->loadflags & LOADED_HIGH))
		return "it is a zImage, which loads below 1 MiB";
	if (!(hdr->xloadflags & XLF_KERNEL_64) && hdr->pref_address > UINT32_MAX)
		return "its pref_address is beyond what a 32-bit kernel reaches";
	if (hdr->relocatable_kernel && (align == 0 || (align & (align - 1)) != 0))
		return "its kernel_alignment is not a power of two";
	if (hdr->pref_address < BOOT_KERNEL_MIN)
		return "its pref_address is below 1 MiB";
	return NULL;
}

static int bzimage_refuse(const struct kernel_file *file, const char *why)
{
	log_error(file->name, "cannot be started: %s", why);
	return -ENOEXEC;
}

/*
 * The kernel always goes to pref_address, relocatable or not. A 64-bit kernel that is loaded
 * lower moves itself up to there before it unpacks (startup_64 in
 * arch/x86/boot/compressed/head_64.S), so a lower address saves no RAM.
 */
static int bzimage_place(const struct kernel_file *file, const struct setup_header *hdr,
			 struct boot_image *image)
{
	struct boot_segment *payload = &image->segments[0];
	uint64_t align = hdr->relocatable_kernel ? hdr->kernel_alignment : 1;
	uint64_t size = hdr->init_size > payload->size ? hdr->init_size : payload->size;

	if (__builtin_add_overflow(hdr->pref_address, align - 1, &payload->gpa))
		return bzimage_refuse(file, "its pref_address is beyond all memory");
	payload->gpa &= ~(align - 1);
	if (__builtin_add_overflow(payload->gpa, size, &image->end))
		return bzimage_refuse(file, "its pref_address is beyond all memory");
	image->entry = payload->gpa + (image->long_mode ? BZIMAGE_ENTRY64 : 0);
	return 0;
}

int linux_bzimage_parse(const struct kernel_file *file, const struct kernel_head *head,
			struct boot_image *image)
{
	struct boot_segment *payload = &image->segments[0];
	struct setup_header hdr;
	const char *objection;
	unsigned int sects;

	bzimage_header(head, &hdr);
	objection = bzimage_objection(&hdr);
	if (objection)
		return bzimage_refuse(file, objection);

	sects = hdr.setup_sects ? hdr.setup_sects : BZIMAGE_SECTS_UNSET;
	payload->offset = (sects + 1) * BZIMAGE_SECTOR;
	payload->size = payload->file_size = hdr.syssize * BZIMAGE_UNIT;
	if (payload->size <= BZIMAGE_ENTRY64)
		return bzimage_refuse(file, "its syssize leaves no room for its entry");
	if (payload->offset + payload->size >= file->size + BZIMAGE_UNIT) {
		log_error(file->name,
			  "is truncated: %" PRIu64 " bytes, its header announces %" PRIu64,
			  file->size, payload->offset + payload->size);
		return -ENOEXEC;
	}
	/* The last unit of syssize need not be full. */
	if (payload->offset + payload->size > file->size)
		payload->file_size = file->size - payload->offset;
	image->segment_count = 1;
	image->long_mode = hdr.xloadflags & XLF_KERNEL_64; /* else by the 32-bit protocol */
	image->initrd_end = hdr.initrd_addr_max + 1ull;
	image->cmdline_max = hdr.cmdline_size;
	return bzimage_place(file, &hdr, image);
}

static void bzimage_fill_map(struct boot_params *params, const struct boot_info *info)
{
	for (unsigned int i = 0; i < info->map_count; i++)
		params->e820_table[i] = (struct boot_e820_entry){
			.addr = info->map[i].range.base,
			.size = info->map[i].range.size,
			.type = info->map[i].ram ? BZIMAGE_E820_RAM : BZIMAGE_E820_RESERVED,
		};
	params->e820_entries = info->map_count;
}

/*
 * All of the page but the header is zero. A zero screen_info says that there is no display. The
 * sentinel lies just before the header: if it were copied, the kernel would distrust the whole
 * page.
 */
void linux_bzimage_describe(const struct kernel_head *head, const struct boot_info *info,
			    void *page)
{
	struct boot_params *params = page;
	struct setup_header hdr;
	size_t size;

	bzimage_header(head, &hdr);
	size = bzimage_header_size(&hdr);
	memset(page, 0, BOOT_PARAMS_SIZE);
	memcpy(&params->hdr, &hdr, size < sizeof(hdr) ? size : sizeof(hdr));
	params->hdr.type_of_loader = BZIMAGE_LOADER_OTHER;
	params->hdr.cmd_line_ptr = info->cmdline;
	params->hdr.ramdisk_image = info->initrd.base;
	params->hdr.ramdisk_size = info->initrd.size;
	params->acpi_rsdp_addr = info->rsdp;
	bzimage_fill_map(params, info);
}
