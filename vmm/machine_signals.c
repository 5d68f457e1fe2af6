/* SPDX-License-Identifier: MIT */
#include "machine_signals.h"

#include <errno.h>
#include <pthread.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "machine_state.h"
#include "vmm/trace/log.h"

static void machine_signalled(void *owner, uint32_t events)
{
	struct machine *machine = owner;
	struct signalfd_siginfo info;

	(void)events;
	if (read(machine->signals.fd, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo == SIGCONT) {
		console_start(&machine->console);
		return;
	}
	machine->signal = (int)info.ssi_signo;
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

int machine_catch_signals(struct machine *machine)
{
	sigset_t set;

	signal(SIGPIPE, SIG_IGN);
	signal(SIGTTOU, SIG_IGN); /* a mode that is set for the wrong job is no reason to stop */
	machine_block_signals(&set);
	sigaddset(&set, SIGCONT); /* it continues us all the same */
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	machine->signals = (struct loop_source){ signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK),
						 machine_signalled, machine };
	if (machine->signals.fd < 0)
		return log_errno("machine", -errno, "signalfd");
	return loop_add(&machine->vm.loop, &machine->signals);
}
