/* SPDX-License-Identifier: MIT */
#include "uefi_volume.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "vmm/trace/log.h"

#define UEFI_PAGE 0x1000u

#define UEFI_VOLUME_SIGNATURE "_FVH"

/* EFI_SYSTEM_NV_DATA_FV_GUID: a volume of variables. */
static const uint8_t uefi_vars_kind[16] = { 0x8d, 0x2b, 0xf1, 0xff, 0x96, 0x76, 0x8b, 0x4c,
					    0xa9, 0x85, 0x27, 0x47, 0x07, 0x5b, 0x4f, 0x50 };

int uefi_volume_refuse(const struct kernel_file *file, const char *why)
{
	log_error(file->name, "%s", why);
	return -ENOEXEC;
}

bool uefi_volume_is_here(const void *bytes, uint64_t size)
{
	const struct uefi_volume *volume = bytes;

	return size >= sizeof(*volume) &&
	       memcmp(volume->signature, UEFI_VOLUME_SIGNATURE, sizeof(volume->signature)) == 0;
}

static int uefi_read_volume(const struct kernel_file *file, uint64_t offset,
			    struct uefi_volume *volume)
{
	if (file->size - offset < sizeof(*volume))
		return uefi_volume_refuse(file,
					  "is not UEFI firmware: it ends inside a volume's header");
	return kernel_file_read(file, offset, volume, sizeof(*volume));
}

/* The volume at `offset` must end inside the file. */
static int uefi_check_volume(const struct kernel_file *file, uint64_t offset,
			     const struct uefi_volume *volume)
{
	uint64_t left = file->size - offset;

	if (!uefi_volume_is_here(volume, sizeof(*volume)) || volume->size < sizeof(*volume) ||
	    volume->size % UEFI_PAGE)
		return uefi_volume_refuse(file,
					  "is not UEFI firmware: no volume lies where one must");
	if (volume->size <= left)
		return 0;
	log_error(file->name,
		  "is truncated: its volume at %#" PRIx64 " has %#" PRIx64
		  " bytes, the file ends after %#" PRIx64,
		  offset, volume->size, left);
	return -ENOEXEC;
}

/* Variables come first. */
static int uefi_count_volume(const struct kernel_file *file, const struct uefi_volume *volume,
			     struct uefi_contents *contents)
{
	if (memcmp(volume->kind, uefi_vars_kind, sizeof(uefi_vars_kind)) != 0)
		contents->code_size += volume->size;
	else if (contents->code_size == 0)
		contents->vars_size += volume->size;
	else
		return uefi_volume_refuse(file, "has variables behind its code");
	return 0;
}

int uefi_volume_walk(const struct kernel_file *file, uint64_t offset, bool padded,
		     struct uefi_contents *contents)
{
	struct uefi_volume volume;
	uint64_t begin = offset;

	*contents = (struct uefi_contents){ 0 };
	for (; offset < file->size; offset += volume.size) {
		int ret = uefi_read_volume(file, offset, &volume);

		if (ret == 0 && padded && offset > begin &&
		    !uefi_volume_is_here(&volume, sizeof(volume)))
			return 0;
		if (ret == 0)
			ret = uefi_check_volume(file, offset, &volume);
		if (ret == 0)
			ret = uefi_count_volume(file, &volume, contents);
		if (ret < 0)
			return ret;
	}
	return 0;
}
