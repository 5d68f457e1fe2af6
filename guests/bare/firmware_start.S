/* SPDX-License-Identifier: MIT */
/*
 * How firmware.c comes to life: from the reset vector, in real mode, into flat protected mode.
 *
 * Read beside it: Intel SDM volume 3A, "First Instruction Executed".
 */
#define CODE      0x08
#define DATA      0x10
#define STACK_TOP 0x10000
#define CR0_PE    (1 << 0)

/* In real mode the code segment begins at 0xffff0000 until it is loaded anew. firmware.ld */
#define START 0xff00

	.section .start, "ax"
	.code16
start16:
	cli
	lgdtl %cs:(descriptors - start16 + START)
	mov %cr0, %eax
	or $CR0_PE, %al
	mov %eax, %cr0
	ljmpl $CODE, $start32

	.code32
start32:
	mov $DATA, %eax
	mov %eax, %ds
	mov %eax, %es
	mov %eax, %ss
	mov $STACK_TOP, %esp
	call firmware_main

	/* Nobody looks at the first descriptor, so where they are is written there. */
	.align 8
descriptors:
	.word descriptors_end - descriptors - 1
	.long descriptors
	.word 0
	.quad 0x00cf9b000000ffff
	.quad 0x00cf93000000ffff
descriptors_end:

	.section .reset, "ax"
	.code16
	jmp start16

	.section .note.GNU-stack, "", @progbits
