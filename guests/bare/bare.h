/* SPDX-License-Identifier: MIT */
/*
 * What every bare-metal guest needs: a list of checks, of which the command line picks one by
 * name; a serial port to report on; and the instructions that C has no words for.
 *
 * A guest prints "bad ..." for each thing that is not as expected and "done" at the end. Then it
 * powers off.
 *
 * Read beside it: Intel SDM volume 3A; the start is PVH's, docs/misc/pvh.pandoc of the Xen
 * project.
 */
#ifndef MINIVMM_BARE_H
#define MINIVMM_BARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The machine's map, as vmm/x86_64/x86_layout.c draws it. */
#define BARE_SERIAL     0x3f8
#define BARE_SLEEP      0x600
#define BARE_RESET      0x602
#define BARE_BUTTON     0x603u /* devices/ged.h: written, 1 says that the guest listens */
#define BARE_ECAM       0xf0000000ull
#define BARE_MMIO_FREE  0xe0000000ull /* no BAR is here until a guest puts one here */
#define BARE_PORT_FREE  0x1234
#define BARE_INTX_GSI   16u
#define BARE_INTX_LINES 8u
#define BARE_UNTOUCHED  0x1000000ull /* RAM that no loader writes to keeps its words */

struct bare_check {
	const char *name;
	void (*run)(void);
};

/* The guest's own list of checks, ended by an empty one. */
extern const struct bare_check bare_checks[];

/* One range of the memory map that PVH hands over. */
struct bare_range {
	uint64_t base, size;
	uint32_t type, reserved;
};
#define BARE_RANGE_RAM 1u

/* The number behind the check's name on the command line, or 0. */
uint64_t bare_argument(void);

/* Returns the memory map, and sets *count to its number of ranges. */
const struct bare_range *bare_memory_map(unsigned int *count);

/* Print a "bad" line if `is` differs from `wanted`. */
void bare_expect(const char *what, uint64_t is, uint64_t wanted);

void bare_print(const char *text);
void bare_print_hex(uint64_t value);
_Noreturn void bare_poweroff(void);
_Noreturn void bare_halt(void);

/* Each CPU that bare_start_cpus() woke calls this with a number of its own, counted from 0. */
void bare_cpu_main(unsigned int number);

/* In bare_start.S: the code that a woken CPU runs first. */
extern const char bare_cpu_start[], bare_cpu_start_end[];

#define BARE_PORT_ACCESS(suffix, type)                                                             \
	static inline type in##suffix(uint16_t port)                                               \
	{                                                                                          \
		type value;                                                                        \
                                                                                                   \
		__asm__ volatile("in" #suffix " %1, %0" : "=a"(value) : "Nd"(port));               \
		return value;                                                                      \
	}                                                                                          \
	static inline void out##suffix(uint16_t port, type value)                                  \
	{                                                                                          \
		__asm__ volatile("out" #suffix " %0, %1" : : "a"(value), "Nd"(port));              \
	}
BARE_PORT_ACCESS(b, uint8_t)
BARE_PORT_ACCESS(w, uint16_t)
BARE_PORT_ACCESS(l, uint32_t)

/* Each of these is one instruction, of exactly this width. */
#define BARE_MEMORY_ACCESS(bits, suffix)                                                           \
	static inline uint##bits##_t read##bits(uint64_t address)                                  \
	{                                                                                          \
		uint##bits##_t value;                                                              \
                                                                                                   \
		__asm__ volatile("mov" #suffix " (%1), %0"                                         \
				 : "=r"(value)                                                     \
				 : "r"(address)                                                    \
				 : "memory");                                                      \
		return value;                                                                      \
	}                                                                                          \
	static inline void write##bits(uint64_t address, uint##bits##_t value)                     \
	{                                                                                          \
		__asm__ volatile("mov" #suffix " %0, (%1)"                                         \
				 :                                                                 \
				 : "r"(value), "r"(address)                                        \
				 : "memory");                                                      \
	}
BARE_MEMORY_ACCESS(8, b)
BARE_MEMORY_ACCESS(16, w)
BARE_MEMORY_ACCESS(32, l)
BARE_MEMORY_ACCESS(64, q)

static inline void bare_cpuid(uint32_t leaf, uint32_t index, uint32_t regs[4])
{
	__asm__ volatile("cpuid"
			 : "=a"(regs[0]), "=b"(regs[1]), "=c"(regs[2]), "=d"(regs[3])
			 : "a"(leaf), "c"(index));
}

#endif
