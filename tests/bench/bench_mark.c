/* SPDX-License-Identifier: MIT */
/*
 * bench_mark [guest|profile|write] says one mark (bench_mark.h) and ends. It uses no library. So
 * it costs little, and the same file runs on the lab host and in a guest.
 */
#include <asm/unistd.h>

#include "guests/bare/bench_mark.h"

void bench_mark_main(const long *stack);

__asm__(".globl _start\n"
	"_start: mov %rsp, %rdi\n"
	"and $-16, %rsp\n"
	"call bench_mark_main\n");

static void leave(void)
{
	long ret;

	__asm__ volatile("syscall" : "=a"(ret) : "0"(__NR_exit), "D"(0) : "rcx", "r11", "memory");
}

/* The stack of a new program holds the number of its arguments, then each of them. */
void bench_mark_main(const long *stack)
{
	const char *word = stack[0] > 1 ? (const char *)stack[2] : "";

	switch (*word) {
	case 'g':
		BENCH_MARK(BENCH_MARK_GUEST);
		break;
	case 'p':
		BENCH_MARK(BENCH_MARK_PROFILE);
		break;
	case 'w':
		BENCH_MARK(BENCH_MARK_WRITE);
		break;
	default:
		BENCH_MARK(BENCH_MARK_HOST);
		break;
	}
	leave();
}
