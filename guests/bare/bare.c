/* SPDX-License-Identifier: MIT */
#include "bare.h"

#define SLEEP_S5   (1u << 5 | 5u << 2)
#define PVH_MAGIC  0x336ec578u
#define HEX_DIGITS 16

struct start_info {
	uint32_t magic, version, flags, module_count;
	uint64_t modules, command_line, rsdp, memory_map;
	uint32_t memory_map_count, reserved;
};

static const struct start_info *start_info;
static const char *argument;

void bare_main(const struct start_info *info);

/* The compiler may call these two without being asked. */
void *memset(void *to, int byte, size_t size);
void *memset(void *to, int byte, size_t size)
{
	for (char *at = to; size--;)
		*at++ = (char)byte;
	return to;
}

void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
	const char *source = from;

	for (char *at = to; size--;)
		*at++ = *source++;
	return to;
}

void bare_print(const char *text)
{
	while (*text)
		outb(BARE_SERIAL, (uint8_t)*text++);
}

void bare_print_hex(uint64_t value)
{
	char text[HEX_DIGITS + 3] = "0x";
	unsigned int length = 2;

	for (unsigned int digit = HEX_DIGITS; digit--;) {
		unsigned int nibble = (value >> (4 * digit)) & 0xf;

		if (nibble || length > 2 || digit == 0)
			text[length++] = "0123456789abcdef"[nibble];
	}
	text[length] = 0;
	bare_print(text);
}

void bare_expect(const char *what, uint64_t is, uint64_t wanted)
{
	if (is == wanted)
		return;
	bare_print("bad ");
	bare_print(what);
	bare_print(": ");
	bare_print_hex(is);
	bare_print(", not ");
	bare_print_hex(wanted);
	bare_print("\n");
}

void bare_poweroff(void)
{
	outb(BARE_SLEEP, SLEEP_S5);
	bare_halt();
}

void bare_halt(void)
{
	for (;;)
		__asm__ volatile("cli; hlt");
}

uint64_t bare_argument(void)
{
	const char *digit = argument;
	uint64_t number = 0;

	while (*digit >= '0' && *digit <= '9')
		number = 10 * number + (uint64_t)(*digit++ - '0');
	return number;
}

const struct bare_range *bare_memory_map(unsigned int *count)
{
	*count = start_info->memory_map_count;
	return (const struct bare_range *)start_info->memory_map;
}

/*
 * Returns whether the command line starts with this word; `argument` is the text behind it then.
 */
static bool bare_named(const char *name)
{
	const char *word = (const char *)start_info->command_line;

	while (*name && *name == *word) {
		name++;
		word++;
	}
	argument = *word == ' ' ? word + 1 : word;
	return !*name && (!*word || *word == ' ');
}

void bare_main(const struct start_info *info)
{
	const struct bare_check *check = bare_checks;

	start_info = info;
	bare_expect("magic of the start info", info->magic, PVH_MAGIC);
	while (check->name && !bare_named(check->name))
		check++;
	if (!check->name) {
		bare_print("bad command line: no check has this name\n");
		bare_poweroff();
	}
	check->run();
	bare_print("done\n");
	bare_poweroff();
}

/* For guests that wake no other CPU. */
__attribute__((weak)) void bare_cpu_main(unsigned int number)
{
	(void)number;
}
