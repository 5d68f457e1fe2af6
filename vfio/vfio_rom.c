/* SPDX-License-Identifier: MIT */
#include "vfio_rom.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vmm/base/opener.h"
#include "vmm/trace/log.h"

#define ROM_HEADER_SIZE  0x1au
#define ROM_HEADER_PCIR  0x18u /* offset of the pointer to the data structure */
#define ROM_PCIR_SIZE    0x18u
#define ROM_PCIR_VENDOR  0x04u
#define ROM_PCIR_DEVICE  0x06u
#define ROM_PCIR_LENGTH  0x10u /* offset of the image's length, in units of 512 bytes */
#define ROM_PCIR_LAST    0x15u
#define ROM_PCIR_IS_LAST 0x80u
#define ROM_UNIT         512u

/*
 * The device's ROM is read in pieces of this size. They are large, because each may take a
 * vfio-user server some time.
 */
#define ROM_CHUNK (1u << 20)

/* ---- what is a ROM ---- */

static unsigned int rom_word(const uint8_t *data, size_t offset)
{
	return data[offset] | (unsigned int)data[offset + 1] << 8;
}

/* Offset of the data structure in the image; 0 if there is none, and *why says so. */
static size_t rom_find_pcir(const uint8_t *data, size_t size, const char **why)
{
	size_t pcir;

	if (size < ROM_HEADER_SIZE)
		*why = "truncated: an image's header does not fit";
	else if (data[0] != 0x55 || data[1] != 0xaa)
		*why = "an image does not begin with 55 AA";
	if (*why)
		return 0;
	pcir = rom_word(data, ROM_HEADER_PCIR);
	if (pcir < ROM_HEADER_SIZE || pcir + ROM_PCIR_SIZE > size)
		*why = "the PCI data structure of an image lies outside of it";
	else if (memcmp(&data[pcir], "PCIR", 4) != 0)
		*why = "an image has no PCI data structure (PCIR)";
	return *why ? 0 : pcir;
}

const char *vfio_rom_check(const uint8_t *data, size_t size)
{
	const char *why = size ? NULL : "it is empty";
	bool last = false;

	while (!why && !last) {
		size_t pcir = rom_find_pcir(data, size, &why), length;

		if (why)
			break;
		length = rom_word(data, pcir + ROM_PCIR_LENGTH) * (size_t)ROM_UNIT;
		last = data[pcir + ROM_PCIR_LAST] & ROM_PCIR_IS_LAST;
		if (length == 0)
			why = "an image says that it has no length";
		else if (length > size)
			why = "truncated: an image is longer than what is there";
		else
			data += length, size -= length;
	}
	return why;
}

/* ---- from a file ---- */

static int rom_log_bad(const char *name, const char *why)
{
	log_error(name, "not an expansion ROM: %s", why);
	return -EINVAL;
}

static int rom_check_file(const char *file, int fd, size_t *size)
{
	struct stat stat;

	if (fstat(fd, &stat) < 0)
		return log_errno(file, -errno, "read the size of the ROM");
	if (S_ISDIR(stat.st_mode))
		return rom_log_bad(file, "it is a directory");
	if (!S_ISREG(stat.st_mode))
		return rom_log_bad(file, "it is not a regular file");
	if (stat.st_size == 0)
		return rom_log_bad(file, "it is empty");
	if ((uint64_t)stat.st_size > VFIO_ROM_SIZE_MAX)
		return rom_log_bad(file, "it is larger than 16 MiB");
	*size = (size_t)stat.st_size;
	return 0;
}

/* Allocate the bytes, filled with all-ones up to the BAR's size. */
static int rom_alloc(struct vfio_rom *rom, uint64_t bytes)
{
	rom->size = VFIO_ROM_SIZE_MIN;
	while (rom->size < bytes)
		rom->size *= 2;
	rom->data = malloc(rom->size);
	if (!rom->data)
		return log_errno(rom->device->name, -ENOMEM, "allocate its ROM");
	memset(rom->data, 0xff, rom->size);
	return 0;
}

