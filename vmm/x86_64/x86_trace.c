/* SPDX-License-Identifier: MIT */
/* The KVM ioctls that only x86 makes, or that carry its registers, and why. */
#include <linux/kvm.h>

#include "vmm/core/arch.h"
#include "x86.h"

#define FILE_VM   "VM"
#define FILE_VCPU "vCPU"

static void x86_decode_cpuid(struct trace_fields *fields, const void *arg, int result)
{
	const struct kvm_cpuid2 *cpuid = arg;

	(void)result;
	trace_put(fields, "entries", "%u", cpuid->nent);
}

static void x86_decode_address(struct trace_fields *fields, const void *arg, int result)
{
	(void)result;
	trace_put(fields, "gpa", "%#lx", (unsigned long)(uintptr_t)arg);
}

static void x86_decode_map_address(struct trace_fields *fields, const void *arg, int result)
{
	(void)result;
	trace_put(fields, "gpa", "%#llx", (unsigned long long)*(const uint64_t *)arg);
}

static void x86_decode_msrs(struct trace_fields *fields, const void *arg, int result)
{
	const struct kvm_msrs *msrs = arg;

	(void)result;
	for (uint32_t i = 0; i < msrs->nmsrs; i++)
		trace_put(fields, "MSR", "%#x <- %#llx", msrs->entries[i].index,
			  (unsigned long long)msrs->entries[i].data);
}

static void x86_decode_sregs(struct trace_fields *fields, const void *arg, int result)
{
	const struct kvm_sregs *sregs = arg;

	if (result < 0)
		return;
	trace_put(fields, "cs", "%#llx", (unsigned long long)sregs->cs.base);
	trace_put(fields, "cr0", "%#llx", (unsigned long long)sregs->cr0);
	trace_put(fields, "cr3", "%#llx", (unsigned long long)sregs->cr3);
	trace_put(fields, "cr4", "%#llx", (unsigned long long)sregs->cr4);
	trace_put(fields, "efer", "%#llx", (unsigned long long)sregs->efer);
}

static void x86_decode_regs(struct trace_fields *fields, const void *arg, int result)
{
	const struct kvm_regs *regs = arg;

	if (result < 0)
		return;
	trace_put(fields, "rip", "%#llx", (unsigned long long)regs->rip);
	trace_put(fields, "rsi", "%#llx", (unsigned long long)regs->rsi);
	trace_put(fields, "rbx", "%#llx", (unsigned long long)regs->rbx);
}

TRACE_ABOUT(KVM_SET_IDENTITY_MAP_ADDR, kvm, FILE_VM, x86_decode_map_address,
	    "a page that KVM may need on an Intel CPU, put where the guest has nothing");
TRACE_ABOUT(KVM_SET_TSS_ADDR, kvm, FILE_VM, x86_decode_address,
	    "three more such pages, right behind it");
TRACE_ABOUT(KVM_CREATE_IRQCHIP, irq, FILE_VM, NULL,
	    "PICs, IOAPIC and local APICs in the kernel: interrupts need no exit to minivmm");
TRACE_ABOUT(KVM_ENABLE_CAP, irq, FILE_VM, NULL,
	    "more CPUs than 8-bit APIC ids can name: messages carry 32-bit ids");
TRACE_ABOUT(KVM_CREATE_PIT2, irq, FILE_VM, NULL, "the PC's timer, in the kernel too");
TRACE_ABOUT(KVM_GET_SUPPORTED_CPUID, cpu, "/dev/kvm", x86_decode_cpuid,
	    "what this host's CPU and KVM can do for a guest");
TRACE_ABOUT(KVM_SET_CPUID2, cpu, FILE_VCPU, x86_decode_cpuid,
	    "the same, with this vCPU's own number and topology, is what the guest will see");
TRACE_ABOUT(KVM_SET_MSRS, cpu, FILE_VCPU, x86_decode_msrs,
	    "what firmware would have set: RAM is cacheable");
TRACE_ABOUT(KVM_GET_SREGS, cpu, FILE_VCPU, x86_decode_sregs,
	    "segments and control registers as after power-on; most of them stay");
TRACE_ABOUT(KVM_SET_SREGS, cpu, FILE_VCPU, x86_decode_sregs,
	    "the boot CPU starts in the mode that the kernel's entry point expects");
TRACE_ABOUT(KVM_KVMCLOCK_CTRL, cpu, FILE_VCPU, NULL,
	    "the vCPU was paused: the guest must not take that for a CPU that hangs");
TRACE_ABOUT(KVM_GET_REGS, cpu, FILE_VCPU, x86_decode_regs, "the guest crashed: where was it?");
TRACE_ABOUT(KVM_SET_REGS, cpu, FILE_VCPU, x86_decode_regs,
	    "at the kernel's entry point, with the address of its boot parameters");

TRACE_DEFINE_CALLS(arch_calls, X86_CALLS);
