/* SPDX-License-Identifier: MIT */
/* The ways in which a guest ends or starts over. Each returns only if the machine ignored it. */
#include "bare.h"

#define I8042_COMMAND 0x64
#define I8042_RESET   0xfe
#define RESET_VALUE   1
#define PVPANIC       0x505
#define PVPANIC_PANIC 1

#define BOOT_MAGIC 0xb0070000u
#define BOOT_WORD  BARE_UNTOUCHED

static void check_poweroff(void)
{
	bare_print("going\n");
	bare_poweroff();
}

/* These writes go to the same ports but do not ask for a power-off or a reset. */
static void check_near_misses(void)
{
	outb(BARE_SLEEP, 0);
	outb(BARE_SLEEP, 1u << 5 | 1u << 2);
	outb(BARE_SLEEP, 5u << 2);
	outb(BARE_RESET, 0);
	outb(BARE_RESET, 6);
	outb(I8042_COMMAND, 0xad);
	outb(PVPANIC, 0);
	bare_expect("sleep status", inb(BARE_SLEEP + 1), 0);
	bare_expect("keyboard controller's status", inb(I8042_COMMAND), 0xff);
	bare_expect("what pvpanic understands", inb(PVPANIC) & PVPANIC_PANIC, PVPANIC_PANIC);
}

/* RAM outlives a reset, so the boots are counted in it. */
static unsigned int count_boot(void)
{
	uint32_t word = read32(BOOT_WORD);
	unsigned int boots = (word & 0xffff0000) == BOOT_MAGIC ? (word & 0xffff) + 1 : 1;

	write32(BOOT_WORD, BOOT_MAGIC | boots);
	bare_print(boots == 1 ? "boot 1\n" : boots == 2 ? "boot 2\n" : "boot 3\n");
	return boots;
}

static void check_reset(void)
{
	if (count_boot() < 3)
		outb(BARE_RESET, RESET_VALUE);
	else
		bare_poweroff();
	bare_halt();
}

static void check_reset_keyboard(void)
{
	if (count_boot() < 2)
		outb(I8042_COMMAND, I8042_RESET);
	else
		bare_poweroff();
	bare_halt();
}

static void check_panic(void)
{
	outb(PVPANIC, PVPANIC_PANIC);
	bare_halt();
}

/* Write as often as one instruction can: 4096 times are one exit. */
static void check_panics(void)
{
	uint8_t *from = (uint8_t *)BARE_UNTOUCHED;
	unsigned long count = 4096;

	for (unsigned long i = 0; i < count; i++)
		from[i] = PVPANIC_PANIC;
	__asm__ volatile("cld; rep outsb" : "+S"(from), "+c"(count) : "d"(PVPANIC) : "memory");
	bare_halt();
}

/* A fault without handlers is a triple fault, which ends the CPU. */
static void check_triple_fault(void)
{
	static const struct {
		uint16_t limit;
		uint64_t base;
	} __attribute__((packed)) nothing;

	__asm__ volatile("lidt %0; ud2" : : "m"(nothing));
}

static void check_loop(void)
{
	bare_print("looping\n");
	for (;;)
		__asm__ volatile("pause");
}

static void check_sleep(void)
{
	bare_print("sleeping\n");
	bare_halt();
}

/* Print every character that comes, until a `q`; `!` is a panic. The serial port is polled. */
static void check_echo(void)
{
	char text[2] = "";

	bare_print("ready\n");
	while (text[0] != 'q') {
		if (!(inb(BARE_SERIAL + 5) & 1))
			continue;
		text[0] = (char)inb(BARE_SERIAL);
		bare_print(text);
		if (text[0] == '!')
			check_panic();
	}
	bare_print("\n");
}

const struct bare_check bare_checks[] = {
	{ "poweroff", check_poweroff },
	{ "near_misses", check_near_misses },
	{ "reset", check_reset },
	{ "reset_keyboard", check_reset_keyboard },
	{ "panic", check_panic },
	{ "triple_fault", check_triple_fault },
	{ "loop", check_loop },
	{ "sleep", check_sleep },
	{ "echo", check_echo },
	{ "panics", check_panics },
	{ NULL, NULL },
};
