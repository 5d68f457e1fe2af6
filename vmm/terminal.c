/* SPDX-License-Identifier: MIT */
#include "terminal.h"

#include <errno.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "vmm/trace/log.h"

bool terminal_is_of_others(int fd)
{
	pid_t foreground = tcgetpgrp(fd);

	return foreground >= 0 && foreground != getpgrp();
}

void terminal_get_size(int fd, unsigned int *rows, unsigned int *columns)
{
	struct winsize size = { 0 };

	if (ioctl(fd, TIOCGWINSZ, &size) < 0)
		size = (struct winsize){ 0 };
	*rows = size.ws_row;
	*columns = size.ws_col;
}

int terminal_set_raw(int fd, struct termios *saved)
{
	struct termios mode;

	if (tcgetattr(fd, saved) < 0)
		return log_errno("terminal", -errno, "tcgetattr");
	mode = *saved;
	cfmakeraw(&mode);
	return tcsetattr(fd, TCSADRAIN, &mode) < 0 ? log_errno("terminal", -errno, "tcsetattr") : 0;
}
