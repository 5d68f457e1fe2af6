/* SPDX-License-Identifier: MIT */
#include "process_signal.h"

#include <signal.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

int process_signal_open(pid_t child)
{
	return (int)syscall(SYS_pidfd_open, child, 0);
}

void process_signal_send(int file, pid_t child, int signal)
{
	if (file < 0)
		kill(child, signal);
	else
		syscall(SYS_pidfd_send_signal, file, signal, NULL, 0);
}

bool process_signal_has_files(void)
{
	int file = process_signal_open(getpid());

	if (file < 0)
		return false;
	close(file);
	return true;
}
