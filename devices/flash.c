/* SPDX-License-Identifier: MIT */
#include "flash.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vmm/trace/log.h"

#define FLASH_CMD_ARRAY         0xff
#define FLASH_CMD_CLEAR_STATUS  0x50
#define FLASH_CMD_STATUS        0x70
#define FLASH_CMD_PROGRAM       0x10
#define FLASH_CMD_PROGRAM_ALIAS 0x40
#define FLASH_CMD_ERASE         0x20
#define FLASH_CMD_CONFIRM       0xd0

#define FLASH_STATUS_READY    0x80u
#define FLASH_STATUS_ERASE    0x20u /* an erase failed */
#define FLASH_STATUS_PROGRAM  0x10u /* programming failed */
#define FLASH_STATUS_SEQUENCE (FLASH_STATUS_ERASE | FLASH_STATUS_PROGRAM)

/* ---- the memory that the guest reads ---- */

static int flash_show(struct flash *flash)
{
	const struct memory_region region = {
		.gpa = flash->gpa,
		.size = flash->size,
		.hva = flash->contents,
		.fd = -1,
		.kind = MEMORY_ROM,
		.owner = "flash",
	};
	int ret = flash->shown ? 0 : memory_add_region(&flash->vm->memory, &region);

	if (ret < 0)
		return log_errno("flash", ret, "map its contents into the guest at %#" PRIx64,
				 flash->gpa);
	flash->shown = true;
	return 0;
}

static void flash_hide(struct flash *flash)
{
	if (flash->shown)
		memory_del_region(&flash->vm->memory, flash->gpa);
	flash->shown = false;
}

/* There is no way to tell the guest that its memory did not come back, so the machine ends. */
static void flash_set_mode(struct flash *flash, enum flash_mode mode)
{
	flash->mode = mode;
	if (mode == FLASH_STATUS)
		flash_hide(flash);
	else if (mode == FLASH_ARRAY && flash_show(flash) < 0)
		vm_post(flash->vm, VM_EVENT_ERROR);
}

/* ---- what the guest writes ---- */

/*
 * Write the file first, so that what the guest reads back is safe. A short write counts as a
 * failure.
 */
static bool flash_store(struct flash *flash, uint64_t offset, const uint8_t *bytes, size_t size)
{
	ssize_t done =
		flash->fd < 0 ? (ssize_t)size : pwrite(flash->fd, bytes, size, (off_t)offset);

	if (done == (ssize_t)size) {
		memcpy(flash->contents + offset, bytes, size);
		return true;
	}
	if (!flash->failed)
		log_errno(flash->name, done < 0 ? -errno : -EIO,
			  "write a variable of the firmware (the guest sees a flash chip that "
			  "fails)");
	flash->failed = true;
	return false;
}

/* Programming can only clear bits. */
static void flash_program(struct flash *flash, uint64_t offset, uint8_t value)
{
	uint8_t byte = flash->contents[offset] & value;

	if (!flash_store(flash, offset, &byte, 1))
		flash->status |= FLASH_STATUS_PROGRAM;
	flash->status |= FLASH_STATUS_READY;
	flash_set_mode(flash, FLASH_STATUS);
}

static void flash_erase(struct flash *flash, uint64_t offset, uint8_t confirm)
{
	uint8_t ones[FLASH_BLOCK];

	memset(ones, 0xff, sizeof(ones));
	if (confirm != FLASH_CMD_CONFIRM)
		flash->status |= FLASH_STATUS_SEQUENCE;
	else if (!flash_store(flash, offset & ~(uint64_t)(FLASH_BLOCK - 1), ones, sizeof(ones)))
		flash->status |= FLASH_STATUS_ERASE;
	flash->status |= FLASH_STATUS_READY;
	flash_set_mode(flash, FLASH_STATUS);
}

/*
 * After a clear the status reads 0, not "ready", until something was programmed or erased. Firmware
 * uses this to distinguish a chip from RAM and ROM.
 */
