/* SPDX-License-Identifier: MIT */
#include "process_signal.h"

#include <signal.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "vmm/trace/log.h"

#define PROCESS_TICK_MS 5u

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

/* A process's clock by its number: clock_getcpuclockid() makes a call that is not allowed. */
#define PROCESS_CLOCK(pid) ((clockid_t)(~(unsigned int)(pid) << 3 | 2))

/* What the processors have done for it, in ns; 0 if that cannot be asked. */
static int64_t process_work(pid_t child)
{
	struct timespec work = { 0 };

	clock_gettime(PROCESS_CLOCK(child), &work);
	return (int64_t)work.tv_sec * 1000000000 + work.tv_nsec;
}

bool process_ends(pid_t child, unsigned int idle_ms, unsigned int most_ms, int *status)
{
	int64_t work = 0;
	unsigned int idle = 0, waited = 0;

	while (waitpid(child, status, WNOHANG) == 0) {
		const int64_t now = process_work(child);

		idle = now == work ? idle + PROCESS_TICK_MS : 0;
		if (idle >= idle_ms || waited >= most_ms)
			return false;
		work = now;
		usleep(PROCESS_TICK_MS * 1000);
		waited += PROCESS_TICK_MS;
	}
	return true;
}

void process_wait(pid_t child, const char *object)
{
	int status;

	if (!process_ends(child, PROCESS_IDLE_MS, PROCESS_MAX_MS, &status))
		log_warn(object,
			 "process %d does not end, since it waits for a file or a server: it is "
			 "left behind",
			 child);
}

bool process_signal_has_files(void)
{
	int file = process_signal_open(getpid());

	if (file < 0)
		return false;
	close(file);
	return true;
}
