/* SPDX-License-Identifier: MIT */
/*
 * What each KVM ioctl means that is the same on every architecture, and why minivmm makes it.
 *
 * Read beside it: Documentation/virt/kvm/api.rst.
 */
#include <inttypes.h>
#include <string.h>

#include "kvm_calls.h"
#include "vmm/trace/macros.h"

#define FILE_KVM "/dev/kvm"
#define FILE_VM  "VM"

/* ---- the machine ---- */

struct kvm_cap_reason {
	uint64_t cap;
	const char *name;
	const char *why;
};

static const struct kvm_cap_reason kvm_caps[] = {
#define CAP(cap) cap, #cap
	{ CAP(KVM_CAP_USER_MEMORY), "guest RAM is ordinary memory of this process" },
	{ CAP(KVM_CAP_IRQ_ROUTING), "the guest writes where an interrupt goes; how many at most?" },
	{ CAP(KVM_CAP_IRQFD), "an eventfd becomes an interrupt inside the kernel, past minivmm" },
	{ CAP(KVM_CAP_IRQFD_RESAMPLE),
	  "a level interrupt: KVM says when the guest has acknowledged it" },
	{ CAP(KVM_CAP_IMMEDIATE_EXIT), "a vCPU must be stoppable at any moment" },
	{ CAP(KVM_CAP_MAX_VCPUS), "how many vCPUs may be asked for" },
	{ CAP(KVM_CAP_NR_MEMSLOTS), "how many pieces the guest's memory may have" },
	{ CAP(KVM_CAP_IRQCHIP), "the interrupt controllers can be the kernel's" },
	{ CAP(KVM_CAP_EXT_CPUID), "what the CPUs can do is copied from the host" },
	{ CAP(KVM_CAP_SET_TSS_ADDR),
	  "pages that Intel CPUs need can be put where nothing else is" },
	{ CAP(KVM_CAP_SET_IDENTITY_MAP_ADDR), "and so can KVM's identity map" },
	{ CAP(KVM_CAP_TSC_DEADLINE_TIMER), "does the local APIC have the cheap kind of timer?" },
#ifdef KVM_CAP_PIT2
	{ CAP(KVM_CAP_PIT2), "a PC's first clock source, before it knows better ones" },
#endif
#undef CAP
	{ 0, NULL, NULL },
};

static void kvm_decode_cap(struct trace_fields *fields, const void *arg, int result)
{
	uint64_t cap = (uintptr_t)arg;
	const struct kvm_cap_reason *row = kvm_caps;

	(void)result;
	while (row->name && row->cap != cap)
		row++;
	fields->why = row->why ? row->why : "can this kernel's KVM do what the machine needs?";
	if (row->name)
		trace_put(fields, "capability", "%s", row->name);
	else
		trace_put(fields, "capability", "%" PRIu64, cap);
}

static void kvm_decode_create_vm(struct trace_fields *fields, const void *arg, int result)
{
	(void)arg;
	if (result < 0)
		return;
	trace_put_result(fields, "fd %d", result);
	strcpy(fields->opened, FILE_VM);
}

static void kvm_decode_create_vcpu(struct trace_fields *fields, const void *arg, int result)
{
	unsigned int id = (unsigned int)(uintptr_t)arg;

	trace_put(fields, "id", "%u", id);
	if (result < 0)
		return;
	trace_put_result(fields, "fd %d", result);
	snprintf(fields->opened, sizeof(fields->opened), "vCPU %u", id);
}

static void kvm_decode_create_device(struct trace_fields *fields, const void *arg, int result)
{
	static const struct trace_name types[] = { { KVM_DEV_TYPE_VFIO, "VFIO" }, { 0, NULL } };
	const struct kvm_create_device *device = arg;

	trace_put_name(fields, "type", device->type, types);
	if (result >= 0)
		trace_put_result(fields, "fd %u", device->fd);
}

static void kvm_decode_device_attr(struct trace_fields *fields, const void *arg, int result)
{
	static const struct trace_name names[] = {
		{ KVM_DEV_VFIO_GROUP_ADD, "add file" },
		{ KVM_DEV_VFIO_GROUP_DEL, "forget file" },
		{ 0, NULL },
	};
	const struct kvm_device_attr *attr = arg;

	(void)result;
	if (attr->group != KVM_DEV_VFIO_GROUP)
		return;
	trace_put_name(fields, "do", attr->attr, names);
	trace_put(fields, "fd", "%d", *(const int32_t *)(uintptr_t)attr->addr);
	fields->why =
		attr->attr == KVM_DEV_VFIO_GROUP_ADD
			? "KVM learns that a device does DMA here: caching and wbinvd count now"
			: "KVM lets go of the group, or it would stay busy";
}

TRACE_ABOUT(KVM_GET_API_VERSION, kvm, FILE_KVM, NULL,
	    "the first question to KVM; every usable version answers 12");