static void flash_command(struct flash *flash, uint8_t command)
{
	switch (command) {
	case FLASH_CMD_PROGRAM:
	case FLASH_CMD_PROGRAM_ALIAS:
		flash_set_mode(flash, FLASH_PROGRAM);
		break;
	case FLASH_CMD_ERASE:
		flash_set_mode(flash, FLASH_ERASE);
		break;
	case FLASH_CMD_STATUS:
		flash_set_mode(flash, FLASH_STATUS);
		break;
	case FLASH_CMD_CLEAR_STATUS:
		flash->status = 0;
		flash_set_mode(flash, FLASH_ARRAY);
		break;
	default: /* FLASH_CMD_ARRAY, and commands that the chip does not know */
		flash_set_mode(flash, FLASH_ARRAY);
		break;
	}
}

static void flash_cycle(struct flash *flash, uint64_t offset, uint8_t value)
{
	switch (flash->mode) {
	case FLASH_PROGRAM:
		flash_program(flash, offset, value);
		break;
	case FLASH_ERASE:
		flash_erase(flash, offset, value);
		break;
	default:
		flash_command(flash, value);
	}
}

/* A wide access becomes a cycle for each byte, as on an 8-bit bus. */
static void flash_write(void *owner, uint64_t offset, unsigned int size, uint64_t value)
{
	struct flash *flash = owner;

	pthread_mutex_lock(&flash->lock);
	for (unsigned int i = 0; i < size; i++)
		flash_cycle(flash, offset + i, (uint8_t)(value >> (8 * i)));
	pthread_mutex_unlock(&flash->lock);
}

/* The guest's read of contents comes here only if another CPU has just changed the mode. */
static uint64_t flash_read(void *owner, uint64_t offset, unsigned int size)
{
	struct flash *flash = owner;
	uint8_t bytes[8] = { 0 };
	uint64_t value;

	pthread_mutex_lock(&flash->lock);
	if (flash->mode == FLASH_ARRAY)
		memcpy(bytes, flash->contents + offset, size);
	else
		memset(bytes, flash->status, size);
	pthread_mutex_unlock(&flash->lock);
	memcpy(&value, bytes, sizeof(value));
	return value;
}

static void flash_locate(void *owner, uint64_t offset, struct trace_place *place)
{
	(void)owner;
	(void)offset;
	place->object = "flash";
}

const struct bus_ops flash_ops = { flash_read, flash_write, flash_locate };

/* ---- life ---- */

int flash_init(struct flash *flash, struct vm *vm, uint64_t gpa, uint64_t size, int fd,
	       const char *name)
{
	void *contents =
		mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	*flash = (struct flash){ 0 };
	if (contents == MAP_FAILED)
		return log_errno("flash", -errno, "mmap of %" PRIu64 " bytes", size);
	*flash = (struct flash){
		.vm = vm,
		.gpa = gpa,
		.size = size,
		.contents = memset(contents, 0xff, size),
		.fd = fd,
		.name = name,
	};
	pthread_mutex_init(&flash->lock, NULL);
	return 0;
}

int flash_add(struct flash *flash)
{
	const struct bus_region region = { flash->gpa, flash->size, &flash_ops, flash };
	int ret = bus_add_region(&flash->vm->mmio, &region);

	if (ret < 0)
		return log_errno("flash", ret, "put its registers on the bus at %#" PRIx64,
				 flash->gpa);
	return flash_show(flash);
}

int flash_reset(struct flash *flash)
{
	int ret;

	pthread_mutex_lock(&flash->lock);
	flash->status = 0;
	flash->mode = FLASH_ARRAY;
	ret = flash_show(flash);
	pthread_mutex_unlock(&flash->lock);
	return ret;
}

void flash_destroy(struct flash *flash)
{
	if (!flash->vm)
		return;
	flash_hide(flash);
	bus_del_region(&flash->vm->mmio, flash->gpa);
	munmap(flash->contents, flash->size);
	pthread_mutex_destroy(&flash->lock);
	flash->vm = NULL;
}
