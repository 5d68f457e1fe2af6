/* SPDX-License-Identifier: MIT */
#include "flash.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vmm/base/file_keeper.h"
#include "vmm/trace/log.h"
#include "vmm/trace/macros.h"

#define FLASH_CMD_ARRAY         0xff
#define FLASH_CMD_CLEAR_STATUS  0x50
#define FLASH_CMD_STATUS        0x70
#define FLASH_CMD_PROGRAM       0x10
#define FLASH_CMD_PROGRAM_ALIAS 0x40
#define FLASH_CMD_ERASE         0x20
#define FLASH_CMD_CONFIRM       0xd0
#define FLASH_CMD_ID            0x90 /* from here on the pair's alone */
#define FLASH_CMD_LOCK          0x60
#define FLASH_CMD_BUFFER        0xe8

#define FLASH_STATUS_READY    0x80u
#define FLASH_STATUS_ERASE    0x20u /* an erase failed */
#define FLASH_STATUS_PROGRAM  0x10u /* programming failed */
#define FLASH_STATUS_SEQUENCE (FLASH_STATUS_ERASE | FLASH_STATUS_PROGRAM)

#define FLASH_PIECE                                                                                \
	0x1000u /* an erase is written by pieces, because a block is too large a local */

/* The pair's numbers, in each half: Intel, 256 Mbit. A block's lock is at the next word: open. */
#define FLASH_MAKER  0x0089u
#define FLASH_DEVICE 0x8919u

const struct flash_kind flash_kind_pc = { 1, 1, 0x1000, false };
const struct flash_kind flash_kind_pair = { 4, 2, 0x40000, true };

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
	if (mode == FLASH_STATUS || mode == FLASH_ID || mode == FLASH_COUNT)
		flash_hide(flash);
	else if (mode == FLASH_ARRAY && flash_show(flash) < 0)
		vm_post(flash->vm, VM_EVENT_ERROR);
}

/* ---- what the guest writes ---- */

/* Write the file first, so that what the guest reads back is safe. */
static bool flash_store(struct flash *flash, uint64_t offset, const uint8_t *bytes, size_t size)
{
	int ret = flash->file ? file_keeper_write(flash->file, bytes, size, offset) : 0;

	if (ret == 0) {
		memcpy(flash->contents + offset, bytes, size);
		return true;
	}
	if (!flash->failed)
		log_errno(flash->file->name, ret,
			  "write a variable of the firmware (the guest sees a flash chip that "
			  "fails)");
	flash->failed = true;
	return false;
}

/* A command is done: what went wrong, if anything, is in the status register. */
static void flash_finish(struct flash *flash, uint8_t status)
{
	flash->status |= FLASH_STATUS_READY | status;
	flash_set_mode(flash, FLASH_STATUS);
}

/* Programming can only clear bits. At most FLASH_BUFFER bytes, inside the chip. */
static void flash_program(struct flash *flash, uint64_t offset, const uint8_t *bytes, size_t size)
{
	uint8_t merged[FLASH_BUFFER];

	for (size_t i = 0; i < size; i++)
		merged[i] = flash->contents[offset + i] & bytes[i];
	flash_finish(flash, flash_store(flash, offset, merged, size) ? 0 : FLASH_STATUS_PROGRAM);
}

static bool flash_erase_block(struct flash *flash, uint64_t offset)
{
	uint8_t ones[FLASH_PIECE];
	uint64_t end = offset + flash->kind->block;

	memset(ones, 0xff, sizeof(ones));
	for (; offset < end; offset += sizeof(ones))
		if (!flash_store(flash, offset, ones, sizeof(ones)))
			return false;
	return true;
}

static void flash_erase(struct flash *flash, uint64_t offset, uint8_t confirm)
{
	uint64_t block = offset & ~(uint64_t)(flash->kind->block - 1);

	if (confirm != FLASH_CMD_CONFIRM)
		flash_finish(flash, FLASH_STATUS_SEQUENCE);
	else
		flash_finish(flash, flash_erase_block(flash, block) ? 0 : FLASH_STATUS_ERASE);
}

/* ---- the pair's buffer ---- */

/* The count is written to both chips; each gets that many words of 16 bits, and one more. */
static void flash_count(struct flash *flash, uint64_t offset, uint32_t value)
{
	uint32_t count = (value & 0xffff) + 1;

	memset(flash->buffer, 0xff, sizeof(flash->buffer));
	flash->buffer_at = offset & ~(uint64_t)(FLASH_BUFFER - 1);
	flash->words = count;
	if (count > FLASH_BUFFER / flash->kind->width)
		flash_finish(flash, FLASH_STATUS_SEQUENCE);
	else
		flash_set_mode(flash, FLASH_FILL);
}

static void flash_fill(struct flash *flash, uint64_t offset, const uint8_t *bytes, size_t size)
{
	uint64_t at = offset - flash->buffer_at;

	if (offset < flash->buffer_at || at + size > FLASH_BUFFER) {
		flash_finish(flash, FLASH_STATUS_SEQUENCE);
		return;
	}
	memcpy(flash->buffer + at, bytes, size);
	if (--flash->words == 0)
		flash_set_mode(flash, FLASH_CONFIRM);
}

