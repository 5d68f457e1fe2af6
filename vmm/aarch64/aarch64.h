/* SPDX-License-Identifier: MIT */
/*
 * What the files of this folder share: the arm64 side of vmm/core/arch.h.
 *
 * Read beside it: KVM's api.rst, devices/arm-vgic-v3.rst, devices/arm-vgic-its.rst,
 * devices/vcpu.rst; the Arm Architecture Reference Manual, the GIC architecture specification.
 */
#ifndef MINIVMM_AARCH64_H
#define MINIVMM_AARCH64_H

#include "vmm/trace/trace.h"
#include "vmm/core/vm.h"

/* Bits of vm->cpu_features: what KVM offers, so the vCPUs have it. */
#define AARCH64_SVE     (1u << 0)
#define AARCH64_POINTER (1u << 1) /* pointer authentication */

/* GICv3 with ITS, for the vCPUs that there are. 0 or -errno, logged. */
int aarch64_gic_init(struct vm *vm);

/* One attribute of a KVM device or vCPU. 0 or -errno, logged as `what`. */
int aarch64_set_attr(const struct trace_about *about, int fd, uint32_t group, uint64_t attr,
		     void *value, const char *what);

/* What the same two ioctls mean here. */
extern const struct trace_about aarch64_about_gic, aarch64_about_gic_attr, aarch64_about_pmu_attr;

#endif
