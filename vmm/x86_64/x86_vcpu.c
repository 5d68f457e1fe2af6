/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <inttypes.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <string.h>

#include "vmm/core/arch.h"
#include "vmm/trace/log.h"
#include "vmm/core/kvm_calls.h"
#include "vmm/core/vcpu.h"
#include "x86.h"
#include "vmm/trace/macros.h"

#define CR0_PE   (1ull << 0)
#define CR0_ET   (1ull << 4)
#define CR0_PG   (1ull << 31)
#define CR4_PAE  (1ull << 5)
#define EFER_LME (1ull << 8)
#define EFER_LMA (1ull << 10)

#define APIC_BASE_X2APIC (1ull << 10)

#define MSR_IA32_MISC_ENABLE    0x1a0
#define MISC_ENABLE_FAST_STRING (1ull << 0)
#define MISC_ENABLE_NO_BTS      (1ull << 11)
#define MISC_ENABLE_NO_PEBS     (1ull << 12)
#define MSR_IA32_MTRR_DEF_TYPE  0x2ff
#define MTRR_ENABLE             (1ull << 11)
#define MTRR_WRITE_BACK         6ull

/* Selectors of the Linux boot protocol: __BOOT_CS and __BOOT_DS. PVH takes any flat segments. */
#define X86_BOOT_CS   0x10
#define X86_BOOT_DS   0x18
#define X86_GDT_LIMIT 0x1f

static void x86_flat_segments(struct kvm_sregs *sregs, bool long_mode)
{
	struct kvm_segment code = {
		.limit = 0xffffffff,
		.selector = X86_BOOT_CS,
		.type = 11,
		.present = 1,
		.db = !long_mode,
		.s = 1,
		.l = long_mode,
		.g = 1,
	};
	struct kvm_segment data = {
		.limit = 0xffffffff,
		.selector = X86_BOOT_DS,
		.type = 3,
		.present = 1,
		.db = 1,
		.s = 1,
		.g = 1,
	};

	sregs->cs = code;
	sregs->ds = sregs->es = sregs->fs = sregs->gs = sregs->ss = data;
	sregs->tr.type = 11; /* busy TSS, which a VM entry requires */
	sregs->tr.limit = 0x67;
}

static int x86_set_boot_sregs(struct vcpu *vcpu, const struct arch_entry *entry)
{
	struct kvm_sregs sregs;
	int ret = trace_ioctl(vcpu->fd, KVM_GET_SREGS, &sregs);

	if (ret < 0)
		return log_errno("KVM", ret, "KVM_GET_SREGS");
	x86_flat_segments(&sregs, entry->long_mode);
	sregs.cr0 = CR0_PE | CR0_ET;
	/*
	 * As firmware does where an APIC id needs more than 8 bits (SDM volume 3, 11.12.8.1). Linux
	 * takes no CPU with such an id if it finds its own local APIC in xAPIC mode.
	 */
	if (vcpu->vm->cpus > X86_XAPIC_IDS)
		sregs.apic_base |= APIC_BASE_X2APIC;
	if (entry->gdt) {
		sregs.gdt.base = entry->gdt;
		sregs.gdt.limit = X86_GDT_LIMIT;
	}
	if (entry->long_mode) {
		sregs.cr0 |= CR0_PG;
		sregs.cr3 = entry->page_table;
		sregs.cr4 |= CR4_PAE;
		sregs.efer |= EFER_LME | EFER_LMA;
	}
	ret = trace_ioctl(vcpu->fd, KVM_SET_SREGS, &sregs);
	return ret < 0 ? log_errno("KVM", ret, "KVM_SET_SREGS") : 0;
}

static int x86_set_boot_regs(struct vcpu *vcpu, const struct arch_entry *entry)
{
	struct kvm_regs regs = {
		.rip = entry->pc,
		.rflags = 2, /* bit 1 is always set */
		.rsi = entry->pvh ? 0 : entry->arg,
		.rbx = entry->pvh ? entry->arg : 0,
	};
	int ret = trace_ioctl(vcpu->fd, KVM_SET_REGS, &regs);

	return ret < 0 ? log_errno("KVM", ret, "KVM_SET_REGS") : 0;
}

