/* SPDX-License-Identifier: MIT */
/*
 * What the files of this folder share: the x86 side of vmm/core/arch.h.
 *
 * Read beside it: Intel SDM volume 3 (2.2 and 4.5), AMD APM volume 2; KVM's api.rst.
 */
#ifndef MINIVMM_X86_H
#define MINIVMM_X86_H

struct vcpu;

/*
 * Give the vCPU every feature KVM supports, with a topology of one socket and one thread per core:
 * APIC id = index in each leaf that tells it. 0 or -errno, logged.
 */
int x86_cpuid_init(struct vcpu *vcpu);

#endif
