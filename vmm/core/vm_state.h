/* SPDX-License-Identifier: MIT */
/*
 * What the virtual machine consists of, and why it stops; vm.c and vcpu.c share it.
 *
 * Owns the event that ends a run. Everything else in here belongs to vm.c, see vm.h; vCPUs only
 * read it.
 */
#ifndef MINIVMM_VM_STATE_H
#define MINIVMM_VM_STATE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "arch.h"
#include "bus.h"
#include "irq.h"
#include "loop.h"
#include "memory.h"
#include "vmm/base/gate.h"

#define VM_EXIT_REASONS 64 /* KVM_EXIT_*; the last counts all above */

struct vcpu;

#define VM_VFIO_FILES_MAX 64

/* Why the guest has stopped running. */
enum vm_event {
	VM_EVENT_NONE,
	VM_EVENT_POWEROFF,
	VM_EVENT_RESET,
	VM_EVENT_CRASH,       /* triple fault, reported panic, KVM internal error */
	VM_EVENT_DEVICE_LOST, /* a passed-through device failed or was taken away */
	VM_EVENT_QUIT,        /* the user or a signal ended it */
	VM_EVENT_ERROR,       /* the host side failed; logged */
};

/* A VFIO group or device file that KVM knows of, and the number of devices that share it. */
struct vm_vfio_file {
	int fd;
	unsigned int users;
};

struct vm {
	int kvm_fd;
	int fd;
	unsigned int cpus;
	const uint16_t *host_cpus; /* by vCPU: the host CPU it runs on; NULL: any */
	struct vcpu *vcpus;
	size_t vcpu_mmap_size;
	struct arch_entry entry; /* where the boot CPU starts */
	uint32_t
		cpu_features; /* what arch_vm_init() found for all vCPUs: the architecture's bits */
	bool hide_kvm;        /* the guest must not see that it runs on KVM */
	/* width of physical addresses that CPUID tells the guest; 0: the CPU's */
	unsigned int gpa_bits;
	bool pmu; /* vCPUs have performance counters that firmware must describe */

	struct memory memory;
	struct bus mmio;
	struct bus pio;
	struct irq_router irq;
	struct loop loop;

	struct memory_listener memslots; /* KVM_SET_USER_MEMORY_REGION */
	uint64_t *memslot_gpa;           /* by slot number; VM_MEMSLOT_FREE */
	unsigned int memslot_count;
	unsigned int memslot_max;

	int vfio_fd; /* KVM's VFIO device */
	struct vm_vfio_file vfio_files[VM_VFIO_FILES_MAX];
	unsigned int vfio_file_count;

	const struct thread_guard *guard; /* for all threads; NULL: they are not confined */
	_Atomic int event;                /* enum vm_event */
	struct loop_source event_source;
	atomic_bool stopping;
	struct gate gate; /* closed while the guest is paused: all vCPUs exist, but none runs */
	bool paused;
	uint64_t exits[VM_EXIT_REASONS]; /* by reason, of vCPUs that are gone */
};

/*
 * Post an event that ends the run: vCPUs stop at their next exit and vm_wait() returns. The first
 * event counts and later ones are dropped, except that any other event replaces a VM_EVENT_RESET: a
 * machine that must end does not start again first. May be called from any thread.
 */
void vm_post(struct vm *vm, enum vm_event event);

#endif
