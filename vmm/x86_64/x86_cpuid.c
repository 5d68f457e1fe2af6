/* SPDX-License-Identifier: MIT */
#include "x86.h"

#include <errno.h>
#include <linux/kvm.h>
#include <stdint.h>
#include <stdlib.h>

#include "vmm/core/kvm_calls.h"
#include "vmm/trace/log.h"
#include "vmm/core/vcpu.h"

#define CPUID_ENTRIES 256 /* KVM lists no more than this */

#define CPUID_1_ECX_X2APIC       (1u << 21)
#define CPUID_1_ECX_TSC_DEADLINE (1u << 24)
#define CPUID_1_ECX_HYPERVISOR   (1u << 31)
#define CPUID_1_EDX_HTT          (1u << 28)

#define CPUID_KVM_FEATURES 0x40000001u
#ifndef KVM_FEATURE_MSI_EXT_DEST_ID
#define KVM_FEATURE_MSI_EXT_DEST_ID 15
#endif

#define CPUID_HYPERVISOR_LEAVES 4u /* 0x40000000 and on */

#define CPUID_LEVEL_SMT  1u
#define CPUID_LEVEL_CORE 2u

/* The number of bits that an APIC id needs to distinguish `cpus` CPUs. */
static unsigned int x86_apic_id_bits(unsigned int cpus)
{
	unsigned int bits = 0;

	while ((1u << bits) < cpus)
		bits++;
	return bits;
}

/* SDM volume 2A, CPUID leaf 0BH: level 0 is the thread (one a core), level 1 the core. */
static void x86_cpuid_topology(struct kvm_cpuid_entry2 *entry, const struct vcpu *vcpu)
{
	unsigned int cpus = vcpu->vm->cpus;

	entry->eax = entry->ebx = 0;
	entry->ecx = entry->index & 0xff;
	entry->edx = vcpu->index;
	if (entry->index == 0) {
		entry->ebx = 1;
		entry->ecx |= CPUID_LEVEL_SMT << 8;
	} else if (entry->index == 1) {
		entry->eax = x86_apic_id_bits(cpus);
		entry->ebx = cpus;
		entry->ecx |= CPUID_LEVEL_CORE << 8;
	}
}

/*
 * The number of CPUs that share a cache, minus one. All CPUs share the last level, and no other
 * level is shared.
 */
static uint32_t x86_cache_sharers(uint32_t eax, unsigned int cpus)
{
	uint32_t level = (eax >> 5) & 7;

	return level >= 3 ? (1u << x86_apic_id_bits(cpus)) - 1 : 0;
}

