/* SPDX-License-Identifier: MIT */
/*
 * Numbers that are the same in the device tree and in ACPI: the names of CPUs, and the interrupts
 * that are a CPU's own.
 *
 * Read beside it: Arm BSA 1.0 (DEN0094), appendix on PPI assignments; in Linux' arch/arm64/kvm.
 */
#ifndef MINIVMM_ARM64_NUMBERS_H
#define MINIVMM_ARM64_NUMBERS_H

#include <stdint.h>

#define ARM64_PPI_FIRST 16u /* the GSI of PPI 0 */
#define ARM64_SPI_FIRST 32u /* the GSI of SPI 0 */

/* The private interrupts that a CPU's own timers and counters raise, as KVM delivers them. */
#define PPI_TIMER_SECURE  13u
#define PPI_TIMER         14u
#define PPI_TIMER_VIRTUAL 11u
#define PPI_TIMER_HYP     10u
#define PPI_PMU           7u

#define GIC_REDIST_SIZE (128u << 10) /* two frames of 64 KiB for each CPU */

/* KVM derives a vCPU's MPIDR from its number: sixteen vCPUs share the upper affinity levels. */
#define MPIDR_CLUSTER 16u

static inline uint32_t arm64_mpidr(unsigned int cpu)
{
	return (cpu / MPIDR_CLUSTER) << 8 | cpu % MPIDR_CLUSTER;
}

#endif
