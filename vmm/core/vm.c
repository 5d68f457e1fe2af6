/* SPDX-License-Identifier: MIT */
#include "vm.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "kvm_calls.h"
#include "vmm/trace/log.h"
#include "vmm/trace/macros.h"

#define VM_MEMSLOT_FREE UINT64_MAX

static const struct arch_cap vm_caps[] = {
	{ KVM_CAP_USER_MEMORY, "KVM_CAP_USER_MEMORY" },
	{ KVM_CAP_IRQ_ROUTING, "KVM_CAP_IRQ_ROUTING" },
	{ KVM_CAP_IRQFD, "KVM_CAP_IRQFD" },
	{ KVM_CAP_IRQFD_RESAMPLE, "KVM_CAP_IRQFD_RESAMPLE" },
	{ KVM_CAP_IMMEDIATE_EXIT, "KVM_CAP_IMMEDIATE_EXIT" },
	{ 0, NULL },
};

static int vm_check_cap(const struct vm *vm, int cap)
{
	return trace_ioctl(vm->kvm_fd, KVM_CHECK_EXTENSION, cap);
}

/* How many of something KVM offers: more than 0, or -errno, logged. */
static int vm_ask_count(const struct vm *vm, int cap, const char *name)
{
	int ret = vm_check_cap(vm, cap);

	return ret > 0 ? ret
		       : log_errno("/dev/kvm", ret ? ret : -ENOTSUP, "KVM_CHECK_EXTENSION, %s",
				   name);
}

static int vm_check_caps(const struct vm *vm, const struct arch_cap *caps)
{
	int ret = 0, found;

	for (; caps->name; caps++) {
		found = vm_check_cap(vm, caps->cap);
		if (found < 0)
			return log_errno("/dev/kvm", found, "KVM_CHECK_EXTENSION, %s", caps->name);
		if (found)
			continue;
		log_error("/dev/kvm", "this kernel's KVM lacks %s", caps->name);
		ret = -ENOTSUP;
	}
	return ret;
}

static int vm_open_kvm(struct vm *vm)
{
	vm->kvm_fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (vm->kvm_fd >= 0)
		return 0;
	return log_errno("/dev/kvm", -errno, "open");
}

static int vm_check_version(const struct vm *vm)
{
	int version = trace_ioctl(vm->kvm_fd, KVM_GET_API_VERSION, 0);

	if (version < 0)
		return log_errno("/dev/kvm", version, "KVM_GET_API_VERSION");
	if (version == KVM_API_VERSION)
		return 0;
	log_error("/dev/kvm", "KVM API version %d, expected %d", version, KVM_API_VERSION);
	return -ENOTSUP;
}

static int vm_check_cpus(const struct vm *vm)
{
	int cpus = vm_ask_count(vm, KVM_CAP_MAX_VCPUS, "KVM_CAP_MAX_VCPUS");

	if (cpus < 0 || vm->cpus <= (unsigned int)cpus)
		return cpus < 0 ? cpus : 0;
	log_error("--cpus", "%u vCPUs were asked for, but KVM offers %d", vm->cpus, cpus);
	return -EINVAL;
}

/* How many memory slots there are, and how much of a vCPU's file is mapped. */
static int vm_ask_sizes(struct vm *vm)
{
	int slots = vm_ask_count(vm, KVM_CAP_NR_MEMSLOTS, "KVM_CAP_NR_MEMSLOTS"), run_size;

	if (slots < 0)
		return slots;
	run_size = trace_ioctl(vm->kvm_fd, KVM_GET_VCPU_MMAP_SIZE, 0);
	if (run_size <= 0)
		return log_errno("/dev/kvm", run_size ? run_size : -ENOTSUP,
				 "KVM_GET_VCPU_MMAP_SIZE");
	vm->memslot_max = (unsigned int)slots;
	vm->vcpu_mmap_size = (size_t)run_size;
	return 0;
}

static int vm_check_kvm(struct vm *vm)
{
	int ret = vm_check_version(vm);

	if (ret == 0)
		ret = vm_check_caps(vm, vm_caps);
	if (ret == 0)
		ret = vm_check_caps(vm, arch_caps);
	if (ret == 0)
		ret = vm_check_cpus(vm);
	return ret < 0 ? ret : vm_ask_sizes(vm);
}

