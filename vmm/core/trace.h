/* SPDX-License-Identifier: MIT */
/*
 * The one gate to the kernel: every KVM and VFIO ioctl passes here, named, counted and timed.
 *
 * The name comes from the call site, because a number alone does not tell: VFIO_IOMMU_GET_INFO and
 * VFIO_DEVICE_GET_PCI_HOT_RESET_INFO are the same number on different files. The list below is thus
 * also the list of all that minivmm ever asks of KVM and VFIO.
 */
#ifndef MINIVMM_TRACE_H
#define MINIVMM_TRACE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* clang-format off */
#define TRACE_CALLS(X)                                                                             \
	X(KVM_GET_API_VERSION) X(KVM_CHECK_EXTENSION) X(KVM_CREATE_VM) X(KVM_GET_VCPU_MMAP_SIZE)   \
	X(KVM_GET_SUPPORTED_CPUID) X(KVM_SET_USER_MEMORY_REGION) X(KVM_CREATE_IRQCHIP)             \
	X(KVM_CREATE_PIT2) X(KVM_SET_TSS_ADDR) X(KVM_SET_IDENTITY_MAP_ADDR) X(KVM_CREATE_VCPU)     \
	X(KVM_SET_CPUID2) X(KVM_GET_SREGS) X(KVM_SET_SREGS) X(KVM_GET_REGS) X(KVM_SET_REGS)        \
	X(KVM_SET_MSRS) X(KVM_RUN) X(KVM_IRQ_LINE) X(KVM_SET_GSI_ROUTING) X(KVM_IRQFD)             \
	X(KVM_SIGNAL_MSI) X(KVM_CREATE_DEVICE) X(KVM_SET_DEVICE_ATTR)                              \
	X(VFIO_GET_API_VERSION) X(VFIO_CHECK_EXTENSION) X(VFIO_SET_IOMMU)                          \
	X(VFIO_GROUP_GET_STATUS) X(VFIO_GROUP_SET_CONTAINER) X(VFIO_GROUP_UNSET_CONTAINER)         \
	X(VFIO_GROUP_GET_DEVICE_FD) X(VFIO_DEVICE_GET_INFO) X(VFIO_DEVICE_GET_REGION_INFO)         \
	X(VFIO_DEVICE_GET_IRQ_INFO) X(VFIO_DEVICE_SET_IRQS) X(VFIO_DEVICE_RESET)                   \
	X(VFIO_DEVICE_GET_PCI_HOT_RESET_INFO) X(VFIO_DEVICE_PCI_HOT_RESET)                         \
	X(VFIO_IOMMU_GET_INFO) X(VFIO_IOMMU_MAP_DMA) X(VFIO_IOMMU_UNMAP_DMA)
/* clang-format on */

enum trace_call {
#define TRACE_ENUM(call) TRACE_##call,
	TRACE_CALLS(TRACE_ENUM)
#undef TRACE_ENUM
		TRACE_CALL_COUNT
};

/* ioctl(fd, call, arg): what it returned, or -errno. `call` is the request's own name. */
#define trace_ioctl(fd, call, arg)                                                                 \
	trace_named_ioctl(TRACE_##call, (fd), (call), (unsigned long)(arg))

int trace_named_ioctl(enum trace_call call, int fd, unsigned long request, unsigned long arg);

/* From now on calls are timed too, and phases kept. Before it they are only counted. */
void trace_enable_timing(void);

/* The start has reached a new phase; the one before it ends here. `name` must be a literal. */
void trace_phase(const char *name);

/* How often `call` was made. */
uint64_t trace_count(enum trace_call call);

/* Write what was gathered: phases with their times, ioctls by name with count and total time. */
void trace_print(FILE *out);

#endif
