/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <inttypes.h>
#include <linux/kvm.h>
#include <stddef.h>
#include <stdio.h>

#include "aarch64.h"
#include "vmm/core/arch.h"
#include "vmm/trace/log.h"

/* KVM's id of a core register. All that are used here are 64 bits wide. */
#define AARCH64_CORE(field)                                                                        \
	(KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_CORE | KVM_REG_ARM_CORE_REG(field))

#define AARCH64_REGS 31 /* x0 to x30 */

static int aarch64_set_reg(const struct vcpu *vcpu, uint64_t id, uint64_t value)
{
	struct kvm_one_reg reg = { .id = id, .addr = (uintptr_t)&value };
	int ret = trace_ioctl(vcpu->fd, KVM_SET_ONE_REG, &reg);

	return ret < 0 ? log_errno("KVM", ret, "KVM_SET_ONE_REG %#" PRIx64, id) : 0;
}

static uint64_t aarch64_get_reg(const struct vcpu *vcpu, uint64_t id)
{
	uint64_t value = 0;
	struct kvm_one_reg reg = { .id = id, .addr = (uintptr_t)&value };

	return trace_ioctl(vcpu->fd, KVM_GET_ONE_REG, &reg) < 0 ? 0 : value;
}

static void aarch64_enable(struct kvm_vcpu_init *init, unsigned int feature)
{
	init->features[feature / 32] |= 1u << feature % 32;
}

/*
 * Enable every feature that this host offers. All CPUs but the first wait until PSCI switches them
 * on.
 */
static int aarch64_init_features(struct vcpu *vcpu)
{
	const struct vm *vm = vcpu->vm;
	struct kvm_vcpu_init init;
	int ret = trace_ioctl(vm->fd, KVM_ARM_PREFERRED_TARGET, &init);

	if (ret < 0)
		return log_errno("KVM", ret, "KVM_ARM_PREFERRED_TARGET");
	aarch64_enable(&init, KVM_ARM_VCPU_PSCI_0_2);
	if (vcpu->index > 0)
		aarch64_enable(&init, KVM_ARM_VCPU_POWER_OFF);
	if (vm->pmu)
		aarch64_enable(&init, KVM_ARM_VCPU_PMU_V3);
	if (vm->cpu_features & AARCH64_SVE)
		aarch64_enable(&init, KVM_ARM_VCPU_SVE);
	if (vm->cpu_features & AARCH64_POINTER) {
		aarch64_enable(&init, KVM_ARM_VCPU_PTRAUTH_ADDRESS);
		aarch64_enable(&init, KVM_ARM_VCPU_PTRAUTH_GENERIC);
	}
	ret = trace_ioctl(vcpu->fd, KVM_ARM_VCPU_INIT, &init);
	return ret < 0 ? log_errno("KVM", ret, "KVM_ARM_VCPU_INIT") : 0;
}

/* This fixes the vector lengths; minivmm keeps all that the host has. */
static int aarch64_finalize(struct vcpu *vcpu)
{
	int feature = KVM_ARM_VCPU_SVE, ret;

	if (!(vcpu->vm->cpu_features & AARCH64_SVE))
		return 0;
	ret = trace_ioctl(vcpu->fd, KVM_ARM_VCPU_FINALIZE, &feature);
	return ret < 0 ? log_errno("KVM", ret, "KVM_ARM_VCPU_FINALIZE") : 0;
}

/*
 * KVM_ARM_VCPU_INIT leaves a CPU as the boot protocol wants it: EL1, MMU off, interrupts masked.
 */
int arch_vcpu_init(struct vcpu *vcpu)
{
	const struct arch_entry *entry = &vcpu->vm->entry;
	int ret = vcpu->vm->hide_kvm ? -ENOTSUP : 0;

	if (ret < 0)
		return log_errno("--hide-kvm", ret, "not on arm64");
	ret = aarch64_init_features(vcpu);
	if (ret == 0)
		ret = aarch64_finalize(vcpu);
	if (ret < 0 || vcpu->index > 0)
		return ret;
	ret = aarch64_set_reg(vcpu, AARCH64_CORE(regs.pc), entry->pc);
	return ret < 0 ? ret : aarch64_set_reg(vcpu, AARCH64_CORE(regs.regs[0]), entry->arg);
}

/* minivmm enables no capability that would cause exits specific to arm64. */
bool arch_vcpu_exit(struct vcpu *vcpu)
{
	(void)vcpu;
	return false;
}

/* KVM on arm64 cannot tell a guest that it was paused. */
void arch_vcpu_paused(struct vcpu *vcpu)
{
	(void)vcpu;
}

void arch_vcpu_dump(struct vcpu *vcpu)
{
	fprintf(stderr, "  pc  %016" PRIx64 " sp  %016" PRIx64 " pstate %08" PRIx64 "\n",
		aarch64_get_reg(vcpu, AARCH64_CORE(regs.pc)),
		aarch64_get_reg(vcpu, AARCH64_CORE(sp_el1)),
		aarch64_get_reg(vcpu, AARCH64_CORE(regs.pstate)));
	for (unsigned int i = 0; i < AARCH64_REGS; i++) {
		uint64_t id =
			AARCH64_CORE(regs.regs[0]) + i * (sizeof(uint64_t) / sizeof(uint32_t));

		fprintf(stderr, "  x%-2u %016" PRIx64 "%s", i, aarch64_get_reg(vcpu, id),
			i % 4 == 3 || i == AARCH64_REGS - 1 ? "\n" : "");
	}
}
