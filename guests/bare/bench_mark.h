/* SPDX-License-Identifier: MIT */
/*
 * A word to the plugin count_instructions.c: an instruction that does nothing and has a number in
 * it. The plugin writes down how many instructions were executed until then. The guest of a guest
 * may say it, too, because the emulator executes all of their code.
 */
#ifndef MINIVMM_BENCH_MARK_H
#define MINIVMM_BENCH_MARK_H

/* `nopl NUMBER(%rax)`: 0f 1f 80 and the number, of which the upper half is always the same. */
#define BENCH_MARK_MAGIC 0x6d6b0000u
#define BENCH_MARK_SIZE  7u

#define BENCH_MARK_HOST    1 /* said by a program on the lab host */
#define BENCH_MARK_GUEST   2 /* said by a guest */
#define BENCH_MARK_PROFILE 3 /* from here on blocks are counted by their addresses */
#define BENCH_MARK_WRITE   4 /* the counting ends, and its result is written to a file */

#define BENCH_MARK_TEXT(number)  BENCH_MARK_TEXT_(number)
#define BENCH_MARK_TEXT_(number) #number
#define BENCH_MARK(number)                                                                         \
	__asm__ volatile(".byte 0x0f, 0x1f, 0x80; .long 0x6d6b0000 + " BENCH_MARK_TEXT(number)     \
			 :                                                                         \
			 :                                                                         \
			 : "memory")

#endif
