/* SPDX-License-Identifier: MIT */
#include "stats.h"

#include <inttypes.h>
#include <stdio.h>

#include "vmm/core/trace.h"

static void stats_print_exits(const struct vm *vm)
{
	fprintf(stderr, "exits to minivmm:\n");
	for (unsigned int reason = 0; reason < VCPU_EXIT_REASONS; reason++)
		if (vm->exits[reason])
			fprintf(stderr, "  %-36s %8" PRIu64 "\n", vcpu_exit_name(reason),
				vm->exits[reason]);
}

void stats_print(struct vm *vm)
{
	stats_print_exits(vm);
	fprintf(stderr, "irqfds plugged or unplugged: %" PRIu64 "\n", trace_count(TRACE_KVM_IRQFD));
	trace_print(stderr);
}
