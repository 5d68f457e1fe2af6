/* SPDX-License-Identifier: MIT */
#include "stats.h"

#include <inttypes.h>
#include <stdio.h>

#include "vmm/core/kvm_calls.h"

/* The rate is the mean over the time in which the guest ran. */
static void stats_print_exits(const struct vm *vm)
{
	double seconds = (double)trace_phase_ns(STATS_RUN_PHASE) / 1e9;

	fprintf(stderr, "exits to minivmm, and per second in %.3f s of guest:\n", seconds);
	for (unsigned int reason = 0; reason < VM_EXIT_REASONS; reason++)
		if (vm->exits[reason])
			fprintf(stderr, "  %-36s %8" PRIu64 "  %12.1f /s\n", kvm_exit_name(reason),
				vm->exits[reason],
				seconds > 0 ? (double)vm->exits[reason] / seconds : 0);
}

void stats_print(struct vm *vm)
{
	stats_print_exits(vm);
	fprintf(stderr, "irqfds plugged or unplugged: %" PRIu64 "\n", trace_count(KVM_IRQFD));
	trace_print(stderr);
}