static void flash_confirm(struct flash *flash, uint8_t command)
{
	if (command == FLASH_CMD_CONFIRM)
		flash_program(flash, flash->buffer_at, flash->buffer, FLASH_BUFFER);
	else
		flash_finish(flash, FLASH_STATUS_SEQUENCE);
}

/* ---- commands ---- */

/* The mode in which a command of the pair leaves it; FLASH_ARRAY for one that it does not have. */
static enum flash_mode flash_pair_mode(uint8_t command)
{
	switch (command) {
	case FLASH_CMD_ID:
		return FLASH_ID;
	case FLASH_CMD_LOCK:
		return FLASH_LOCK;
	case FLASH_CMD_BUFFER:
		return FLASH_COUNT;
	default:
		return FLASH_ARRAY;
	}
}

/*
 * After a clear the status reads 0, not "ready", until something was programmed or erased. Firmware
 * uses this to distinguish a chip from RAM and ROM.
 */
static void flash_command(struct flash *flash, uint8_t command)
{
	enum flash_mode mode = FLASH_ARRAY;

	switch (command) {
	case FLASH_CMD_PROGRAM:
	case FLASH_CMD_PROGRAM_ALIAS:
		mode = FLASH_PROGRAM;
		break;
	case FLASH_CMD_ERASE:
		mode = FLASH_ERASE;
		break;
	case FLASH_CMD_STATUS:
		mode = FLASH_STATUS;
		break;
	case FLASH_CMD_CLEAR_STATUS:
		flash->status = 0;
		break;
	case FLASH_CMD_ARRAY:
		break;
	default:
		if (flash->kind->buffered)
			mode = flash_pair_mode(command);
	}
	if (mode == FLASH_COUNT)
		flash->status |= FLASH_STATUS_READY; /* the buffer is free */
	flash_set_mode(flash, mode);
}

/* A cycle of at most kind->width bytes. */
static void flash_cycle(struct flash *flash, uint64_t offset, uint32_t value, size_t size)
{
	uint8_t bytes[sizeof(value)];

	memcpy(bytes, &value, sizeof(value));
	switch (flash->mode) {
	case FLASH_PROGRAM:
		flash_program(flash, offset, bytes, size);
		break;
	case FLASH_ERASE:
		flash_erase(flash, offset, bytes[0]);
		break;
	case FLASH_LOCK: /* the locks stay open, whatever is asked of them */
		flash_finish(flash, 0);
		break;
	case FLASH_COUNT:
		flash_count(flash, offset, value);
		break;
	case FLASH_FILL:
		flash_fill(flash, offset, bytes, size);
		break;
	case FLASH_CONFIRM:
		flash_confirm(flash, bytes[0]);
		break;
	default:
		flash_command(flash, bytes[0]);
	}
}

/* An access that is wider than the bus becomes several cycles. */
static void flash_write(void *owner, uint64_t offset, unsigned int size, uint64_t value)
{
	struct flash *flash = owner;
	unsigned int width = flash->kind->width < size ? flash->kind->width : size;

	pthread_mutex_lock(&flash->lock);
	for (unsigned int done = 0; done < size; done += width)
		flash_cycle(flash, offset + done, (uint32_t)(value >> (8 * done)),
			    size - done < width ? size - done : width);
	pthread_mutex_unlock(&flash->lock);
}

/* ---- what the guest reads while the contents are hidden ---- */

/* The byte at `offset` of a block's identification: words of 16 bits, the same in both halves. */
static uint8_t flash_id_byte(uint64_t offset)
{
	static const uint16_t words[] = { FLASH_MAKER, FLASH_DEVICE };
	uint64_t index = offset % flash_kind_pair.block / flash_kind_pair.width;

	return index < array_size(words) ? (uint8_t)(words[index] >> 8 * (offset % 2)) : 0;
}

static uint8_t flash_read_byte(const struct flash *flash, uint64_t offset)
{
	if (flash->mode == FLASH_ARRAY)
		return flash->contents[offset];
	if (flash->mode == FLASH_ID)
		return flash_id_byte(offset);
	return offset % flash->kind->lane ? 0 : flash->status;
}

/* The guest's read of contents comes here only if another CPU has just changed the mode. */
static uint64_t flash_read(void *owner, uint64_t offset, unsigned int size)
{
	struct flash *flash = owner;
	uint64_t value = 0;

	pthread_mutex_lock(&flash->lock);
	for (unsigned int i = 0; i < size; i++)
		value |= (uint64_t)flash_read_byte(flash, offset + i) << (8 * i);
	pthread_mutex_unlock(&flash->lock);
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

int flash_init(struct flash *flash, struct vm *vm, const struct flash_config *config)
{
	void *contents = mmap(NULL, config->size, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	*flash = (struct flash){ 0 };
	if (contents == MAP_FAILED)
		return log_errno("flash", -errno, "mmap of %" PRIu64 " bytes", config->size);
	*flash = (struct flash){
		.vm = vm,
		.kind = config->kind,
		.gpa = config->gpa,
		.size = config->size,
		.contents = contents,
		.file = config->file,
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
