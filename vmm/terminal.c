/* SPDX-License-Identifier: MIT */
#include "terminal.h"

#include <errno.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "vmm/base/terminal_guard.h"
#include "vmm/trace/log.h"

void terminal_get_size(int fd, unsigned int *rows, unsigned int *columns)
{
	struct winsize size = { 0 };

	if (ioctl(fd, TIOCGWINSZ, &size) < 0)
		size = (struct winsize){ 0 };
	*rows = size.ws_row;
	*columns = size.ws_col;
}

int terminal_set_raw(int fd, bool post)
{
	struct termios before, mode;
	int ret;

	if (tcgetattr(fd, &before) < 0)
		return log_errno("terminal", -errno, "tcgetattr");
	mode = before;
	cfmakeraw(&mode);
	if (post)
		mode.c_oflag |= OPOST;
	ret = terminal_guard_enter(fd, &before, &mode);
	return ret < 0 ? log_errno("terminal", ret, "tcsetattr") : 0;
}
