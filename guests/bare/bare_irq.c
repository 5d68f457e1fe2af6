/* SPDX-License-Identifier: MIT */
#include "bare_irq.h"

#define APIC     0xfee00000ull
#define APIC_EOI 0xb0u
#define APIC_ON  0x1ffu /* APIC enabled, with spurious vector 0xff */

#define ICR_INIT   0x000c4500u /* to all but this one */
#define ICR_START  0x000c4600u
#define START_PAGE 0x8u /* real mode at 0x8000 */

#define IOAPIC_SELECT 0xfec00000ull
#define IOAPIC_WINDOW 0xfec00010ull
#define IOAPIC_PIN    0x10u
#define IOAPIC_LEVEL  (1u << 15)
#define IOAPIC_LOW    (1u << 13)

#define GATES          256u
#define GATE_INTERRUPT 0x8e00u
#define CODE64         0x08u

/*
 * Each read is an exit to minivmm, so the delay does not depend on the CPU's speed. The long one is
 * for an interrupt that will come: the kernel's thread that injects it may be late on a busy host.
 */
#define WAIT_LONG  400000u
#define WAIT_SHORT 300u

struct gate {
	uint16_t offset_low, selector, flags, offset_middle;
	uint32_t offset_high, reserved;
};

struct interrupt_frame;

volatile unsigned int bare_irq_count[BARE_VECTORS];
void (*volatile bare_irq_hook)(void);

static struct gate gates[GATES];

uint32_t bare_apic_read(unsigned int offset)
{
	return read32(APIC + offset);
}

#define MSR_APIC_BASE    0x1bu
#define APIC_BASE_X2APIC (1u << 10)
#define MSR_X2APIC       0x800u /* its registers, one for each 16 bytes of the other mode */

static bool x2apic;

/*
 * Many CPUs start in x2APIC mode, in which the registers are no memory. Asking for the mode is an
 * exit, so it is asked for once, not at each interrupt. Only the first CPU comes here.
 */
static void switch_apic_on(void)
{
	uint32_t low, high;

	__asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(MSR_APIC_BASE));
	x2apic = low & APIC_BASE_X2APIC;
	bare_apic_write(BARE_APIC_SVR, APIC_ON);
}

void bare_apic_write(unsigned int offset, uint32_t value)
{
	if (x2apic)
		__asm__ volatile("wrmsr" : : "a"(value), "d"(0), "c"(MSR_X2APIC + offset / 16));
	else
		write32(APIC + offset, value);
}

static void interrupt(unsigned int n)
{
	bare_irq_count[n] = bare_irq_count[n] + 1;
	if (n == 0 && bare_irq_hook)
		bare_irq_hook();
	bare_apic_write(APIC_EOI, 0);
}

#define INTERRUPT(n)                                                                               \
	__attribute__((interrupt)) static void interrupt_##n(struct interrupt_frame *frame)        \
	{                                                                                          \
		(void)frame;                                                                       \
		interrupt(n);                                                                      \
	}
INTERRUPT(0)
INTERRUPT(1)
INTERRUPT(2)
INTERRUPT(3)

__attribute__((interrupt)) static void interrupt_spurious(struct interrupt_frame *frame)
{
	(void)frame;
}

static void set_gate(unsigned int vector, void (*handler)(struct interrupt_frame *))
{
	uint64_t offset = (uintptr_t)handler;

	gates[vector] = (struct gate){
		.offset_low = (uint16_t)offset,
		.selector = CODE64,
		.flags = GATE_INTERRUPT,
		.offset_middle = (uint16_t)(offset >> 16),
	};
}

void bare_irq_start(void)
{
	struct {
		uint16_t limit;
		uint64_t base;
	} __attribute__((packed)) pointer = { sizeof(gates) - 1, (uintptr_t)gates };

	set_gate(BARE_VECTOR, interrupt_0);
	set_gate(BARE_VECTOR + 1, interrupt_1);
	set_gate(BARE_VECTOR + 2, interrupt_2);
	set_gate(BARE_VECTOR + 3, interrupt_3);
	set_gate(GATES - 1, interrupt_spurious);
	outb(0x21, 0xff); /* mask the old interrupt controllers */
	outb(0xa1, 0xff);
	switch_apic_on();
	__asm__ volatile("lidt %0; sti" : : "m"(pointer));
}

void bare_irq_open_pin(unsigned int gsi)
{
	write32(IOAPIC_SELECT, IOAPIC_PIN + 2 * gsi + 1);
	write32(IOAPIC_WINDOW, 0); /* to the CPU with APIC id 0 */
	write32(IOAPIC_SELECT, IOAPIC_PIN + 2 * gsi);
	write32(IOAPIC_WINDOW, BARE_VECTOR | IOAPIC_LEVEL);
}

void bare_start_cpus(void)
{
	char *low = (char *)(uintptr_t)(START_PAGE << 12);

	for (const char *from = bare_cpu_start; from < bare_cpu_start_end;)
		*low++ = *from++;
	switch_apic_on();
	bare_apic_write(BARE_APIC_ICR, ICR_INIT);
	inb(BARE_PORT_FREE);
	bare_apic_write(BARE_APIC_ICR, ICR_START | START_PAGE);
}

void bare_irq_wait(unsigned int n, unsigned int count)
{
	for (unsigned int i = 0; i < WAIT_LONG && bare_irq_count[n] < count; i++)
		inb(BARE_PORT_FREE);
}

void bare_irq_linger(void)
{
	for (unsigned int i = 0; i < WAIT_SHORT; i++)
		inb(BARE_PORT_FREE);
}
