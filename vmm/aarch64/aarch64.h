/* SPDX-License-Identifier: MIT */
/*
 * What the files of this folder share: the arm64 side of vmm/core/arch.h.
 *
 * Read beside it: KVM's api.rst, devices/arm-vgic-v3.rst, devices/arm-vgic-its.rst,
 * devices/vcpu.rst; the Arm Architecture Reference Manual, the GIC architecture specification.
 */
#ifndef MINIVMM_AARCH64_H
#define MINIVMM_AARCH64_H

#include "vmm/core/kvm_calls.h"
#include "vmm/core/vcpu.h"

/* clang-format off */
/* The KVM ioctls that only arm64 makes. What each means is in aarch64_trace.c. */
#define AARCH64_CALLS(X)                                                                           \
	X(KVM_ARM_PREFERRED_TARGET) X(KVM_ARM_VCPU_INIT) X(KVM_ARM_VCPU_FINALIZE)                  \
	X(KVM_GET_ONE_REG) X(KVM_SET_ONE_REG)

AARCH64_CALLS(TRACE_DECLARE)
/* clang-format on */

/* Bits of vm->cpu_features: the features that KVM offers, and that vCPUs therefore have. */
#define AARCH64_SVE     (1u << 0)
#define AARCH64_POINTER (1u << 1) /* pointer authentication */

/* Create the GICv3 with its ITS for the vCPUs that exist. 0 or -errno, logged. */
int aarch64_gic_init(struct vm *vm);

/* Set one attribute of a KVM device or vCPU. 0 or -errno, logged as `what`. */
int aarch64_set_attr(const struct trace_about *about, int fd, uint32_t group, uint64_t attr,
		     void *value, const char *what);

/* What the same two ioctls mean here. */
extern const struct trace_about aarch64_about_gic, aarch64_about_gic_attr, aarch64_about_pmu_attr;

#endif