TRACE_ABOUT(KVM_CHECK_EXTENSION, kvm, FILE_KVM, kvm_decode_cap, NULL);
TRACE_ABOUT(KVM_GET_VCPU_MMAP_SIZE, kvm, FILE_KVM, NULL,
	    "how much of each vCPU's file is mapped: there KVM says why the guest stopped");
TRACE_ABOUT(KVM_CREATE_VM, kvm, FILE_KVM, kvm_decode_create_vm,
	    "an empty machine: no memory, no CPU; all that follows is put into it");
TRACE_ABOUT(KVM_CREATE_VCPU, kvm, FILE_VM, kvm_decode_create_vcpu,
	    "a CPU of the guest; one thread of minivmm will run it");
TRACE_ABOUT(KVM_GET_STATS_FD, kvm, "vCPU", NULL,
	    "KVM's own counters of this vCPU, for the curves of the timeline");
TRACE_ABOUT(KVM_CREATE_DEVICE, kvm, FILE_VM, kvm_decode_create_device,
	    "KVM's link to VFIO, to be told of the groups whose devices the guest has");
TRACE_ABOUT(KVM_SET_DEVICE_ATTR, kvm, "KVM device", kvm_decode_device_attr, NULL);

/* ---- KVM_RUN has no arguments: its result is in struct kvm_run ---- */

static const char *const kvm_exit_names[] = {
	[KVM_EXIT_UNKNOWN] = "unknown",
	[KVM_EXIT_EXCEPTION] = "exception",
	[KVM_EXIT_IO] = "port I/O",
	[KVM_EXIT_HYPERCALL] = "hypercall",
	[KVM_EXIT_DEBUG] = "debug",
	[KVM_EXIT_HLT] = "halt",
	[KVM_EXIT_MMIO] = "MMIO",
	[KVM_EXIT_IRQ_WINDOW_OPEN] = "interrupt window",
	[KVM_EXIT_SHUTDOWN] = "shutdown",
	[KVM_EXIT_FAIL_ENTRY] = "failed entry",
	[KVM_EXIT_INTR] = "signal",
	[KVM_EXIT_SET_TPR] = "set TPR",
	[KVM_EXIT_TPR_ACCESS] = "TPR access",
	[KVM_EXIT_NMI] = "NMI",
	[KVM_EXIT_INTERNAL_ERROR] = "internal error",
	[KVM_EXIT_SYSTEM_EVENT] = "system event",
	[KVM_EXIT_IOAPIC_EOI] = "IOAPIC EOI",
	[KVM_EXIT_X86_RDMSR] = "rdmsr",
	[KVM_EXIT_X86_WRMSR] = "wrmsr",
	[KVM_EXIT_DIRTY_RING_FULL] = "dirty ring full",
	[KVM_EXIT_X86_BUS_LOCK] = "bus lock",
	[KVM_EXIT_NOTIFY] = "notify",
};

const char *kvm_exit_name(unsigned int reason)
{
	const char *name = reason < array_size(kvm_exit_names) ? kvm_exit_names[reason] : NULL;

	return name ? name : "other";
}

static void run_decode_mmio(struct trace_fields *fields, const struct kvm_run *run)
{
	trace_put_result(fields, "%s %s of %u bytes at %#" PRIx64, kvm_exit_name(KVM_EXIT_MMIO),
			 run->mmio.is_write ? "write" : "read", run->mmio.len,
			 (uint64_t)run->mmio.phys_addr);
}

static void run_decode_port(struct trace_fields *fields, const struct kvm_run *run)
{
	trace_put_result(fields, "%s %s of %u bytes at port %#x, %u times",
			 kvm_exit_name(KVM_EXIT_IO),
			 run->io.direction == KVM_EXIT_IO_OUT ? "write" : "read", run->io.size,
			 run->io.port, run->io.count);
}

