/* SPDX-License-Identifier: MIT */
#include "vm_pause.h"

#include <pthread.h>
#include <signal.h>

#define PAUSE_MS 1000 /* time limit for vCPUs in handlers; the others stop at once */

/* Set whether KVM_RUN returns at once from now on. */
static void pause_set_exit(struct vm *vm, uint8_t exit)
{
	for (unsigned int i = 0; vm->vcpus && i < vm->cpus; i++)
		__atomic_store_n(&vm->vcpus[i].run->immediate_exit, exit, __ATOMIC_RELEASE);
}

/* The signal only ends a KVM_RUN that is under way. */
void vm_pause(struct vm *vm)
{
	vm->paused = true;
	gate_close(&vm->gate);
	pause_set_exit(vm, 1);
	for (unsigned int i = 0; vm->vcpus && i < vm->cpus; i++)
		if (vm->vcpus[i].started)
			pthread_kill(vm->vcpus[i].thread, VCPU_SIGNAL_PAUSE);
	gate_await(&vm->gate, vm->vcpus ? vm->cpus : 0, PAUSE_MS);
}

void vm_resume(struct vm *vm)
{
	vm->paused = false;
	pause_set_exit(vm, 0);
	gate_open(&vm->gate);
}
