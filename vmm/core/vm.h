/* SPDX-License-Identifier: MIT */
/*
 * The virtual machine as KVM knows it: its file, memory slots, vCPUs, interrupt routing - and the
 * address spaces that outlive it.
 *
 * A guest reboot powers the VM down and up again: a new KVM VM under the same memory map and buses.
 * So every register of every controller has its power-on value by construction, and no list of
 * registers can be incomplete. RAM stays mapped for DMA all the while.
 *
 * The order of calls is: vm_init, RAM, vm_power_up, devices, vm_create_vcpus, interrupt lines,
 * vm_start ... vm_stop, vm_power_down, vm_destroy. Read beside it: Documentation/virt/kvm/api.rst,
 * Documentation/virt/kvm/devices/vfio.rst.
 */
#ifndef MINIVMM_VM_H
#define MINIVMM_VM_H

#include "vcpu.h"
#include "vm_state.h"

/*
 * Open KVM and check that it can do all that minivmm needs; each missing feature is logged.
 * `host_cpus` has a host CPU for each vCPU to run on, and stays the caller's; with NULL they run
 * anywhere. 0 or -errno, logged.
 */
int vm_init(struct vm *vm, unsigned int cpus, const uint16_t *host_cpus);
void vm_destroy(struct vm *vm);

/* Create a new KVM VM with its interrupt controllers, RAM and routes. 0 or -errno, logged. */
int vm_power_up(struct vm *vm);
void vm_power_down(struct vm *vm);

/*
 * Create the vCPUs; the first one will start at vm->entry. Only now are the interrupt controllers
 * complete on every architecture, so that they take irqfds. 0 or -errno, logged; on failure there
 * are no vCPUs.
 */
int vm_create_vcpus(struct vm *vm);

/* Run the vCPUs. 0 or -errno, logged; on failure none runs. */
int vm_start(struct vm *vm);

/* Stop and destroy the vCPUs; returns when none is left. Idempotent. */
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
 * From now on KVM signals the eventfd `fd`, which stays the caller's, when the guest writes any
 * value of any width at `gpa`; the bus does not see the write. This holds until vm_del_doorbell(),
 * or until the machine is powered down. 0 or -errno, logged.
 */
int vm_add_doorbell(struct vm *vm, uint64_t gpa, int fd);
void vm_del_doorbell(struct vm *vm, uint64_t gpa, int fd);

#endif