static void run_decode(struct trace_fields *fields, const void *arg, int result)
{
	const struct kvm_run *run = arg;

	if (result < 0)
		return;
	fields->series = "exits";
	fields->kind = kvm_exit_name(run->exit_reason);
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
TRACE_ABOUT(KVM_SET_SIGNAL_MASK, kvm, "vCPU", NULL,
	    "an error in a page of RAM is reported by SIGBUS, which must end KVM_RUN");

/* ---- memory ---- */

static void kvm_decode_slot(struct trace_fields *fields, const void *arg, int result)
{
	static const struct trace_name flags[] = {
		{ KVM_MEM_LOG_DIRTY_PAGES, "LOG_DIRTY_PAGES" },
		{ KVM_MEM_READONLY, "READONLY" },
		{ 0, NULL },
	};
	const struct kvm_userspace_memory_region *region = arg;

	(void)result;
	trace_put(fields, "slot", "%u", region->slot);
	trace_put(fields, "gpa", "%#" PRIx64, (uint64_t)region->guest_phys_addr);
	trace_put_size(fields, "size", region->memory_size);
	if (region->memory_size == 0) {
		fields->why = "size 0: the guest has nothing at this address any more";
		return;
	}
	trace_put(fields, "hva", "%#" PRIx64, (uint64_t)region->userspace_addr);
	if (region->flags)
		trace_put_flags(fields, "flags", region->flags, flags);
	fields->why = "these pages of minivmm are the guest's from now on: no exit when it touches "
		      "them";
}

TRACE_ABOUT(KVM_SET_USER_MEMORY_REGION, memory, FILE_VM, kvm_decode_slot, NULL);

/* ---- interrupts ---- */

/* Pins are the same in every table, so only their number is written. */
static void kvm_decode_routing(struct trace_fields *fields, const void *arg, int result)
{
	const struct kvm_irq_routing *table = arg;
	uint32_t pins = 0;

	(void)result;
	for (uint32_t i = 0; i < table->nr; i++) {
		const struct kvm_irq_routing_entry *entry = &table->entries[i];

		if (entry->type != KVM_IRQ_ROUTING_MSI) {
			pins++;
			continue;
		}
		trace_put(fields, "GSI", "%u -> address %#" PRIx64 " data %#x", entry->gsi,
			  (uint64_t)entry->u.msi.address_hi << 32 | entry->u.msi.address_lo,
			  entry->u.msi.data);
	}
	trace_put(fields, "pins", "%u", pins);
}

static void kvm_decode_irqfd(struct trace_fields *fields, const void *arg, int result)
{
	static const struct trace_name flags[] = {
		{ KVM_IRQFD_FLAG_DEASSIGN, "DEASSIGN" },
		{ KVM_IRQFD_FLAG_RESAMPLE, "RESAMPLE" },
		{ 0, NULL },
	};
	const struct kvm_irqfd *irqfd = arg;

	(void)result;
	trace_put(fields, "eventfd", "%u", irqfd->fd);
	trace_put(fields, "GSI", "%u", irqfd->gsi);
	if (irqfd->flags)
		trace_put_flags(fields, "flags", irqfd->flags, flags);
	if (irqfd->flags & KVM_IRQFD_FLAG_DEASSIGN)
		fields->why =
			"masked or given up: what the device signals now waits in the eventfd";
	else if (irqfd->flags & KVM_IRQFD_FLAG_RESAMPLE)
		trace_put(fields, "resample eventfd", "%u", irqfd->resamplefd);
	if (irqfd->flags == 0)
		fields->why = "from now on, whoever writes the eventfd interrupts the guest, "
			      "inside the kernel";
	else if (irqfd->flags == KVM_IRQFD_FLAG_RESAMPLE)
		fields->why = "two eventfds: one raises the pin, the other tells that the guest "
			      "has acknowledged it";
}

static void kvm_decode_doorbell(struct trace_fields *fields, const void *arg, int result)
{
	const struct kvm_ioeventfd *doorbell = arg;

	(void)result;
	trace_put(fields, "eventfd", "%d", doorbell->fd);
	trace_put(fields, "gpa", "%#llx", doorbell->addr);
	fields->why =
		doorbell->flags & KVM_IOEVENTFD_FLAG_DEASSIGN
			? "the register moves or goes: a write to its old address signals nothing"
			: "the guest's write to this register writes the eventfd, inside the "
			  "kernel";
}

static void kvm_decode_line(struct trace_fields *fields, const void *arg, int result)
{
	const struct kvm_irq_level *pin = arg;

	(void)result;
	trace_put(fields, "GSI", "%u", pin->irq);
	trace_put(fields, "level", "%u", pin->level);
	if (pin->level) {
		fields->series = "interrupts by minivmm";
		fields->kind = "line";
	}
}

static void kvm_decode_message(struct trace_fields *fields, const void *arg, int result)
{
	const struct kvm_msi *message = arg;

	(void)result;
	trace_put(fields, "address", "%#" PRIx64,
		  (uint64_t)message->address_hi << 32 | message->address_lo);
	trace_put(fields, "data", "%#x", message->data);
	fields->series = "interrupts by minivmm";
	fields->kind = "message";
}

TRACE_ABOUT(KVM_SET_GSI_ROUTING, irq, FILE_VM, kvm_decode_routing,
	    "what each interrupt number means to the guest: the whole table, each time");
TRACE_ABOUT(KVM_IRQFD, irq, FILE_VM, kvm_decode_irqfd, NULL);
TRACE_ABOUT(KVM_IOEVENTFD, memory, FILE_VM, kvm_decode_doorbell, NULL);
TRACE_ABOUT(KVM_IRQ_LINE, irq, FILE_VM, kvm_decode_line,
	    "a pin of an interrupt controller, driven by a device that minivmm emulates");
TRACE_ABOUT(KVM_SIGNAL_MSI, irq, FILE_VM, kvm_decode_message,
	    "the device has signalled, and minivmm sends the message itself: the vector was "
	    "masked, or an option asks for it");

TRACE_DEFINE_CALLS(kvm_calls, KVM_CALLS);
