/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <unistd.h>

#include "aarch64.h"
#include "vmm/core/arch.h"
#include "vmm/trace/log.h"

#define AARCH64_IPA_BITS_DEFAULT 40 /* the width if KVM does not report one */

#define AARCH64_PMU_PPI 23 /* the interrupt of a full counter: PPI 7 */

const struct arch_cap arch_caps[] = {
	{ KVM_CAP_DEVICE_CTRL, "KVM_CAP_DEVICE_CTRL" },
	{ KVM_CAP_ONE_REG, "KVM_CAP_ONE_REG" },
	{ KVM_CAP_ARM_PSCI_0_2, "KVM_CAP_ARM_PSCI_0_2" },
	{ 0, NULL },
};

static unsigned int aarch64_ipa_bits(int kvm_fd)
{
	int bits = trace_ioctl(kvm_fd, KVM_CHECK_EXTENSION, KVM_CAP_ARM_VM_IPA_SIZE);

	return bits > 0 ? (unsigned int)bits : AARCH64_IPA_BITS_DEFAULT;
}

/*
 * The width of a guest's addresses is chosen when the VM is created. minivmm takes the most that
 * KVM offers.
 */
unsigned int arch_gpa_bits(void)
{
	int kvm_fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	unsigned int bits = AARCH64_IPA_BITS_DEFAULT;

	if (kvm_fd < 0)
		return bits;
	bits = aarch64_ipa_bits(kvm_fd);
	close(kvm_fd);
	return bits;
}

unsigned long arch_vm_type(int kvm_fd)
{
	unsigned int bits = aarch64_ipa_bits(kvm_fd);

	return bits == AARCH64_IPA_BITS_DEFAULT ? 0 : KVM_VM_TYPE_ARM_IPA_SIZE(bits);
}

static bool aarch64_has(const struct vm *vm, int cap)
{
	return trace_ioctl(vm->fd, KVM_CHECK_EXTENSION, cap) > 0;
}

/* On arm64 the interrupt controllers are created last, by arch_vm_ready(). */
int arch_vm_init(struct vm *vm)
{
	vm->cpu_features = 0;
	if (aarch64_has(vm, KVM_CAP_ARM_SVE))
		vm->cpu_features |= AARCH64_SVE;
	if (aarch64_has(vm, KVM_CAP_ARM_PTRAUTH_ADDRESS) &&
	    aarch64_has(vm, KVM_CAP_ARM_PTRAUTH_GENERIC))
		vm->cpu_features |= AARCH64_POINTER;
	vm->pmu = aarch64_has(vm, KVM_CAP_ARM_PMU_V3);
	return 0;
}

/* KVM takes these two only after the GIC is complete. */
static int aarch64_pmu_init(const struct vcpu *vcpu)
{
	int irq = AARCH64_PMU_PPI;
	int ret = aarch64_set_attr(&aarch64_about_pmu_attr, vcpu->fd, KVM_ARM_VCPU_PMU_V3_CTRL,
				   KVM_ARM_VCPU_PMU_V3_IRQ, &irq, "PMU interrupt");

	return ret < 0 ? ret
		       : aarch64_set_attr(&aarch64_about_pmu_attr, vcpu->fd,
					  KVM_ARM_VCPU_PMU_V3_CTRL, KVM_ARM_VCPU_PMU_V3_INIT, NULL,
					  "PMU init");
}

int arch_vm_ready(struct vm *vm)
{
	int ret = aarch64_gic_init(vm);

	for (unsigned int i = 0; i < vm->cpus && vm->pmu && ret == 0; i++)
		ret = aarch64_pmu_init(&vm->vcpus[i]);
	return ret;
}
