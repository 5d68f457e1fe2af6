/* SPDX-License-Identifier: MIT */
/* vmm/core/vm.c without a vCPU: power up and down, memory slots, VFIO files, events. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/eventfd.h>

#include "call_log.h"
#include "fake_kvm.h"
#include "plain_ram.h"
#include "stderr_text.h"
#include "unit.h"
#include "vmm/core/vm.h"
#include "vmm/trace/log.h"

#define MIB (1ull << 20)

/* Any file stands for KVM's, because fake_kvm.c answers for it. */
static bool kvm_is_there;

int open(const char *path, int flags, ...)
{
	va_list args;
	int mode;

	va_start(args, flags);
	mode = flags & O_CREAT ? va_arg(args, int) : 0;
	va_end(args);
	if (kvm_is_there && strcmp(path, "/dev/kvm") == 0)
		return eventfd(0, EFD_CLOEXEC);
	return openat(AT_FDCWD, path, flags, mode);
}

/* Where there is no /dev/kvm, vm_init() ends there. Its answers are filled in. */
static void begin(struct vm *vm)
{
	struct stderr_text caught;

	fake_kvm_begin();
	stderr_begin(&caught);
	vm_init(vm, 1, NULL);
	stderr_end(&caught);
	vm->memslot_max = 4;
	calls_begin();
}

static void end(struct vm *vm)
{
	vm_destroy(vm);
	fake_kvm_end();
}

/* A new VM is shown the RAM and the VFIO files, and so is the one after a reboot. */
START_TEST(rule_23_reboot_restores_slots_and_files)
{
	static struct vm vm;

	begin(&vm);
	ck_assert_int_eq(plain_ram_add(&vm.memory, 0, MIB), 0);
	calls_expect("");
	ck_assert_int_eq(vm_power_up(&vm), 0);
	ck_assert_uint_lt(calls_first("KVM_CREATE_VM"), calls_first("KVM_CREATE_IRQCHIP"));
	ck_assert_uint_lt(calls_first("KVM_CREATE_IRQCHIP"),
			  calls_first("KVM_SET_USER_MEMORY_REGION 0+0x100000"));
	ck_assert_uint_eq(calls_count("KVM_CREATE_DEVICE"), 0); /* nobody needs it yet */
	calls_begin();
	ck_assert_int_eq(vm_add_vfio_file(&vm, 0), 0);
	ck_assert_int_eq(vm_add_vfio_file(&vm, 1), 0);
	calls_expect("KVM_CREATE_DEVICE\nKVM_SET_DEVICE_ATTR add\nKVM_SET_DEVICE_ATTR add\n");
	vm_power_down(&vm);
	calls_expect("KVM_SET_USER_MEMORY_REGION 0 off\n");
	vm_power_down(&vm);
	calls_expect("");
	ck_assert_int_eq(vm_power_up(&vm), 0);
	ck_assert_uint_eq(calls_count("KVM_SET_USER_MEMORY_REGION 0+0x100000"), 1);
	ck_assert_uint_eq(calls_count("KVM_SET_DEVICE_ATTR add"), 2);
	calls_begin();
	vm_del_vfio_file(&vm, 0);
	vm_del_vfio_file(&vm, 0);
	vm_del_vfio_file(&vm, 1);
	calls_expect("KVM_SET_DEVICE_ATTR del\nKVM_SET_DEVICE_ATTR del\n");
	end(&vm);
}
END_TEST

static const char *const steps[] = {
	"KVM_CREATE_VM",      "KVM_SET_IDENTITY_MAP_ADDR", "KVM_SET_TSS_ADDR",
	"KVM_CREATE_IRQCHIP", "KVM_CREATE_PIT2",           "KVM_SET_USER_MEMORY_REGION",
};

START_TEST(failed_power_up_can_be_tried_again)
{
	static struct vm vm;
	struct stderr_text caught;
	int ret;

	begin(&vm);
	ck_assert_int_eq(plain_ram_add(&vm.memory, 0, MIB), 0);
	fake_kvm_fail(steps[_i], 1, -EPERM);
	stderr_begin(&caught);
	ret = vm_power_up(&vm);
	stderr_end(&caught);
	ck_assert_int_eq(ret, -EPERM);
	stderr_holds(&caught, "minivmm: error: ");
	stderr_holds(&caught, steps[_i]);
	stderr_holds(&caught, "Operation not permitted");
	vm_power_down(&vm);
	ck_assert_int_eq(vm_power_up(&vm), 0);
	ck_assert(fake_kvm_mapped(0));
	end(&vm);
}
END_TEST

