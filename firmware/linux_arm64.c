/* SPDX-License-Identifier: MIT */
#include "linux_arm64.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <string.h>
#include <zlib.h>

#include "vmm/trace/log.h"

#define ARM64_MAGIC      "ARM\x64"
#define ARM64_BIG_ENDIAN (1ull << 0)
#define ARM64_ALIGN      (2ull << 20)
#define ARM64_SIZE_MAX   (1ull << 30) /* of an image in RAM; Linux' own are below 100 MiB */

#define GZIP_MAGIC "\x1f\x8b"
#define ZBOOT_GZIP "gzip"

#define UNPACK_CHUNK (64u << 10)
#define UNPACK_GZIP  (15 + 16) /* the largest window, and a gzip header around it */

#define ARM64_WANTED "an arm64 kernel Image"

/* All numbers little-endian, as are all hosts that this runs on. */
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

/* ---- unpacking ---- */

/* The next piece of what is packed, once zlib has eaten the last one. 0 or -errno, logged. */
static int arm64_feed(const struct kernel_file *file, const struct arm64_image *image,
		      z_stream *stream, uint8_t *chunk, uint64_t *eaten)
{
	uint64_t left = image->file_size - *eaten;
	int ret;

	if (stream->avail_in)
		return 0;
	if (left == 0) {
		log_error(file->name, "is truncated: its packed kernel has no end");
		return -ENOEXEC;
	}
	if (left > UNPACK_CHUNK)
		left = UNPACK_CHUNK;
	ret = kernel_file_read(file, image->offset + *eaten, chunk, left);
	stream->next_in = chunk;
	stream->avail_in = (uInt)left;
	*eaten += left;
	return ret;
}

/*
 * Unpack until the end of the stream or until `room` bytes are there; *end tells which. Returns how
 * many bytes were left of the room, or -errno, logged.
 */
static int64_t arm64_unpack(const struct kernel_file *file, const struct arm64_image *image,
			    uint8_t *to, uint64_t room, bool *end)
{
	z_stream stream = { .next_out = to, .avail_out = (uInt)room };
	uint8_t chunk[UNPACK_CHUNK];
	uint64_t eaten = 0;
	int status = Z_OK, ret = 0;

	*end = false;
	if (inflateInit2(&stream, UNPACK_GZIP) != Z_OK)
		return log_errno(file->name, -ENOMEM, "unpack");
	while (status == Z_OK && ret == 0) {
		ret = arm64_feed(file, image, &stream, chunk, &eaten);
		if (ret == 0)
			status = inflate(&stream, Z_NO_FLUSH);
	}
	*end = status == Z_STREAM_END;
	/* It always has something to eat: a buffer error is one of the room. */
	if (ret == 0 && status != Z_BUF_ERROR && status != Z_STREAM_END)
		ret = arm64_refuse(file, stream.msg ? stream.msg : "it cannot be unpacked");
	inflateEnd(&stream);
	return ret < 0 ? ret : (int64_t)stream.avail_out;
}

/* ---- headers ---- */

/* Where the image is in the file, and whether packed, by what the file begins with. */
static int arm64_find_payload(const struct kernel_file *file, const struct kernel_head *head,
			      struct arm64_image *image)
{
	struct zboot_header zboot;
	uint64_t end;

	*image = (struct arm64_image){ .file_size = file->size };
	image->packed = head->size > 2 && memcmp(head->bytes, GZIP_MAGIC, 2) == 0;
	if (head->size < sizeof(zboot))
		return 0;
	memcpy(&zboot, head->bytes, sizeof(zboot));
	if (memcmp(zboot.dos_magic, "MZ\0\0", 4) != 0 || memcmp(zboot.magic, "zimg", 4) != 0)
		return 0;
	if (strncmp(zboot.packer, ZBOOT_GZIP, sizeof(zboot.packer)) != 0)
		return arm64_refuse(file, "its kernel is packed by something else than gzip");
	image->packed = true;
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
	if (!image->packed) {
		if (head->size >= sizeof(*header))
			memcpy(header, head->bytes, sizeof(*header));
		return 0;
	}
	left = arm64_unpack(file, image, (uint8_t *)header, sizeof(*header), &end);
	return left < 0 ? (int)left : 0;
}

/* Why this kernel cannot be started, or NULL. */
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
		return image->packed
			       ? arm64_refuse(file, "what is packed in it is not " ARM64_WANTED)
			       : kernel_file_refuse(file, head, ARM64_WANTED);
	objection = arm64_objection(&header);
	if (objection)
		return arm64_refuse(file, objection);
	image->text_offset = header.text_offset;
	image->size = header.image_size;
	return 0;
}

int linux_arm64_load(const struct kernel_file *file, const struct arm64_image *image, void *to)
{
	uint64_t size = image->file_size < image->size ? image->file_size : image->size;
	uint8_t *bytes = to;
	int64_t left;
	bool end;
	int ret;

	if (!image->packed) {
		ret = kernel_file_read(file, image->offset, to, size);
		memset(bytes + size, 0, image->size - size);
		return ret;
	}
	left = arm64_unpack(file, image, to, image->size, &end);
	if (left < 0)
		return (int)left;
	if (!end)
		return arm64_refuse(file, "unpacked it is larger than its header says");
	memset(bytes + image->size - left, 0, (size_t)left);
	return 0;
}
