/* SPDX-License-Identifier: MIT */
#include "linux_arm64.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "vmm/trace/log.h"

#define ARM64_MAGIC      "ARM\x64"
#define ARM64_BIG_ENDIAN (1ull << 0)
#define ARM64_ALIGN      (2ull << 20)
#define ARM64_SIZE_MAX   (1ull << 30) /* limit for an image in RAM; Linux' have below 100 MiB */

#define ARM64_WANTED "an arm64 kernel Image"

/* All numbers are little-endian, as all hosts are that this runs on. */
struct arm64_header {
	uint32_t code[2];
	uint64_t text_offset;
	uint64_t image_size;
	uint64_t flags;
	uint64_t reserved[3];
	char magic[4];
	uint32_t pe_offset;
};
_Static_assert(sizeof(struct arm64_header) == 64, "the header of an arm64 Image");

struct zboot_header {
	char dos_magic[4]; /* "MZ" and two zeroes */
	char magic[4];     /* "zimg" */
	uint32_t offset, size;
	uint32_t reserved[2];
	char packer[32];
};

static int arm64_refuse(const struct kernel_file *file, const char *why)
{
	log_error(file->name, "cannot be started: %s", why);
	return -ENOEXEC;
}

static int64_t arm64_unpack(const struct kernel_file *file, const struct arm64_image *image,
			    void *to, uint64_t room, bool *end)
{
	const struct unpack_source source = { file, image->format, image->offset,
					      image->file_size };

	return unpack_file(&source, to, room, end);
}

/* ---- headers ---- */

/* Find where the image lies in the file, and whether it is packed, by the file's first bytes. */
static int arm64_find_payload(const struct kernel_file *file, const struct kernel_head *head,
			      struct arm64_image *image)
{
	struct zboot_header zboot;
	uint64_t end;

	*image = (struct arm64_image){ .file_size = file->size };
	image->format = unpack_find_magic(head->bytes, head->size);
	if (head->size < sizeof(zboot))
		return 0;
	memcpy(&zboot, head->bytes, sizeof(zboot));
	if (memcmp(zboot.dos_magic, "MZ\0\0", 4) != 0 || memcmp(zboot.magic, "zimg", 4) != 0)
		return 0;
	zboot.packer[sizeof(zboot.packer) - 1] = '\0';
	image->format = unpack_find_name(zboot.packer);
	if (!image->format) {
		log_error(file->name,
			  "cannot be started: its kernel is packed by %s, not by gzip, xz, "
			  "lzma, zstd or lz4",
			  zboot.packer);
		return -ENOEXEC;
	}
	image->offset = zboot.offset;
	image->file_size = zboot.size;
	if (__builtin_add_overflow(image->offset, image->file_size, &end) || end > file->size)
		return arm64_refuse(file, "its packed kernel reaches past its end");
	return 0;
}

static int arm64_read_header(const struct kernel_file *file, const struct kernel_head *head,
			     const struct arm64_image *image, struct arm64_header *header)
{
	int64_t left;
	bool end;

	memset(header, 0, sizeof(*header));
	if (!image->format) {
		if (head->size >= sizeof(*header))
			memcpy(header, head->bytes, sizeof(*header));
		return 0;
	}
	left = arm64_unpack(file, image, header, sizeof(*header), &end);
	return left < 0 ? (int)left : 0;
}

/* The reason why this kernel cannot be started, or NULL if it can. */
static const char *arm64_objection(const struct arm64_header *header)
{
	if (header->flags & ARM64_BIG_ENDIAN)
		return "it is a big-endian kernel";
	if (header->image_size == 0)
		return "it does not tell its size (Linux before 3.17)";
	if (header->image_size > ARM64_SIZE_MAX)
		return "its image_size is over 1 GiB";
	if (header->text_offset >= ARM64_ALIGN)
		return "its text_offset is not below 2 MiB";
	return NULL;
}

int linux_arm64_parse(const struct kernel_file *file, const struct kernel_head *head,
		      struct arm64_image *image)
{
	struct arm64_header header;
	const char *objection;
	int ret = arm64_find_payload(file, head, image);

	if (ret == 0)
		ret = arm64_read_header(file, head, image, &header);
	if (ret < 0)
		return ret;
	if (memcmp(header.magic, ARM64_MAGIC, sizeof(header.magic)) != 0)
		return image->format
			       ? arm64_refuse(file, "the file packed in it is not " ARM64_WANTED)
			       : kernel_file_refuse(file, head, ARM64_WANTED);
	objection = arm64_objection(&header);
	if (objection)
		return arm64_refuse(file, objection);
	image->text_offset = header.text_offset;
	image->size = header.image_size;
	return 0;
}

int64_t linux_arm64_read(const struct kernel_file *file, const struct arm64_image *image, void *to,
			 uint64_t room)
{
	int64_t left;
	bool end;
	int ret;

	if (image->format) {
		left = arm64_unpack(file, image, to, room, &end);
		return left < 0 ? left : (int64_t)room - left;
	}
	if (room > image->file_size)
		room = image->file_size;
	ret = kernel_file_read(file, image->offset, to, room);
	return ret < 0 ? ret : (int64_t)room;
}

int linux_arm64_load(const struct kernel_file *file, const struct arm64_image *image, void *to)
{
	uint64_t size = image->file_size < image->size ? image->file_size : image->size;
	uint8_t *bytes = to;
	int64_t left;
	bool end;
	int ret;

	if (!image->format) {
		ret = kernel_file_read(file, image->offset, to, size);
		memset(bytes + size, 0, image->size - size);
		return ret;
	}
	left = arm64_unpack(file, image, to, image->size, &end);
	if (left < 0)
		return (int)left;
	if (!end)
		return arm64_refuse(file,
				    "once unpacked, its kernel is larger than its header says");
	memset(bytes + image->size - left, 0, (size_t)left);
	return 0;
}