/* Memory slots are used again. When none is left, the region is refused and is not in the map. */
START_TEST(slots_run_out_and_come_back)
{
	static struct vm vm;
	struct stderr_text caught;
	int ret;

	begin(&vm);
	ck_assert_int_eq(vm_power_up(&vm), 0);
	for (uint64_t i = 0; i < 4; i++)
		ck_assert_int_eq(plain_ram_add(&vm.memory, i * MIB, MIB), 0);
	stderr_begin(&caught);
	ret = plain_ram_add(&vm.memory, 4 * MIB, MIB);
	stderr_end(&caught);
	ck_assert_int_eq(ret, -LOG_TOLD);
	stderr_holds(&caught, "KVM_SET_USER_MEMORY_REGION 0x400000 + 0x100000: No space left");
	ck_assert_uint_eq(memory_ram_size(&vm.memory), 4 * MIB);
	end(&vm);
}
END_TEST

START_TEST(freed_slot_is_used_again)
{
	static char page[4096] __attribute__((aligned(4096)));
	struct memory_region region = {
		.size = sizeof(page), .hva = page, .fd = -1, .kind = MEMORY_DEVICE
	};
	static struct vm vm;

	begin(&vm);
	ck_assert_int_eq(vm_power_up(&vm), 0);
	for (region.gpa = 0x1000; region.gpa < 0x40000; region.gpa += 0x1000) {
		ck_assert_int_eq(memory_add_region(&vm.memory, &region), 0);
		ck_assert(fake_kvm_mapped(region.gpa));
		memory_del_region(&vm.memory, region.gpa);
		ck_assert(!fake_kvm_mapped(region.gpa));
	}
	end(&vm);
}
END_TEST

START_TEST(first_event_counts)
{
	static struct vm vm;

	begin(&vm);
	vm_post(&vm, VM_EVENT_POWEROFF);
	vm_post(&vm, VM_EVENT_CRASH);
	ck_assert_int_eq(vm_wait(&vm), VM_EVENT_POWEROFF);
	vm_post(&vm, VM_EVENT_RESET);
	ck_assert_int_eq(vm_wait(&vm), VM_EVENT_RESET);
	end(&vm);
}
END_TEST

static const struct {
	enum vm_event first, second, wins;
} races[] = {
	{ VM_EVENT_POWEROFF, VM_EVENT_CRASH, VM_EVENT_POWEROFF },
	{ VM_EVENT_CRASH, VM_EVENT_QUIT, VM_EVENT_CRASH },
	{ VM_EVENT_QUIT, VM_EVENT_RESET, VM_EVENT_QUIT },
	{ VM_EVENT_RESET, VM_EVENT_RESET, VM_EVENT_RESET },
	/* A signal or a lost device that comes with a reboot must not be forgotten. */
	{ VM_EVENT_RESET, VM_EVENT_QUIT, VM_EVENT_QUIT },
	{ VM_EVENT_RESET, VM_EVENT_DEVICE_LOST, VM_EVENT_DEVICE_LOST },
};

START_TEST(reset_gives_way_to_what_is_final)
{
	static struct vm vm;

	begin(&vm);
	vm_post(&vm, races[_i].first);
	vm_post(&vm, races[_i].second);
	ck_assert_int_eq(vm_wait(&vm), races[_i].wins);
	end(&vm);
}
END_TEST

START_TEST(rom_is_read_only)
{
	static char page[4096] __attribute__((aligned(4096)));
	const struct memory_region rom = {
		.gpa = 0xffc00000, .size = sizeof(page), .hva = page, .fd = -1, .kind = MEMORY_ROM
	};
	static struct vm vm;

	begin(&vm);
	ck_assert_int_eq(vm_power_up(&vm), 0);
	calls_begin();
	ck_assert_int_eq(memory_add_region(&vm.memory, &rom), 0);
	memory_del_region(&vm.memory, rom.gpa);
	calls_expect("KVM_SET_USER_MEMORY_REGION 0xffc00000+0x1000 read-only\n"
		     "KVM_SET_USER_MEMORY_REGION 0xffc00000 off\n");
	end(&vm);
}
END_TEST

