/* SPDX-License-Identifier: MIT */
/*
 * Wake the other CPUs; each says who it is, in three ways that must agree.
 */
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

void bare_cpu_main(unsigned int number)
{
	if (number < BARE_CPUS_MAX)
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
		inb(BARE_PORT_FREE); /* one more than there should be would come now */
	bare_expect("CPUs woken", cpus_ready, others);
}

/* The argument says how many CPUs there are. */
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

/* The argument says whether the guest is to see that it is one. */
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
	{ NULL, NULL },
};