static void vm_event_ready(void *owner, uint32_t events)
{
	struct vm *vm = owner;

	(void)events;
	loop_stop(&vm->loop);
}

static int vm_init_event(struct vm *vm)
{
	vm->event_source = (struct loop_source){
		.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
		.ready = vm_event_ready,
		.owner = vm,
		.object = "machine",
		.what = "what its vCPUs tell",
	};
	if (vm->event_source.fd < 0)
		return log_errno("machine", -errno, "eventfd");
	return loop_add(&vm->loop, &vm->event_source);
}

static int vm_memslot_add(struct memory_listener *listener, const struct memory_region *region);
static void vm_memslot_del(struct memory_listener *listener, const struct memory_region *region);

int vm_init(struct vm *vm, unsigned int cpus, const uint16_t *host_cpus)
{
	int ret;

	*vm = (struct vm){
		.kvm_fd = -1, .fd = -1, .vfio_fd = -1, .cpus = cpus, .host_cpus = host_cpus
	};
	vm->event_source.fd = -1;
	vm->memslots = (struct memory_listener){ vm_memslot_add, vm_memslot_del };
	gate_init(&vm->gate);
	memory_init(&vm->memory);
	bus_init(&vm->mmio);
	bus_init(&vm->pio);
	vcpu_init_kick();
	ret = loop_init(&vm->loop);
	if (ret == 0)
		ret = vm_init_event(vm);
	if (ret == 0)
		ret = vm_open_kvm(vm);
	if (ret == 0)
		ret = vm_check_kvm(vm);
	return ret;
}

void vm_destroy(struct vm *vm)
{
	vm_power_down(vm);
	gate_destroy(&vm->gate);
	memory_destroy(&vm->memory);
	bus_destroy(&vm->mmio);
	bus_destroy(&vm->pio);
	loop_destroy(&vm->loop);
	if (vm->event_source.fd >= 0)
		close(vm->event_source.fd);
	if (vm->kvm_fd >= 0)
		close(vm->kvm_fd);
	vm->event_source.fd = vm->kvm_fd = -1;
}

/* ---- memory slots ---- */

static struct vm *vm_of_memslots(struct memory_listener *listener)
{
	return container_of(listener, struct vm, memslots);
}

static int vm_find_memslot(struct vm *vm, uint64_t gpa)
{
	for (unsigned int slot = 0; slot < vm->memslot_count; slot++)
		if (vm->memslot_gpa[slot] == gpa)
			return (int)slot;
	return -ENOENT;
}

