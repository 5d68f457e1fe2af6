/* SPDX-License-Identifier: MIT */
/* Wake the other CPUs. Each says who it is, in three ways that must agree. */
#include "bare_irq.h"

#define WAIT_EXITS    50000u
#define LEAF_TOPOLOGY 0xbu

#define LEAF_HYPERVISOR 0x40000000u
#define SIGNATURE_KVMK  0x4b4d564bu

struct cpu {
	uint32_t apic_id;
	uint32_t leaf_1_id;
	uint32_t topology_id;
	uint32_t level_cpus; /* CPUs in the package, by leaf 0xb */
};

static volatile struct cpu cpus[BARE_CPUS_MAX];
static volatile unsigned int cpus_ready;

static void describe(volatile struct cpu *cpu)
{
	uint32_t regs[4];

	cpu->apic_id = bare_apic_read(BARE_APIC_ID) >> 24;
	bare_cpuid(1, 0, regs);
	cpu->leaf_1_id = regs[1] >> 24;
	bare_cpuid(0, 0, regs);
	cpu->topology_id = cpu->leaf_1_id;
	if (regs[0] < LEAF_TOPOLOGY)
		return; /* this KVM has no such leaf */
	bare_cpuid(LEAF_TOPOLOGY, 1, regs);
	cpu->topology_id = regs[3];
	cpu->level_cpus = regs[1] & 0xffff;
}

#define MSR_APIC_BASE    0x1bu
#define APIC_BASE_X2APIC (1u << 10)
#define MSR_X2APIC_ID    0x802u
#define KVM_FEATURES     0x40000001u
#define KVM_EXT_DEST_BIT 15

/* In x2APIC mode the APIC tells its whole id, as leaf 0xb does. */
static uint32_t x2apic_id(void)
{
	uint32_t low, high, regs[4];

	__asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(MSR_APIC_BASE));
	low |= APIC_BASE_X2APIC;
	__asm__ volatile("wrmsr" : : "a"(low), "d"(high), "c"(MSR_APIC_BASE));
	__asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(MSR_X2APIC_ID));
	bare_cpuid(LEAF_TOPOLOGY, 1, regs);
	return regs[3] == low ? low : UINT32_MAX;
}

static volatile uint8_t x2apic_seen[BARE_CPUS_MAX];

static volatile bool many;

void bare_cpu_main(unsigned int number)
{
	if (many)
		x2apic_seen[x2apic_id() % BARE_CPUS_MAX]++;
	else if (number < BARE_CPUS_MAX)
		describe(&cpus[number]);
	__atomic_fetch_add(&cpus_ready, 1, __ATOMIC_RELEASE);
	bare_halt();
}

static void wake_others(unsigned int others)
{
	bare_start_cpus();
	for (unsigned int i = 0; i < WAIT_EXITS && cpus_ready < others; i++)
		inb(BARE_PORT_FREE);
	for (unsigned int i = 0; i < 100; i++)
		inb(BARE_PORT_FREE); /* a CPU too many would come now */
	bare_expect("CPUs woken", cpus_ready, others);
}

/* The argument is the number of CPUs. */
static void check_cpus(void)
{
	unsigned int count = (unsigned int)bare_argument();
	uint64_t seen = 0;

	wake_others(count - 1);
	describe(&cpus[count - 1]);
	for (unsigned int i = 0; i < count; i++) {
		bare_expect("id in leaf 1", cpus[i].leaf_1_id, cpus[i].apic_id);
		bare_expect("id in leaf 0xb", cpus[i].topology_id, cpus[i].apic_id);
		if (cpus[i].level_cpus)
			bare_expect("CPUs in leaf 0xb", cpus[i].level_cpus, count);
		seen |= 1ull << (cpus[i].apic_id & 63);
	}
	bare_expect("set of ids", seen, UINT64_MAX >> (64 - count));
}

/* More CPUs than 8-bit ids can name. The argument is their number. */
static void check_many(void)
{
	unsigned int count = (unsigned int)bare_argument();
	uint32_t regs[4];

	many = true;
	wake_others(count - 1);
	x2apic_seen[x2apic_id() % BARE_CPUS_MAX]++;
	for (unsigned int i = 0; i < count; i++)
		bare_expect("CPUs of an id", x2apic_seen[i], 1);
	bare_cpuid(KVM_FEATURES, 0, regs);
	bare_expect("long destinations in messages", regs[0] >> KVM_EXT_DEST_BIT & 1, 1);
}

/* The argument says whether the guest is to see that it is a guest. */
static void check_hypervisor(void)
{
	uint64_t seen = bare_argument();
	uint32_t regs[4];

	bare_cpuid(1, 0, regs);
	bare_expect("hypervisor bit", regs[2] >> 31, seen);
	bare_cpuid(LEAF_HYPERVISOR, 0, regs);
	bare_expect("signature is KVM's", regs[1] == SIGNATURE_KVMK, seen);
}

const struct bare_check bare_checks[] = {
	{ "hypervisor", check_hypervisor },
	{ "wake", check_cpus },
	{ "many", check_many },
	{ NULL, NULL },
};