/* A ROM made for another device is probably a mistake, but some ROMs fit several devices. */
static void rom_check_owner(const struct vfio_rom *rom, const char *file, uint32_t id)
{
	unsigned int pcir = rom_word(rom->data, ROM_HEADER_PCIR);
	unsigned int vendor = rom_word(rom->data, pcir + ROM_PCIR_VENDOR);
	unsigned int device = rom_word(rom->data, pcir + ROM_PCIR_DEVICE);

	if ((vendor | device << 16) != id)
		log_warn(rom->device->name, "%s is the ROM of a device %04x:%04x, not %04x:%04x",
			 file, vendor, device, id & 0xffff, id >> 16);
}

static int rom_read_file(struct vfio_rom *rom, const char *file, int fd, uint32_t id)
{
	const char *why;
	size_t size = 0;
	ssize_t n;
	int ret = rom_check_file(file, fd, &size);

	if (ret == 0)
		ret = rom_alloc(rom, size);
	if (ret < 0)
		return ret;
	n = pread(fd, rom->data, size, 0);
	if (n < 0)
		return log_errno(file, -errno, "read the ROM");
	why = vfio_rom_check(rom->data, (size_t)n);
	if (why)
		return rom_log_bad(file, why);
	rom_check_owner(rom, file, id);
	return 0;
}

static int rom_load_file(struct vfio_rom *rom, const char *file, uint32_t id)
{
	int fd = opener_open_image(rom->device->space->opener, file), ret;

	if (fd == -ENOEXEC)
		return rom_log_bad(file, "it does not begin with 55 AA");
	if (fd < 0)
		return log_errno(file, fd, "open the ROM");
	ret = rom_read_file(rom, file, fd, id);
	close(fd);
	return ret;
}

/* ---- from the device ---- */

/*
 * The kernel offers only a ROM that it can read and that begins with 55 AA; any other has size 0.
 */
static int rom_find_own(struct vfio_rom *rom)
{
	struct vfio_device *device = rom->device;
	int ret = device->backend->get_region(device, VFIO_PCI_ROM_REGION_INDEX, &rom->region);

	if (ret == -EINVAL)
		return 0;
	if (ret < 0)
		return log_errno(device->name, ret, "VFIO_DEVICE_GET_REGION_INFO, ROM");
	if (rom->region.size > VFIO_ROM_SIZE_MAX) {
		log_warn(device->name, "its ROM is larger than 16 MiB: not shown to the guest");
		rom->region.size = 0;
	}
	for (rom->size = rom->region.size ? VFIO_ROM_SIZE_MIN : 0; rom->size < rom->region.size;)
		rom->size *= 2;
	return 0;
}

static void rom_read_own(struct vfio_rom *rom)
{
	struct vfio_device *device = rom->device;
	uint64_t offset = 0;
	const char *why;
	int ret = rom_alloc(rom, rom->region.size);

	while (ret >= 0 && offset < rom->region.size) {
		uint64_t left = rom->region.size - offset;

		ret = device->backend->region_read(device, &rom->region, offset, &rom->data[offset],
						   left < ROM_CHUNK ? left : ROM_CHUNK);
		offset += ROM_CHUNK;
	}
	if (!rom->data || ret == -LOG_TOLD)
		return;
	why = ret < 0 ? strerror(-ret) : vfio_rom_check(rom->data, rom->region.size);
	if (!why)
		return;
	log_warn(device->name, "its expansion ROM cannot be used: %s", why);
	log_fix("--vfio %s,romfile=FILE   # a copy from elsewhere; or rombar=0: none",
		device->name);
}

int vfio_rom_init(struct vfio_rom *rom, struct vfio_device *device, const char *file, uint32_t id)
{
	*rom = (struct vfio_rom){ .device = device };
	pthread_mutex_init(&rom->lock, NULL);
	return file ? rom_load_file(rom, file, id) : rom_find_own(rom);
}

void vfio_rom_destroy(struct vfio_rom *rom)
{
	free(rom->data);
	rom->data = NULL;
	rom->size = 0;
	pthread_mutex_destroy(&rom->lock);
}

uint64_t vfio_rom_read(struct vfio_rom *rom, uint64_t offset, unsigned int size)
{
	uint64_t value = UINT64_MAX;

	pthread_mutex_lock(&rom->lock);
	if (!rom->data)
		rom_read_own(rom);
	pthread_mutex_unlock(&rom->lock);
	if (rom->data && size <= rom->size && offset <= rom->size - size)
		memcpy(&value, &rom->data[offset], size);
	return value;
}