static void x86_cpuid_fix(struct kvm_cpuid_entry2 *entry, const struct vcpu *vcpu)
{
	unsigned int cpus = vcpu->vm->cpus, bits = x86_apic_id_bits(cpus);

	switch (entry->function) {
	case 0x1:
		entry->ebx &= 0x0000ffff;
		entry->ebx |= vcpu->index << 24 | (bits > 7 ? 255u : 1u << bits) << 16;
		entry->ecx |= CPUID_1_ECX_X2APIC;
		if (vcpu->vm->hide_kvm)
			entry->ecx &= ~CPUID_1_ECX_HYPERVISOR;
		else
			entry->ecx |= CPUID_1_ECX_HYPERVISOR;
		if (trace_ioctl(vcpu->vm->kvm_fd, KVM_CHECK_EXTENSION, KVM_CAP_TSC_DEADLINE_TIMER) >
		    0)
			entry->ecx |= CPUID_1_ECX_TSC_DEADLINE;
		entry->edx =
			cpus > 1 ? entry->edx | CPUID_1_EDX_HTT : entry->edx & ~CPUID_1_EDX_HTT;
		break;
	case 0x4: /* Intel: deterministic cache parameters */
		entry->eax &= 0x00003fff;
		if (entry->eax & 0x1f)
			entry->eax |= ((1u << bits) - 1) << 26 | x86_cache_sharers(entry->eax, cpus)
									 << 14;
		break;
	case 0xb:
	case 0x1f:
		x86_cpuid_topology(entry, vcpu);
		break;
	case CPUID_KVM_FEATURES: /* the guest takes this leaf's bits as KVM's */
		if (cpus > X86_XAPIC_IDS)
			entry->eax |= 1u << KVM_FEATURE_MSI_EXT_DEST_ID;
		break;
	case 0x80000008: /* AMD: width of the APIC id, number of cores less one */
		entry->ecx = (entry->ecx & ~0xf0ffu) | bits << 12 | (cpus > 256 ? 255 : cpus - 1);
		if (vcpu->vm->gpa_bits) /* bits 23:16 are the width of the guest's own addresses */
			entry->eax = (entry->eax & ~0xff00ffu) | vcpu->vm->gpa_bits;
		break;
	case 0x8000001d: /* AMD: cache properties */
		entry->eax &= 0x00003fff;
		entry->eax |= x86_cache_sharers(entry->eax, cpus) << 14;
		break;
	case 0x8000001e: /* AMD: APIC id, core id with one thread a core, node 0 of 1 */
		entry->eax = vcpu->index;
		entry->ebx = vcpu->index & 0xff;
		entry->ecx = 0;
		break;
	}
}

/* KVM may list only the first level of a topology leaf; a guest needs both. */
static void x86_cpuid_add_core_level(struct kvm_cpuid2 *cpuid, uint32_t leaf)
{
	struct kvm_cpuid_entry2 core = { .function = leaf,
					 .index = 1,
					 .flags = KVM_CPUID_FLAG_SIGNIFCANT_INDEX };
	bool has_leaf = false;

	for (uint32_t i = 0; i < cpuid->nent; i++) {
		if (cpuid->entries[i].function != leaf)
			continue;
		if (cpuid->entries[i].index == 1)
			return;
		has_leaf = true;
	}
	if (has_leaf && cpuid->nent < CPUID_ENTRIES)
		cpuid->entries[cpuid->nent++] = core;
}

/* The leaves in which hypervisors introduce themselves: KVM's signature and its features. */
static void x86_cpuid_hide_kvm(struct kvm_cpuid2 *cpuid)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < cpuid->nent; i++)
		if (cpuid->entries[i].function >> 28 != CPUID_HYPERVISOR_LEAVES)
			cpuid->entries[kept++] = cpuid->entries[i];
	cpuid->nent = kept;
}

int x86_cpuid_init(struct vcpu *vcpu)
{
	struct kvm_cpuid2 *cpuid;
	int ret;

	cpuid = calloc(1, sizeof(*cpuid) + CPUID_ENTRIES * sizeof(cpuid->entries[0]));
	if (!cpuid)
		return log_errno("vCPU", -ENOMEM, "allocate CPUID table");
	cpuid->nent = CPUID_ENTRIES;
	ret = trace_ioctl(vcpu->vm->kvm_fd, KVM_GET_SUPPORTED_CPUID, cpuid);
	if (ret < 0) {
		log_errno("KVM", ret, "KVM_GET_SUPPORTED_CPUID");
		goto out;
	}
	x86_cpuid_add_core_level(cpuid, 0xb);
	x86_cpuid_add_core_level(cpuid, 0x1f);
	if (vcpu->vm->hide_kvm)
		x86_cpuid_hide_kvm(cpuid);
	for (uint32_t i = 0; i < cpuid->nent; i++)
		x86_cpuid_fix(&cpuid->entries[i], vcpu);
	ret = trace_ioctl(vcpu->fd, KVM_SET_CPUID2, cpuid);
	if (ret < 0)
		log_errno("KVM", ret, "KVM_SET_CPUID2 for vCPU %u", vcpu->index);
out:
	free(cpuid);
	return ret < 0 ? ret : 0;
}
