/* SPDX-License-Identifier: MIT */
/*
 * What the files of this folder share: the x86 side of vmm/core/arch.h.
 *
 * Read beside it: Intel SDM volume 3 (2.2 and 4.5), AMD APM volume 2; KVM's api.rst.
 */
#ifndef MINIVMM_X86_H
#define MINIVMM_X86_H

#include <stdbool.h>
#include <stdint.h>

#include "vmm/trace/trace.h"

/*
 * Pages that KVM needs on Intel CPUs without unrestricted guest: one for its identity map, three
 * for its TSS. They lie below the local APIC and clear of the flash at the end of 4 GiB.
 */
#define X86_IDENTITY_MAP 0xfeffc000ull
#define X86_KVM_PAGES    4

/*
 * APIC ids from here on do not fit into 8 bits, of which 255 means all. A guest with such CPUs
 * starts with its local APICs in x2APIC mode.
 */
#define X86_XAPIC_IDS 255u

struct vcpu;

/* clang-format off */
/* The KVM ioctls that only x86 makes. What each means is in x86_trace.c. */
#define X86_CALLS(X)                                                                               \
	X(KVM_GET_SUPPORTED_CPUID) X(KVM_CREATE_IRQCHIP) X(KVM_CREATE_PIT2) X(KVM_SET_TSS_ADDR)    \
	X(KVM_SET_IDENTITY_MAP_ADDR) X(KVM_SET_CPUID2) X(KVM_GET_SREGS) X(KVM_SET_SREGS)           \
	X(KVM_GET_REGS) X(KVM_SET_REGS) X(KVM_SET_MSRS) X(KVM_ENABLE_CAP) X(KVM_KVMCLOCK_CTRL)

X86_CALLS(TRACE_DECLARE)
/* clang-format on */

/*
 * Give the vCPU every feature that KVM supports, with a topology of one socket and one thread per
 * core. Each leaf that holds an APIC id holds the vCPU's index. 0 or -errno, logged.
 */
int x86_cpuid_init(struct vcpu *vcpu);

/* arch_ram_high() for a processor of a given vendor. */
uint64_t x86_ram_high(bool amd, uint64_t size);

#endif