static int vm_alloc_memslot(struct vm *vm)
{
	int slot = vm_find_memslot(vm, VM_MEMSLOT_FREE);
	uint64_t *grown;

	if (slot >= 0)
		return slot;
	if (vm->memslot_count == vm->memslot_max)
		return -ENOSPC;
	grown = realloc(vm->memslot_gpa, (vm->memslot_count + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	vm->memslot_gpa = grown;
	vm->memslot_gpa[vm->memslot_count] = VM_MEMSLOT_FREE;
	return (int)vm->memslot_count++;
}

static int vm_set_memslot(struct vm *vm, int slot, const struct memory_region *region,
			  uint64_t size)
{
	struct kvm_userspace_memory_region kvm_region = {
		.slot = (uint32_t)slot,
		.flags = region->kind == MEMORY_ROM || region->readonly ? KVM_MEM_READONLY : 0,
		.guest_phys_addr = region->gpa,
		.memory_size = size,
		.userspace_addr = (uintptr_t)region->hva,
	};

	return trace_ioctl(vm->fd, KVM_SET_USER_MEMORY_REGION, &kvm_region);
}

static int vm_memslot_add(struct memory_listener *listener, const struct memory_region *region)
{
	struct vm *vm = vm_of_memslots(listener);
	int slot = vm_alloc_memslot(vm);
	int ret = slot < 0 ? slot : vm_set_memslot(vm, slot, region, region->size);

	if (ret < 0)
		return log_errno("KVM", ret, "KVM_SET_USER_MEMORY_REGION %#" PRIx64 " + %#" PRIx64,
				 region->gpa, region->size);
	vm->memslot_gpa[slot] = region->gpa;
	return 0;
}

static void vm_memslot_del(struct memory_listener *listener, const struct memory_region *region)
{
	struct vm *vm = vm_of_memslots(listener);
	int slot = vm_find_memslot(vm, region->gpa);
	int ret;

	if (slot < 0)
		return;
	ret = vm_set_memslot(vm, slot, region, 0);
	if (ret < 0) {
		/*
		 * The guest would still see this memory, which may soon be used for something else.
		 */
		log_errno("KVM", ret, "take away the memory at %#" PRIx64, region->gpa);
		vm_post(vm, VM_EVENT_ERROR);
		return;
	}
	vm->memslot_gpa[slot] = VM_MEMSLOT_FREE;
}

/* ---- power ---- */

static int vm_vfio_attr(const struct vm *vm, uint64_t attr, int fd);

static int vm_create_vfio_device(struct vm *vm)
{
	struct kvm_create_device device = { .type = KVM_DEV_TYPE_VFIO };
	int ret = trace_ioctl(vm->fd, KVM_CREATE_DEVICE, &device);

	if (ret < 0)
		return log_errno("KVM", ret, "KVM_CREATE_DEVICE KVM_DEV_TYPE_VFIO");
	vm->vfio_fd = (int)device.fd;
	return 0;
}

/* After a reset KVM has forgotten the VFIO files that were registered. */
static int vm_restore_vfio_files(struct vm *vm)
{
	int ret = 0;

	if (vm->vfio_file_count)
		ret = vm_create_vfio_device(vm);
	for (unsigned int i = 0; i < vm->vfio_file_count && ret == 0; i++)
		ret = vm_vfio_attr(vm, KVM_DEV_VFIO_GROUP_ADD, vm->vfio_files[i].fd);
	return ret;
}

int vm_power_up(struct vm *vm)
{
	int gsi_max = vm_ask_count(vm, KVM_CAP_IRQ_ROUTING, "KVM_CAP_IRQ_ROUTING"), ret;

	if (gsi_max < 0)
		return gsi_max;
	vm->fd = trace_ioctl(vm->kvm_fd, KVM_CREATE_VM, arch_vm_type(vm->kvm_fd));
	if (vm->fd < 0)
		return log_errno("/dev/kvm", vm->fd, "KVM_CREATE_VM");
	ret = arch_vm_init(vm);
	if (ret == 0)
		ret = irq_router_init(&vm->irq, vm->fd, (uint32_t)gsi_max);
	if (ret == 0)
		ret = memory_add_listener(&vm->memory, &vm->memslots);
	if (ret == 0)
		ret = vm_restore_vfio_files(vm);
	return ret;
}

void vm_power_down(struct vm *vm)
{
	vm_stop(vm);
	memory_del_listener(&vm->memory, &vm->memslots);
	irq_router_destroy(&vm->irq);
	free(vm->memslot_gpa);
	vm->memslot_gpa = NULL;
	vm->memslot_count = 0;
	if (vm->vfio_fd >= 0)
		close(vm->vfio_fd);
	if (vm->fd >= 0)
		close(vm->fd);
	vm->vfio_fd = vm->fd = -1;
}

int vm_create_vcpus(struct vm *vm)
{
	int ret = 0;

	vm->vcpus = calloc(vm->cpus, sizeof(*vm->vcpus));
	if (!vm->vcpus)
		return log_errno("machine", -ENOMEM, "allocate vCPUs");
	for (unsigned int i = 0; i < vm->cpus; i++)
		vm->vcpus[i].fd = vm->vcpus[i].stats_fd = -1;
	for (unsigned int i = 0; i < vm->cpus && ret == 0; i++)
		ret = vcpu_init(&vm->vcpus[i], vm, i);
	if (ret == 0)
		ret = arch_vm_ready(vm);
	if (ret < 0)
		vm_stop(vm);
	return ret;
}

int vm_start(struct vm *vm)
{
	int ret = 0;

	vm->stopping = false;
	if (vm->paused)
		gate_close(&vm->gate);
	for (unsigned int i = 0; i < vm->cpus && ret == 0; i++)
		ret = vcpu_start(&vm->vcpus[i]);
	if (ret < 0)
		vm_stop(vm);
	return ret;
}

void vm_stop(struct vm *vm)
{
	if (!vm->vcpus)
		return;
	vm->stopping = true;
	gate_open(&vm->gate);
	for (unsigned int i = 0; i < vm->cpus; i++)
		vcpu_stop(&vm->vcpus[i]);
	for (unsigned int i = 0; i < vm->cpus; i++) {
		for (unsigned int reason = 0; reason < VM_EXIT_REASONS; reason++)
			vm->exits[reason] += vm->vcpus[i].exits[reason];
		vcpu_destroy(&vm->vcpus[i]);
	}
	free(vm->vcpus);
	vm->vcpus = NULL;
}

/* ---- events ---- */

void vm_serve(struct vm *vm)
{
	if (loop_run(&vm->loop) < 0)
		vm_post(vm, VM_EVENT_ERROR);
}

enum vm_event vm_wait(struct vm *vm)
{
	eventfd_t count;
	int event;

	vm_serve(vm);
	vm_stop(vm);
	eventfd_read(vm->event_source.fd, &count);
	event = vm->event;
	vm->event = VM_EVENT_NONE;
	return (enum vm_event)event;
}

/* ---- VFIO files ---- */

static int vm_vfio_attr(const struct vm *vm, uint64_t attr, int fd)
{
	int32_t file = fd;
	struct kvm_device_attr request = {
		.group = KVM_DEV_VFIO_GROUP,
		.attr = attr,
		.addr = (uintptr_t)&file,
	};
	int ret = trace_ioctl(vm->vfio_fd, KVM_SET_DEVICE_ATTR, &request);

	return ret < 0 ? log_errno("KVM", ret, "KVM_SET_DEVICE_ATTR KVM_DEV_VFIO_GROUP") : 0;
}

static struct vm_vfio_file *vm_find_vfio_file(struct vm *vm, int fd)
{
	for (unsigned int i = 0; i < vm->vfio_file_count; i++)
		if (vm->vfio_files[i].fd == fd)
			return &vm->vfio_files[i];
	return NULL;
}

int vm_add_vfio_file(struct vm *vm, int fd)
{
	struct vm_vfio_file *file = vm_find_vfio_file(vm, fd);
	int ret = 0;

	if (file) {
		file->users++; /* another device of the same group */
		return 0;
	}
	if (vm->vfio_file_count == VM_VFIO_FILES_MAX)
		return log_errno("KVM", -ENOSPC, "register one more VFIO file");
	if (vm->vfio_fd < 0)
		ret = vm_create_vfio_device(vm);
	if (ret == 0)
		ret = vm_vfio_attr(vm, KVM_DEV_VFIO_GROUP_ADD, fd);
	if (ret == 0)
		vm->vfio_files[vm->vfio_file_count++] = (struct vm_vfio_file){ fd, 1 };
	return ret;
}

void vm_del_vfio_file(struct vm *vm, int fd)
{
	struct vm_vfio_file *file = vm_find_vfio_file(vm, fd);

	if (!file || --file->users)
		return;
	if (vm->vfio_fd >= 0)
		vm_vfio_attr(vm, KVM_DEV_VFIO_GROUP_DEL, fd);
	*file = vm->vfio_files[--vm->vfio_file_count];
}

/* ---- doorbells ---- */

/* A length of 0 stands for any. */
static int vm_set_doorbell(struct vm *vm, uint64_t gpa, int fd, uint32_t flags)
{
	struct kvm_ioeventfd doorbell = { .addr = gpa, .fd = fd, .flags = flags };

	return trace_ioctl(vm->fd, KVM_IOEVENTFD, &doorbell);
}

int vm_add_doorbell(struct vm *vm, uint64_t gpa, int fd)
{
	int ret = vm_set_doorbell(vm, gpa, fd, 0);

	return ret < 0 ? log_errno("KVM", ret, "KVM_IOEVENTFD at %#" PRIx64, gpa) : 0;
}

void vm_del_doorbell(struct vm *vm, uint64_t gpa, int fd)
{
	vm_set_doorbell(vm, gpa, fd, KVM_IOEVENTFD_FLAG_DEASSIGN);
}
