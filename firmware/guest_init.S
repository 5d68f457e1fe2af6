/* SPDX-License-Identifier: MIT */
/*
 * The default guest's init, a static program compiled for the guest, carried along as plain bytes:
 * guest_init_start[] .. guest_init_end[]. GUEST_INIT is its path, from the Makefile.
 */
	.section .rodata
	.balign 16
	.globl guest_init_start
	.globl guest_init_end
guest_init_start:
	.incbin GUEST_INIT
guest_init_end:

/* Without this note the linker would make the whole program's stack executable. */
	.section .note.GNU-stack, "", %progbits
