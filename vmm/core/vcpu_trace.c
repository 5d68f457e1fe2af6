/* SPDX-License-Identifier: MIT */
/* KVM_RUN, which has no arguments: what is told of it is what KVM left in struct kvm_run. */
#include <inttypes.h>
#include <linux/kvm.h>
#include <string.h>

#include "vmm/trace/trace.h"
#include "vcpu.h"

static void run_decode_mmio(struct trace_fields *fields, const struct kvm_run *run)
{
	trace_put_result(fields, "%s %s of %u bytes at %#" PRIx64, vcpu_exit_name(KVM_EXIT_MMIO),
			 run->mmio.is_write ? "write" : "read", run->mmio.len,
			 (uint64_t)run->mmio.phys_addr);
}

static void run_decode_port(struct trace_fields *fields, const struct kvm_run *run)
{
	trace_put_result(fields, "%s %s of %u bytes at port %#x, %u times",
			 vcpu_exit_name(KVM_EXIT_IO),
			 run->io.direction == KVM_EXIT_IO_OUT ? "write" : "read", run->io.size,
			 run->io.port, run->io.count);
}

static void run_decode(struct trace_fields *fields, const void *arg, int result)
{
	const struct kvm_run *run = arg;

	if (result < 0)
		return;
	fields->series = "exits";
	fields->kind = vcpu_exit_name(run->exit_reason);
	switch (run->exit_reason) {
	case KVM_EXIT_MMIO:
		run_decode_mmio(fields, run);
		break;
	case KVM_EXIT_IO:
		run_decode_port(fields, run);
		break;
	case KVM_EXIT_SYSTEM_EVENT:
		trace_put_result(fields, "%s %u", fields->kind, run->system_event.type);
		break;
	default:
		trace_put_result(fields, "%s", fields->kind);
	}
}

TRACE_ABOUT(KVM_RUN, run, "vCPU", run_decode,
	    "the guest runs until it needs minivmm: the result says what for");
