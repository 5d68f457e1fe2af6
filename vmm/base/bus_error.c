/* SPDX-License-Identifier: MIT */
#include "bus_error.h"

#include <pthread.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

bool bus_error_blocked(sigset_t *without)
{
	bool blocked;

	pthread_sigmask(SIG_SETMASK, NULL, without);
	blocked = sigismember(without, SIGBUS) > 0;
	sigdelset(without, SIGBUS);
	return blocked;
}

/* The kernel reports it at once (_AO), or when a thread touches the page (_AR). */
static bool bus_error_is_lost_memory(int code)
{
	return code == BUS_MCEERR_AR || code == BUS_MCEERR_AO;
}

/*
 * Only the kernel can send the original siginfo to another thread; minivmm queues a signal with the
 * address as its value. The first thread of a process has the process's number.
 */
void bus_error_pass_on(void)
{
	static const struct timespec at_once;
	siginfo_t info;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGBUS);
	if (sigtimedwait(&set, &info, &at_once) != SIGBUS)
		return;
	if (bus_error_is_lost_memory(info.si_code)) {
		void *hva = info.si_addr;

		info.si_code = SI_QUEUE;
		info.si_pid = getpid();
		info.si_value.sival_ptr = hva;
	} else {
		info.si_code = SI_TKILL;
	}
	syscall(SYS_rt_tgsigqueueinfo, getpid(), getpid(), SIGBUS, &info);
}

bool bus_error_read(const struct signalfd_siginfo *info, uint64_t *hva)
{
	bool passed_on = info->ssi_code == SI_QUEUE && (pid_t)info->ssi_pid == getpid();

	*hva = passed_on ? info->ssi_ptr : info->ssi_addr;
	return info->ssi_signo == SIGBUS && (passed_on || bus_error_is_lost_memory(info->ssi_code));
}
