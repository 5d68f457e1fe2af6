/* SPDX-License-Identifier: MIT */
/*
 * The smallest UEFI image: a volume of code that keeps one number in the flash below it, as
 * firmware keeps its variables, and raises it for ever. It says each number once that is kept.
 *
 * The number is in a record of four words, which is marked as valid when all of it is written. Two
 * blocks take turns: before one is filled again it is erased, and the other holds the last number
 * meanwhile. So whenever the machine loses its power, the number is the old or the new one, if
 * the chip does what its commands say. At its start the firmware looks for a record that is marked
 * and not whole.
 *
 * Read beside it: devices/flash.h; the UEFI Platform Initialization specification, volume 3,
 * EFI_FIRMWARE_VOLUME_HEADER.
 */
#include <stdint.h>

#define VOLUME_SIZE 0x10000u
#define FLASH       (0xffff0000u - VOLUME_SIZE) /* a file of variables, as large as the code */

#define BLOCK        0x1000u /* the first one has the header of the volume of variables */
#define BLOCK_LENGTH (BLOCK / sizeof(struct record))

#define SERIAL 0x3f8
#define MARK   0u
#define ERASED 0xffffffffu

struct record {
	uint32_t number, inverse, check, mark;
};

/* What minivmm looks at before it takes a file for firmware. */
static const struct {
	uint8_t zero[16], kind[16];
	uint64_t size;
	char signature[4];
} volume __attribute__((section(".volume"), used)) = {
	.size = VOLUME_SIZE,
	.signature = { '_', 'F', 'V', 'H' },
};

void firmware_main(void);

/* ---- words ---- */

static void put(char letter)
{
	__asm__ volatile("outb %0, %1" : : "a"(letter), "Nd"((uint16_t)SERIAL));
}

static void put_number(uint32_t number)
{
	for (int shift = 28; shift >= 0; shift -= 4) {
		uint32_t digit = number >> shift & 0xf;

		put((char)(digit < 10 ? '0' + digit : 'a' + digit - 10));
	}
	put('\n');
}

static void put_letter_and_number(char letter, uint32_t number)
{
	put(letter);
	put(' ');
	put_number(number);
}

/* ---- the chip ---- */

static void flash_write(uint32_t address, uint8_t value)
{
	*(volatile uint8_t *)address = value;
}

/* Back to its contents; whether the chip has failed. */
static int flash_end(uint32_t address)
{
	uint8_t status = *(volatile uint8_t *)address;

	flash_write(address, 0x50);
	flash_write(address, 0xff);
	return status != 0x80;
}

static int flash_program(uint32_t address, uint32_t word)
{
	for (uint32_t i = 0; i < sizeof(word); i++) {
		flash_write(address + i, 0x40);
		flash_write(address + i, (uint8_t)(word >> 8 * i));
	}
	return flash_end(address);
}

static int flash_erase(uint32_t address)
{
	flash_write(address, 0x20);
	flash_write(address, 0xd0);
	return flash_end(address);
}

/* ---- the number ---- */

/* Which block, and where in it. */
static uint32_t record_address(uint32_t number)
{
	uint32_t block = 1 + number / BLOCK_LENGTH % 2;

	return FLASH + block * BLOCK + number % BLOCK_LENGTH * sizeof(struct record);
}

static uint32_t record_check(uint32_t number)
{
	return number * 0x9e3779b1u + 1;
}

static int record_write(uint32_t number)
{
	uint32_t at = record_address(number);

	if (number % BLOCK_LENGTH == 0 && flash_erase(at))
		return 1;
	return flash_program(at, number) || flash_program(at + 4, ~number) ||
	       flash_program(at + 8, record_check(number)) || flash_program(at + 12, MARK);
}

/* The highest number that is kept; 0 where there is none. A record that is torn is said. */
static uint32_t record_find(void)
{
	uint32_t found = 0;

	for (uint32_t at = FLASH + BLOCK; at < FLASH + 3 * BLOCK; at += sizeof(struct record)) {
		const volatile struct record *record = (const volatile struct record *)at;
		uint32_t number = record->number;

		if (record->mark != MARK)
			continue;
		if (record->inverse != ~number || record->check != record_check(number) ||
		    record_address(number) != at)
			put_letter_and_number('!', at);
		else if (number > found)
			found = number;
	}
	return found;
}

/* A record that was begun and not marked cannot be written again: what is programmed stays. */
static uint32_t record_next(uint32_t number)
{
	const volatile struct record *record;

	do
		record = (const volatile struct record *)record_address(++number);
	while (number % BLOCK_LENGTH &&
	       (record->number & record->inverse & record->check & record->mark) != ERASED);
	return number;
}

void firmware_main(void)
{
	uint32_t number = record_find();

	put_letter_and_number('=', number);
	for (;;) {
		number = record_next(number);
		if (record_write(number)) {
			put_letter_and_number('?', number);
			for (;;)
				__asm__ volatile("cli; hlt");
		}
		put_letter_and_number('+', number);
	}
}