/*
 * Set what firmware would have set: RAM is cacheable unless a page says otherwise. With MTRRs off
 * Linux does not use the PAT either, and gets no write-combining for BARs.
 */
static int x86_set_msrs(struct vcpu *vcpu)
{
	static const struct kvm_msr_entry entries[] = {
		{ .index = MSR_IA32_MISC_ENABLE,
		  .data = MISC_ENABLE_FAST_STRING | MISC_ENABLE_NO_BTS | MISC_ENABLE_NO_PEBS },
		{ .index = MSR_IA32_MTRR_DEF_TYPE, .data = MTRR_ENABLE | MTRR_WRITE_BACK },
	};
	union {
		struct kvm_msrs head;
		uint8_t bytes[sizeof(struct kvm_msrs) + sizeof(entries)];
	} msrs = { .head.nmsrs = array_size(entries) };
	int ret;

	memcpy(msrs.head.entries, entries, sizeof(entries));
	ret = trace_ioctl(vcpu->fd, KVM_SET_MSRS, &msrs);
	if (ret < 0)
		return log_errno("KVM", ret, "KVM_SET_MSRS");
	/* ret is the number of MSRs set before the one that KVM refused */
	if (ret != (int)msrs.head.nmsrs)
		return log_errno("KVM", -EINVAL, "KVM_SET_MSRS of MSR %#x", entries[ret].index);
	return 0;
}

int arch_vcpu_init(struct vcpu *vcpu)
{
	int ret = x86_cpuid_init(vcpu);

	if (ret < 0 || vcpu->vm->entry.power_on)
		return ret; /* keep the state that KVM gives to a new vCPU */
	ret = x86_set_msrs(vcpu);
	if (ret < 0 || vcpu->index > 0)
		return ret; /* the others sleep until the boot CPU sends INIT and SIPI */
	ret = x86_set_boot_sregs(vcpu, &vcpu->vm->entry);
	return ret < 0 ? ret : x86_set_boot_regs(vcpu, &vcpu->vm->entry);
}

/* minivmm enables no capability that would cause exits specific to x86. */
bool arch_vcpu_exit(struct vcpu *vcpu)
{
	(void)vcpu;
	return false;
}

/* KVM refuses this for a guest that has no kvmclock, which cannot be told. */
void arch_vcpu_paused(struct vcpu *vcpu)
{
	trace_ioctl(vcpu->fd, KVM_KVMCLOCK_CTRL, 0);
}

void arch_vcpu_dump(struct vcpu *vcpu)
{
	struct kvm_sregs s;
	struct kvm_regs r;

	if (trace_ioctl(vcpu->fd, KVM_GET_REGS, &r) < 0 ||
	    trace_ioctl(vcpu->fd, KVM_GET_SREGS, &s) < 0)
		return;
	fprintf(stderr,
		"  rip %016llx rsp %016llx rflags %08llx\n"
		"  rax %016llx rbx %016llx rcx %016llx rdx %016llx\n"
		"  rsi %016llx rdi %016llx rbp %016llx r8  %016llx\n"
		"  r9  %016llx r10 %016llx r11 %016llx r12 %016llx\n"
		"  r13 %016llx r14 %016llx r15 %016llx\n"
		"  cr0 %08llx cr2 %016llx cr3 %016llx cr4 %08llx efer %llx\n"
		"  cs %04x ds %04x ss %04x tr %04x gdt %016llx idt %016llx\n",
		r.rip, r.rsp, r.rflags, r.rax, r.rbx, r.rcx, r.rdx, r.rsi, r.rdi, r.rbp, r.r8, r.r9,
		r.r10, r.r11, r.r12, r.r13, r.r14, r.r15, s.cr0, s.cr2, s.cr3, s.cr4, s.efer,
		s.cs.selector, s.ds.selector, s.ss.selector, s.tr.selector, s.gdt.base, s.idt.base);
}
