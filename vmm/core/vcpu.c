/* SPDX-License-Identifier: MIT */
#include "vcpu.h"

#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "kvm_calls.h"
#include "vmm/base/bus_error.h"
#include "vmm/base/pending_signal.h"
#include "vmm/base/thread_guard.h"
#include "vmm/trace/log.h"

#define VCPU_SIGNALS 8 /* bytes of the kernel's signal set; the C library's is longer */

static void vcpu_kicked(int signal)
{
	(void)signal;
}

void vcpu_init_kick(void)
{
	struct sigaction action = { .sa_handler = vcpu_kicked };
	sigset_t set;

	sigaction(SIGUSR1, &action, NULL);
	action.sa_flags = SA_RESTART;
	sigaction(VCPU_SIGNAL_PAUSE, &action, NULL);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, VCPU_SIGNAL_PAUSE);
	/* the program that started minivmm may have blocked it */
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

int vcpu_init(struct vcpu *vcpu, struct vm *vm, unsigned int index)
{
	int ret;

	*vcpu = (struct vcpu){ .vm = vm, .index = index, .fd = -1, .stats_fd = -1 };
	vcpu->fd = trace_ioctl(vm->fd, KVM_CREATE_VCPU, index);
	if (vcpu->fd < 0)
		return log_errno("KVM", vcpu->fd, "KVM_CREATE_VCPU %u", index);
	vcpu->run = mmap(NULL, vm->vcpu_mmap_size, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu->fd, 0);
	if (vcpu->run == MAP_FAILED) {
		ret = -errno;
		vcpu->run = NULL;
		return log_errno("KVM", ret, "mmap of vCPU %u", index);
	}
	/* This call must come before the vCPU runs, because it would wait for it to stop. */
	if (trace_wants_counters())
		vcpu->stats_fd = trace_ioctl(vcpu->fd, KVM_GET_STATS_FD, 0);
	return arch_vcpu_init(vcpu);
}

void vcpu_destroy(struct vcpu *vcpu)
{
	if (vcpu->run)
		munmap(vcpu->run, vcpu->vm->vcpu_mmap_size);
	if (vcpu->stats_fd >= 0)
		close(vcpu->stats_fd);
	if (vcpu->fd >= 0)
		close(vcpu->fd);
	vcpu->run = NULL;
	vcpu->fd = vcpu->stats_fd = -1;
}

/*
 * A string instruction moves `count` items through one port: the data advances, the port does not.
 */
static void vcpu_port_io(struct vcpu *vcpu)
{
	struct kvm_run *run = vcpu->run;
	uint8_t *data = (uint8_t *)run + run->io.data_offset;

	for (uint32_t i = 0; i < run->io.count; i++, data += run->io.size) {
		if (run->io.direction == KVM_EXIT_IO_OUT)
			bus_write(&vcpu->vm->pio, run->io.port, data, run->io.size);
		else
			bus_read(&vcpu->vm->pio, run->io.port, data, run->io.size);
	}
}

static void vcpu_mmio(struct vcpu *vcpu)
{
	struct kvm_run *run = vcpu->run;

	if (run->mmio.is_write)
		bus_write(&vcpu->vm->mmio, run->mmio.phys_addr, run->mmio.data, run->mmio.len);
	else
		bus_read(&vcpu->vm->mmio, run->mmio.phys_addr, run->mmio.data, run->mmio.len);
}

static void vcpu_system_event(struct vcpu *vcpu)
{
	switch (vcpu->run->system_event.type) {
	case KVM_SYSTEM_EVENT_SHUTDOWN:
		vm_post(vcpu->vm, VM_EVENT_POWEROFF);
		break;
	case KVM_SYSTEM_EVENT_RESET:
		vm_post(vcpu->vm, VM_EVENT_RESET);
		break;
	default:
		log_error("guest", "crashed: KVM system event %u", vcpu->run->system_event.type);
		vm_post(vcpu->vm, VM_EVENT_CRASH);
	}
}

static void vcpu_crash(struct vcpu *vcpu, const char *what, uint64_t detail)
{
	log_error("guest", "vCPU %u crashed: %s (%#" PRIx64 ")", vcpu->index, what, detail);
	arch_vcpu_dump(vcpu);
	vm_post(vcpu->vm, VM_EVENT_CRASH);
}

/* If the memory of a device is gone, the device has failed, not the guest. */
static void vcpu_run_failed(struct vcpu *vcpu, int err)
{
	struct memory_region lost;

	if (err != -EFAULT || !memory_find_shrunk(&vcpu->vm->memory, &lost)) {
		vcpu_crash(vcpu, strerror(-err), (uint64_t)-err);
		return;
	}
	log_error(lost.owner, "BAR %u: its file has become too short: the guest is stopped",
		  lost.bar);
	vm_post(vcpu->vm, VM_EVENT_DEVICE_LOST);
}

