/* SPDX-License-Identifier: MIT */
/*
 * The KVM ioctls that minivmm makes on every architecture. What each means is in kvm_calls.c.
 *
 * An architecture's own are listed in its folder. Read beside it: Documentation/virt/kvm/api.rst.
 */
#ifndef MINIVMM_KVM_CALLS_H
#define MINIVMM_KVM_CALLS_H

#include <linux/kvm.h>

#include "vmm/trace/trace.h"

/* clang-format off */
#define KVM_CALLS(X)                                                                               \
	X(KVM_GET_API_VERSION) X(KVM_CHECK_EXTENSION) X(KVM_CREATE_VM) X(KVM_GET_VCPU_MMAP_SIZE)   \
	X(KVM_SET_USER_MEMORY_REGION) X(KVM_CREATE_VCPU) X(KVM_RUN) X(KVM_IRQ_LINE)                \
	X(KVM_SET_GSI_ROUTING) X(KVM_IRQFD) X(KVM_SIGNAL_MSI) X(KVM_CREATE_DEVICE)                 \
	X(KVM_SET_DEVICE_ATTR) X(KVM_GET_STATS_FD) X(KVM_IOEVENTFD) X(KVM_SET_SIGNAL_MASK)

KVM_CALLS(TRACE_DECLARE)
/* clang-format on */

extern const struct trace_calls kvm_calls;

/* The name of a KVM_EXIT_* reason, for people. */
const char *kvm_exit_name(unsigned int reason);

#endif
