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

#include "vcpu.h"
#include "vm_state.h"

/*
 * Open KVM and check that it can do all we need; each thing missing is named. `host_cpus` has a CPU
 * of the host for each vCPU to run on alone, and stays the caller's; NULL lets them run anywhere.
 * 0 or -errno, logged.
 */
int vm_init(struct vm *vm, unsigned int cpus, const uint16_t *host_cpus);
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

/* Serve the main loop until an event was posted; vCPUs may still run. */
void vm_serve(struct vm *vm);

/* The same, and until no vCPU runs any more; returns the event and clears it. */
enum vm_event vm_wait(struct vm *vm);

/*
 * Tell KVM of a VFIO group (or device) file, whose IOMMU may be non-coherent: KVM then honours the
 * guest's cache attributes and wbinvd. `fd` stays the caller's and must stay open until it is taken
 * out again. 0 or -errno, logged.
 */
int vm_add_vfio_file(struct vm *vm, int fd);
void vm_del_vfio_file(struct vm *vm, int fd);

/*
 * From now on KVM rings the eventfd `fd` when the guest writes at `gpa`, whatever and however wide;
 * nobody else learns of it. Holds until vm_del_doorbell(), or until the machine is powered down. 0
 * or -errno, logged.
 */
int vm_add_doorbell(struct vm *vm, uint64_t gpa, int fd);
void vm_del_doorbell(struct vm *vm, uint64_t gpa, int fd);

#endif
