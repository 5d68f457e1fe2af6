/* SPDX-License-Identifier: MIT */
/*
 * How a bare guest comes to life: from PVH's 32-bit protected mode into 64-bit mode, where C runs.
 * The other CPUs come the same way from the real mode in which a SIPI wakes them.
 *
 * Memory is mapped one to one, the first 8 GiB: low RAM, devices, some RAM above them.
 */
#define CODE64 0x08
#define CODE32 0x10
#define DATA   0x18

#define CR0_PE     (1 << 0)
#define CR0_PG     (1 << 31)
#define CR4_PAE    (1 << 5)
#define MSR_EFER   0xc0000080
#define EFER_LME   (1 << 8)
#define GIB_MAPPED 8

#define STACK_SIZE 4096

	/* XEN_ELFNOTE_PHYS32_ENTRY */
	.section .note.pvh, "a", @note
	.align 4
	.long 4, 4, 18
	.asciz "Xen"
	.long bare_start

	.text
	.code32
	.globl bare_start
bare_start: /* ebx: struct hvm_start_info */
	mov $start64, %esi
	jmp enter_long_mode

cpu_start32:
	mov $DATA, %eax
	mov %eax, %ds
	mov %eax, %ss
	mov $cpu_start64, %esi

enter_long_mode: /* esi: where to go on */
	mov %cr4, %eax
	or $CR4_PAE, %eax
	mov %eax, %cr4
	mov $page_map, %eax
	mov %eax, %cr3
	mov $MSR_EFER, %ecx
	rdmsr
	or $EFER_LME, %eax
	wrmsr
	mov %cr0, %eax
	or $CR0_PG, %eax
	mov %eax, %cr0
	lgdt gdt_pointer
	ljmp $CODE64, $long_mode

	.code64
long_mode:
	mov $DATA, %eax
	mov %eax, %ds
	mov %eax, %es
	mov %eax, %ss
	mov %esi, %esi
	jmp *%rsi

start64:
	mov $stack_top, %esp
	mov %ebx, %edi
	call bare_main
	ud2

/* Each CPU takes the next number and the stack that goes with it. */
cpu_start64:
	mov $1, %edi
	lock xadd %edi, cpus_started
	mov %edi, %eax
	and $(BARE_CPUS_MAX - 1), %eax
	shl $12, %eax
	lea cpu_stacks + STACK_SIZE(%eax), %esp
	call bare_cpu_main
0:	cli
	hlt
	jmp 0b

	/* Copied to below 1 MiB; cs * 16 is where it lies. */
	.code16
	.globl bare_cpu_start, bare_cpu_start_end
bare_cpu_start:
	cli
	mov %cs, %ax
	mov %ax, %ds
	lgdtl (gdt_pointer_low - bare_cpu_start)
	mov %cr0, %eax
	or $CR0_PE, %al
	mov %eax, %cr0
	ljmpl $CODE32, $cpu_start32
	.align 4
gdt_pointer_low:
	.word gdt_end - gdt - 1
	.long gdt
bare_cpu_start_end:

	.data
	.align 8
gdt:
	.quad 0
	.quad 0x00af9b000000ffff
	.quad 0x00cf9b000000ffff
	.quad 0x00cf93000000ffff
gdt_end:
gdt_pointer:
	.word gdt_end - gdt - 1
	.long gdt

	.align 4096
page_map:
	.quad page_pointers + 3
	.fill 511, 8, 0
page_pointers:
	.set i, 0
	.rept GIB_MAPPED
	.quad page_directories + i * 4096 + 3
	.set i, i + 1
	.endr
	.fill 512 - GIB_MAPPED, 8, 0
page_directories: /* pages of 2 MiB: present, writable, large */
	.set i, 0
	.rept GIB_MAPPED * 512
	.quad (i << 21) + 0x83
	.set i, i + 1
	.endr

	.bss
	.align 4096
	.skip STACK_SIZE
stack_top:
cpu_stacks:
	.skip STACK_SIZE * BARE_CPUS_MAX
cpus_started:
	.long 0

	.section .note.GNU-stack, "", @progbits