/*
 * APIC ids of more than 8 bits are switched on for guests that have them, or are said to be
 * missing.
 */
START_TEST(long_apic_ids)
{
	static const unsigned int cpus[] = { 1, 255, 256, 1024 };
	static struct vm vm;
	struct stderr_text caught;

	begin(&vm);
	vm.cpus = cpus[_i];
	ck_assert_int_eq(vm_power_up(&vm), 0);
	ck_assert_uint_eq(calls_count("KVM_ENABLE_CAP"), cpus[_i] > 255);
	vm_power_down(&vm);
	fake_kvm_fail("KVM_ENABLE_CAP", 1, -EINVAL);
	stderr_begin(&caught);
	ck_assert_int_eq(vm_power_up(&vm), cpus[_i] > 255 ? -EINVAL : 0);
	stderr_end(&caught);
	if (cpus[_i] > 255)
		stderr_holds(&caught, "--cpus: KVM_CAP_X2APIC_API, for more than 255 vCPUs");
	end(&vm);
}
END_TEST

/* A question that fails is one error with its errno, and no statement about what KVM has. */
static const struct {
	const char *call;
	unsigned int nth;
	int err;
	bool powered; /* asked only when the VM is made */
	const char *says;
} questions[] = {
	{ "KVM_GET_API_VERSION", 1, -EPERM, false, "KVM_GET_API_VERSION: Operation not permitted" },
	{ "KVM_CHECK_EXTENSION", 1, -EPERM, false,
	  "KVM_CHECK_EXTENSION, KVM_CAP_USER_MEMORY: Operation not permitted" },
	{ "KVM_CHECK_EXTENSION", 6, -ENOTTY, false, "KVM_CHECK_EXTENSION, KVM_CAP_IRQCHIP: Inapp" },
	{ "KVM_CHECK_EXTENSION", 11, -EIO, false,
	  "KVM_CHECK_EXTENSION, KVM_CAP_MAX_VCPUS: Input/output error" },
	{ "KVM_CHECK_EXTENSION", 12, -EIO, false,
	  "KVM_CHECK_EXTENSION, KVM_CAP_NR_MEMSLOTS: Input/output error" },
	{ "KVM_GET_VCPU_MMAP_SIZE", 1, -EINVAL, false, "KVM_GET_VCPU_MMAP_SIZE: Invalid argument" },
	{ "KVM_CHECK_EXTENSION", 13, -EIO, true,
	  "KVM_CHECK_EXTENSION, KVM_CAP_IRQ_ROUTING: Input/output error" },
};

START_TEST(question_that_fails)
{
	struct stderr_text caught;
	static struct vm vm;
	int ret;

	fake_kvm_begin();
	kvm_is_there = true;
	fake_kvm_fail(questions[_i].call, questions[_i].nth, questions[_i].err);
	stderr_begin(&caught);
	ret = vm_init(&vm, 1, NULL);
	ck_assert(ret == 0 || !questions[_i].powered);
	if (questions[_i].powered)
		ret = vm_power_up(&vm);
	stderr_end(&caught);
	kvm_is_there = false;
	ck_assert_int_eq(ret, questions[_i].err);
	ck_assert_ptr_eq(strstr(caught.text, "minivmm: error: /dev/kvm: "), caught.text);
	stderr_holds(&caught, questions[_i].says);
	ck_assert_ptr_eq(strchr(caught.text, '\n') + 1, strchr(caught.text, '\0'));
	end(&vm);
}
END_TEST

UNIT_MAIN("vm", { question_that_fails, UNIT_COUNT(questions) }, { long_apic_ids, 4 },
	  { rom_is_read_only, 0 }, { reset_gives_way_to_what_is_final, UNIT_COUNT(races) },
	  { rule_23_reboot_restores_slots_and_files, 0 },
	  { failed_power_up_can_be_tried_again, UNIT_COUNT(steps) },
	  { slots_run_out_and_come_back, 0 }, { freed_slot_is_used_again, 0 },
	  { first_event_counts, 0 })
