/* SPDX-License-Identifier: MIT */
/*
 * What an error in guest RAM leads to: from the vCPU's thread, by the main loop, to the end of
 * the machine.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "fake_kvm.h"
#include "plain_ram.h"
#include "stderr_text.h"
#include "unit.h"
#include "vmm/machine_signals.h"
#include "vmm/machine_state.h"

#define MIB (1ull << 20)
#define RAM (1ull << 32)

static struct {
	struct machine machine;
	struct vcpu vcpu;
	struct kvm_run run;
	siginfo_t info;
} test;

/* KVM sends the signal to the thread that touched the page, as this does. */
static int touch_lost_page(void)
{
	syscall(SYS_rt_tgsigqueueinfo, getpid(), gettid(), SIGBUS, &test.info);
	return -EINTR;
}

static void begin(int code)
{
	struct vm *vm = &test.machine.vm;

	memset(&test, 0, sizeof(test));
	fake_kvm_begin();
	vcpu_init_kick();
	memory_init(&vm->memory);
	ck_assert_int_eq(loop_init(&vm->loop), 0);
	ck_assert_int_eq(plain_ram_add(&vm->memory, RAM, MIB), 0);
	ck_assert_int_eq(machine_catch_signals(&test.machine), 0);
	vm->event_source.fd = -1;
	test.vcpu = (struct vcpu){ .vm = vm, .fd = 0, .stats_fd = -1, .run = &test.run };
	test.info.si_signo = SIGBUS;
	test.info.si_code = code;
	test.info.si_addr = (char *)memory_ram_ptr(&vm->memory, RAM, MIB) + 0x1234;
}

/* Let the main loop go round once. *caught holds what is said. */
static void serve_signal(struct stderr_text *caught)
{
	stderr_begin(caught);
	test.machine.signals.ready(test.machine.signals.owner, 0);
	stderr_end(caught);
}

/* A vCPU may have touched the page once more before it was stopped. */
static void take_what_is_left(void)
{
	static const struct timespec at_once;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGBUS);
	while (sigtimedwait(&set, NULL, &at_once) > 0)
		;
}

static void end(void)
{
	struct vm *vm = &test.machine.vm;

	take_what_is_left();
	loop_del(&vm->loop, &test.machine.signals);
	close(test.machine.signals.fd);
	loop_destroy(&vm->loop);
	memory_destroy(&vm->memory);
	fake_kvm_end();
}

/* The guest touched the page. The vCPU faults on it until the main loop has ended the run. */
START_TEST(rule_44_lost_ram_under_the_guest_ends_the_machine)
{
	struct stderr_text caught;

	begin(BUS_MCEERR_AR);
	fake_kvm_set_run(touch_lost_page);
	ck_assert_int_eq(vcpu_start(&test.vcpu), 0);
	while (test.machine.vm.event == VM_EVENT_NONE)
		serve_signal(&caught);
	test.machine.vm.stopping = true;
	vcpu_stop(&test.vcpu);
	ck_assert_int_eq(test.machine.vm.event, VM_EVENT_ERROR);
	stderr_holds(&caught, "RAM: the host's memory has an error that cannot be corrected, at "
			      "guest address 0x100001234: the guest is stopped");
	ck_assert_int_eq(test.machine.signal, 0);
	end();
}
END_TEST

/* The host told of the page before anybody touched it. */
START_TEST(rule_44_lost_ram_that_is_told_ends_the_machine)
{
	struct stderr_text caught;

	begin(BUS_MCEERR_AO);
	touch_lost_page();
	serve_signal(&caught);
	ck_assert_int_eq(test.machine.vm.event, VM_EVENT_ERROR);
	stderr_holds(&caught, "at guest address 0x100001234");
	end();
}
END_TEST

/* The memory is minivmm's own, not the guest's. */
START_TEST(rule_44_lost_memory_elsewhere)
{
	struct stderr_text caught;

	begin(BUS_MCEERR_AO);
	test.info.si_addr = &test;
	touch_lost_page();
	serve_signal(&caught);
	ck_assert_int_eq(test.machine.vm.event, VM_EVENT_ERROR);
	stderr_holds(&caught, "machine: the host's memory has an error that cannot be corrected");
	end();
}
END_TEST

/* A SIGBUS that somebody sent by kill is a signal like any other. */
START_TEST(rule_44_a_signal_that_somebody_sent)
{
	struct stderr_text caught;

	begin(BUS_MCEERR_AO);
	kill(getpid(), SIGBUS);
	serve_signal(&caught);
	ck_assert_int_eq(test.machine.vm.event, VM_EVENT_QUIT);
	ck_assert_int_eq(test.machine.signal, SIGBUS);
	end();
}
END_TEST

UNIT_MAIN("bus_error", { rule_44_lost_ram_under_the_guest_ends_the_machine, 0 },
	  { rule_44_lost_ram_that_is_told_ends_the_machine, 0 },
	  { rule_44_lost_memory_elsewhere, 0 }, { rule_44_a_signal_that_somebody_sent, 0 })
