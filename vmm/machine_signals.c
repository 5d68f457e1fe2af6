/* SPDX-License-Identifier: MIT */
#include "machine_signals.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "machine_state.h"
#include "vmm/base/bus_error.h"
#include "vmm/base/patient_stream.h"
#include "vmm/base/pending_signal.h"
#include "vmm/base/terminal_guard.h"
#include "vmm/trace/log.h"

/* The contents of the page are lost, so the guest must not go on. */
static bool machine_has_lost_memory(struct machine *machine, const struct signalfd_siginfo *info)
{
	uint64_t hva, gpa;

	if (!bus_error_read(info, &hva))
		return false;
	if (memory_find_gpa(&machine->vm.memory, hva, &gpa))
		log_error("RAM",
			  "the host's memory has an error that cannot be corrected, at guest "
			  "address %#" PRIx64 ": the guest is stopped",
			  gpa);
	else
		log_error("machine", "the host's memory has an error that cannot be corrected");
	return true;
}

/*
 * Ctrl-C on a terminal ends the guest at once. Without a terminal, SIGINT may come from a
 * supervisor and asks the guest.
 */
static bool machine_signal_asks(uint32_t signal)
{
	return signal == SIGTERM || (signal == SIGINT && !isatty(STDIN_FILENO));
}

/* The terminal may be another job's by now, or ours again, and of another size. */
static void machine_continue(struct machine *machine)
{
	terminal_guard_resume();
	console_start(&machine->console);
	command_streams_continue(&machine->streams);
}

/*
 * The shell gets its terminal as it was, and sees us stopped by the signal that it knows. Where
 * there is no shell to continue us, the kernel does not stop us.
 */
static void machine_stop_job(struct machine *machine)
{
	sigset_t set;

	terminal_guard_restore();
	sigemptyset(&set);
	sigaddset(&set, SIGTSTP);
	raise(SIGTSTP);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	machine_continue(machine);
}

static bool machine_handle_job(struct machine *machine, uint32_t signal)
{
	if (signal == SIGTSTP)
		machine_stop_job(machine);
	else if (signal == SIGCONT)
		machine_continue(machine);
	return signal == SIGTSTP || signal == SIGCONT;
}

/* A guest whose CPU waits for a server or a file cannot power off, so it is stopped. */
static bool machine_is_stalled(void *owner)
{
	const struct machine *machine = owner;

	return served_devices_are_stalled(&machine->served) ||
	       user_devices_are_stalled(&machine->users) || uefi_machine_is_stalled(&machine->uefi);
}

static void machine_signalled(void *owner, uint32_t events)
{
	struct machine *machine = owner;
	struct signalfd_siginfo info;

	(void)events;
	if (read(machine->signals.fd, &info, sizeof(info)) != sizeof(info))
		return;
	if (machine_handle_job(machine, info.ssi_signo))
		return;
	if (machine_has_lost_memory(machine, &info)) {
		vm_post(&machine->vm, VM_EVENT_ERROR);
		return;
	}
	machine->signal = (int)info.ssi_signo;
	patient_stream_hurry();
	if (machine_signal_asks(info.ssi_signo) && !machine_is_stalled(machine))
		power_button_ask(&machine->button);
	else
		vm_post(&machine->vm, VM_EVENT_QUIT);
}

void machine_block_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGHUP);
	sigaddset(set, SIGQUIT);
	pthread_sigmask(SIG_BLOCK, set, NULL);
}

/* A signal that is not blocked is never pending. A signal that was already read came first. */
bool machine_take_signal(struct machine *machine)
{
	const struct timespec now = { 0 };
	sigset_t set;
	int taken;

	if (machine->signal || !pending_signal_ends())
		return false;
	machine_block_signals(&set);
	taken = sigtimedwait(&set, NULL, &now);
	machine->signal = taken > 0 ? taken : 0;
	return taken > 0;
}

int machine_catch_signals(struct machine *machine)
{
	sigset_t set;

	power_button_watch(&machine->button, machine_is_stalled, machine);
	/* setting the terminal's mode from the background must not stop minivmm, */
	signal(SIGTTOU, SIG_IGN);
	signal(SIGTTIN, SIG_IGN); /* nor is a key that was read a moment too late */
	terminal_guard_init();
	machine_block_signals(&set);
	sigaddset(&set, SIGCONT); /* blocking it does not keep it from continuing minivmm */
	sigaddset(&set, SIGTSTP);
	sigaddset(&set, SIGBUS); /* see base/bus_error.h */
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	machine->signals = (struct loop_source){ signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK),
						 machine_signalled, machine, "machine", "signals" };
	if (machine->signals.fd < 0)
		return log_errno("machine", -errno, "signalfd");
	return loop_add(&machine->vm.loop, &machine->signals);
}
