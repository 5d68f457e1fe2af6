/* SPDX-License-Identifier: MIT */
/*
 * The virtual machine as KVM knows it: its file, memory slots, vCPUs, interrupt routing - and the
 * address spaces that outlive it.
 *
 * A guest reboot powers the VM down and up again: a new KVM VM under the same memory map and buses.
 * So every register of every controller has its power-on value by construction, and no list of MSRs
 * can miss one. RAM stays mapped for DMA all the while.
 *
 * Order of life: vm_init, RAM, vm_power_up, devices, vm_create_vcpus, interrupt lines, vm_start ...
 * vm_stop, vm_power_down, vm_destroy.
 * Read beside it: Documentation/virt/kvm/api.rst, Documentation/virt/kvm/devices/vfio.rst.
 */
#ifndef MINIVMM_VM_H
#define MINIVMM_VM_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "arch.h"
#include "bus.h"
#include "irq.h"
#include "loop.h"
#include "memory.h"
#include "vcpu.h"

#define VM_VFIO_FILES_MAX 64

/* Why the guest does not run any more. */
enum vm_event {
	VM_EVENT_NONE,
	VM_EVENT_POWEROFF,
	VM_EVENT_RESET,
	VM_EVENT_CRASH,       /* triple fault, reported panic, KVM internal error */
	VM_EVENT_DEVICE_LOST, /* a passed-through device failed or was taken away */
	VM_EVENT_QUIT,        /* the user or a signal ended it */
	VM_EVENT_ERROR,       /* the host side failed; logged */
};

/* A VFIO group or device file that KVM knows of, and by how many devices. */
struct vm_vfio_file {
	int fd;
	unsigned int users;
};

struct vm {
	int kvm_fd;
	int fd;
	unsigned int cpus;
	struct vcpu *vcpus;
	size_t vcpu_mmap_size;
	struct arch_entry entry; /* where the boot CPU starts */
	uint32_t
		cpu_features; /* what arch_vm_init() found for all vCPUs: the architecture's bits */
	bool pmu;             /* they have performance counters that firmware must describe */

	struct memory memory;
	struct bus mmio;
	struct bus pio;
	struct irq_router irq;
	struct loop loop;

	struct memory_listener slots; /* KVM_SET_USER_MEMORY_REGION */
	uint64_t *slot_gpa;           /* by slot number; VM_SLOT_FREE */
	unsigned int slot_count;
	unsigned int slot_max;

	int vfio_fd; /* KVM's VFIO device */
	struct vm_vfio_file vfio_files[VM_VFIO_FILES_MAX];
	unsigned int vfio_file_count;

	_Atomic int event; /* enum vm_event */
	struct loop_source event_source;
	atomic_bool stopping;
	uint64_t exits[VCPU_EXIT_REASONS]; /* of vCPUs that are gone */
};

/*
 * Open KVM and check that it can do all we need; each thing missing is named. 0 or -errno, logged.
 */
int vm_init(struct vm *vm, unsigned int cpus);
void vm_destroy(struct vm *vm);

/* A new KVM VM with its interrupt controllers, RAM and routes. 0 or -errno, logged. */
int vm_power_up(struct vm *vm);
void vm_power_down(struct vm *vm);

/*
 * Create the vCPUs, the first of them about to run from vm->entry. Only now are the interrupt
 * controllers complete on every architecture, and take irqfds. 0 or -errno, logged; then there are
 * none.
 */
int vm_create_vcpus(struct vm *vm);

/* Let the vCPUs run. 0 or -errno, logged; then none runs. */
int vm_start(struct vm *vm);

/* Returns when no vCPU runs any more, nor exists. Idempotent. */
void vm_stop(struct vm *vm);

/*
 * Something ends the run: vCPUs stop at their next exit and vm_wait() returns. The first event
 * counts and later ones are dropped, except that any other event replaces a VM_EVENT_RESET: a
 * machine that must end does not start again first. From any thread.
 */
void vm_post(struct vm *vm, enum vm_event event);

/* Serve the main loop until an event was posted; returns and clears it. */
enum vm_event vm_wait(struct vm *vm);

/*
 * Tell KVM of a VFIO group (or device) file, whose IOMMU may be non-coherent: KVM then honours the
 * guest's cache attributes and wbinvd. `fd` stays the caller's and must stay open until it is taken
 * out again. 0 or -errno, logged.
 */
int vm_add_vfio_file(struct vm *vm, int fd);
void vm_del_vfio_file(struct vm *vm, int fd);

#endif
