/* SPDX-License-Identifier: MIT */
/* The KVM ioctls that only arm64 makes, or makes for reasons of its own, and why. */
#include <inttypes.h>
#include <linux/kvm.h>
#include <stddef.h>

#include "aarch64.h"

#define FILE_VM   "VM"
#define FILE_VCPU "vCPU"
#define FILE_GIC  "GIC"

static const struct trace_name aarch64_features[] = {
	{ 1u << KVM_ARM_VCPU_POWER_OFF, "POWER_OFF" },
	{ 1u << KVM_ARM_VCPU_PSCI_0_2, "PSCI" },
	{ 1u << KVM_ARM_VCPU_PMU_V3, "PMU" },
	{ 1u << KVM_ARM_VCPU_PTRAUTH_ADDRESS, "PTRAUTH_ADDRESS" },
	{ 1u << KVM_ARM_VCPU_PTRAUTH_GENERIC, "PTRAUTH_GENERIC" },
	{ 1u << KVM_ARM_VCPU_SVE, "SVE" },
	{ 0, NULL },
};

static void aarch64_decode_init(struct trace_fields *fields, const void *arg, int result)
{
	const struct kvm_vcpu_init *init = arg;

	(void)result;
	trace_put(fields, "target", "%u", init->target);
	trace_put_flags(fields, "features", init->features[0], aarch64_features);
}

static void aarch64_decode_target(struct trace_fields *fields, const void *arg, int result)
{
	const struct kvm_vcpu_init *init = arg;

	if (result == 0)
		trace_put(fields, "target", "%u", init->target);
}

static void aarch64_decode_reg(struct trace_fields *fields, const void *arg, int result)
{
	static const struct trace_name names[] = {
		{ KVM_REG_ARM_CORE_REG(regs.pc), "pc" },
		{ KVM_REG_ARM_CORE_REG(regs.pstate), "pstate" },
		{ KVM_REG_ARM_CORE_REG(regs.regs[0]), "x0" },
		{ KVM_REG_ARM_CORE_REG(sp_el1), "sp" },
		{ 0, NULL },
	};
	const struct kvm_one_reg *reg = arg;

	(void)result;
	trace_put_name(fields, "register", reg->id & UINT16_MAX, names);
	trace_put(fields, "value", "%#" PRIx64, *(const uint64_t *)(uintptr_t)reg->addr);
}

static void aarch64_decode_gic(struct trace_fields *fields, const void *arg, int result)
{
	static const struct trace_name types[] = {
		{ KVM_DEV_TYPE_ARM_VGIC_V3, "GICv3" },
		{ KVM_DEV_TYPE_ARM_VGIC_ITS, "ITS" },
		{ 0, NULL },
	};
	const struct kvm_create_device *device = arg;

	trace_put_name(fields, "type", device->type, types);
	if (result >= 0)
		trace_put_result(fields, "fd %u", device->fd);
	fields->why = device->type == KVM_DEV_TYPE_ARM_VGIC_V3
			      ? "the interrupt controller in the kernel: interrupts need no exit "
				"to minivmm"
			      : "the part of it that takes messages and knows who sent each";
}

static void aarch64_decode_gic_attr(struct trace_fields *fields, const void *arg, int result)
{
	const struct kvm_device_attr *attr = arg;

	(void)result;
	switch (attr->group) {
	case KVM_DEV_ARM_VGIC_GRP_ADDR:
		trace_put(fields, "gpa", "%#" PRIx64, *(const uint64_t *)(uintptr_t)attr->addr);
		fields->why = "where the guest finds its registers; the device tree says the same";
		break;
	case KVM_DEV_ARM_VGIC_GRP_NR_IRQS:
		trace_put(fields, "interrupts", "%u", *(const uint32_t *)(uintptr_t)attr->addr);
		fields->why = "how many interrupts there are; the 32 private ones of each CPU are "
			      "counted once";
		break;
	default:
		fields->why =
			"it is complete: no vCPU can be added any more, and irqfds can be plugged";
	}
}

static void aarch64_decode_pmu_attr(struct trace_fields *fields, const void *arg, int result)
{
	const struct kvm_device_attr *attr = arg;

	(void)result;
	if (attr->attr == KVM_ARM_VCPU_PMU_V3_IRQ)
		trace_put(fields, "interrupt", "%d", *(const int *)(uintptr_t)attr->addr);
	fields->why = "performance counters, and the private interrupt that a full one raises";
}

TRACE_ABOUT(KVM_ARM_PREFERRED_TARGET, cpu, FILE_VM, aarch64_decode_target,
	    "which kind of CPU the guest gets: one like the host's");
TRACE_ABOUT(KVM_ARM_VCPU_INIT, cpu, FILE_VCPU, aarch64_decode_init,
	    "power-on state, with every feature that the host can offer");
TRACE_ABOUT(KVM_ARM_VCPU_FINALIZE, cpu, FILE_VCPU, NULL,
	    "vector registers are as long as the host's; registers can be set from now on");
TRACE_ABOUT(
	KVM_SET_ONE_REG, cpu, FILE_VCPU, aarch64_decode_reg,
	"the boot CPU starts at the kernel's entry point, with the device tree's address in x0");
TRACE_ABOUT(KVM_GET_ONE_REG, cpu, FILE_VCPU, aarch64_decode_reg,
	    "the guest crashed: where was it?");

const struct trace_about aarch64_about_gic = {
	.name = "KVM_CREATE_DEVICE",
	.tally = &trace_tally_KVM_CREATE_DEVICE,
	.topic = TRACE_TOPIC_irq,
	.object = FILE_VM,
	.decode = aarch64_decode_gic,
};

const struct trace_about aarch64_about_gic_attr = {
	.name = "KVM_SET_DEVICE_ATTR",
	.tally = &trace_tally_KVM_SET_DEVICE_ATTR,
	.topic = TRACE_TOPIC_irq,
	.object = FILE_GIC,
	.decode = aarch64_decode_gic_attr,
};

const struct trace_about aarch64_about_pmu_attr = {
	.name = "KVM_SET_DEVICE_ATTR",
	.tally = &trace_tally_KVM_SET_DEVICE_ATTR,
	.topic = TRACE_TOPIC_cpu,
	.object = FILE_VCPU,
	.decode = aarch64_decode_pmu_attr,
};

TRACE_DEFINE_CALLS(arch_calls, AARCH64_CALLS);