static void vcpu_handle_exit(struct vcpu *vcpu)
{
	struct kvm_run *run = vcpu->run;

	switch (run->exit_reason) {
	case KVM_EXIT_IO:
		vcpu_port_io(vcpu);
		break;
	case KVM_EXIT_MMIO:
		vcpu_mmio(vcpu);
		break;
	case KVM_EXIT_INTR:
	case KVM_EXIT_IRQ_WINDOW_OPEN:
		break;
	case KVM_EXIT_SYSTEM_EVENT:
		vcpu_system_event(vcpu);
		break;
	case KVM_EXIT_SHUTDOWN:
		vcpu_crash(vcpu, "triple fault", 0);
		break;
	case KVM_EXIT_FAIL_ENTRY:
		vcpu_crash(vcpu, "KVM failed to enter the guest, hardware reason",
			   run->fail_entry.hardware_entry_failure_reason);
		break;
	case KVM_EXIT_INTERNAL_ERROR:
		vcpu_crash(vcpu, "KVM internal error, suberror", run->internal.suberror);
		break;
	default:
		if (!arch_vcpu_exit(vcpu))
			vcpu_crash(vcpu, "KVM exit that minivmm does not know", run->exit_reason);
	}
}

static void vcpu_count_exit(struct vcpu *vcpu)
{
	uint32_t reason = vcpu->run->exit_reason;

	vcpu->exits[reason < VM_EXIT_REASONS ? reason : VM_EXIT_REASONS - 1]++;
}

static bool vcpu_may_run(const struct vcpu *vcpu)
{
	return !vcpu->vm->stopping && vcpu->vm->event == VM_EVENT_NONE;
}

/*
 * SIGBUS must end KVM_RUN although the thread blocks it. If KVM refuses that, the thread does not
 * block it: then the signal ends the process, because otherwise the vCPU would fault for ever.
 */
static void vcpu_take_bus_errors(const struct vcpu *vcpu)
{
	union {
		struct kvm_signal_mask mask;
		uint8_t room[sizeof(struct kvm_signal_mask) + VCPU_SIGNALS];
	} without = { .mask.len = VCPU_SIGNALS };
	sigset_t others;

	if (!bus_error_blocked(&others))
		return;
	memcpy(without.mask.sigset, &others, VCPU_SIGNALS);
	if (trace_ioctl(vcpu->fd, KVM_SET_SIGNAL_MASK, &without) < 0)
		pthread_sigmask(SIG_SETMASK, &others, NULL);
}

static void *vcpu_run(void *arg)
{
	struct vcpu *vcpu = arg;
	char name[16];

	snprintf(name, sizeof(name), "vcpu%u", vcpu->index);
	pthread_setname_np(pthread_self(), name);
	thread_guard_enter(vcpu->vm->guard, THREAD_VCPU);
	vcpu_take_bus_errors(vcpu);
	while (vcpu_may_run(vcpu)) {
		int ret;

		if (gate_pass(&vcpu->vm->gate)) {
			arch_vcpu_paused(vcpu);
			continue;
		}
		ret = trace_ioctl_detail(vcpu->fd, KVM_RUN, 0, vcpu->run);
		if (ret == -EINTR)
			bus_error_pass_on();
		if (ret == -EINTR || ret == -EAGAIN)
			continue;
		if (ret < 0) {
			vcpu_run_failed(vcpu, ret);
			break;
		}
		vcpu_count_exit(vcpu);
		vcpu->handling++;
		vcpu_handle_exit(vcpu);
		vcpu->handling++;
	}
	return NULL;
}

bool vcpu_exit_is_over(const struct vcpu *vcpu, unsigned int mark)
{
	return mark % 2 == 0 || vcpu->handling != mark;
}

static int vcpu_pin(const struct vcpu *vcpu)
{
	unsigned int cpu = vcpu->vm->host_cpus ? vcpu->vm->host_cpus[vcpu->index] : 0;
	cpu_set_t set;
	int err;

	if (!vcpu->vm->host_cpus)
		return 0;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	err = pthread_setaffinity_np(vcpu->thread, sizeof(set), &set);
	return err ? log_errno("--cpus", -err, "pin vCPU %u to host CPU %u", vcpu->index, cpu) : 0;
}

int vcpu_start(struct vcpu *vcpu)
{
	int err = pthread_create(&vcpu->thread, NULL, vcpu_run, vcpu);

	if (err)
		return log_errno("vCPU", -err, "pthread_create");
	vcpu->started = true;
	return vcpu_pin(vcpu);
}

/*
 * immediate_exit makes the next KVM_RUN return at once. The signal ends a KVM_RUN or a handler's
 * system call that is under way. Because it can come just before a handler blocks, it is sent again
 * until the thread is gone.
 */
void vcpu_stop(struct vcpu *vcpu)
{
	struct timespec until;

	if (!vcpu->started)
		return;
	do {
		pending_end_is_asked(); /* it may wait for a server, and then must learn of keys */
		__atomic_store_n(&vcpu->run->immediate_exit, 1, __ATOMIC_RELEASE);
		pthread_kill(vcpu->thread, SIGUSR1);
		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_nsec += 10000000;
		if (until.tv_nsec >= 1000000000) {
			until.tv_nsec -= 1000000000;
			until.tv_sec++;
		}
	} while (pthread_clockjoin_np(vcpu->thread, NULL, CLOCK_MONOTONIC, &until));
	vcpu->started = false;
}
