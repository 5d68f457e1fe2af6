/* SPDX-License-Identifier: MIT */
#include "vm_state.h"

#include <sys/eventfd.h>

void vm_post(struct vm *vm, enum vm_event event)
{
	int seen = VM_EVENT_NONE;

	while (!atomic_compare_exchange_weak(&vm->event, &seen, (int)event))
		if (seen != VM_EVENT_NONE && (seen != VM_EVENT_RESET || event == VM_EVENT_RESET))
			return; /* every event but a reset is final */
	eventfd_write(vm->event_source.fd, 1);
}
