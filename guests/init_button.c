/* SPDX-License-Identifier: MIT */
#include "init_button.h"

#include <fcntl.h>
#include <glob.h>
#include <linux/input.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <unistd.h>

#define BUTTONS_MAX 8

#define SHELL_PATIENCE 2 /* seconds */

static bool has_power_key(int fd)
{
	unsigned char keys[KEY_MAX / 8 + 1] = { 0 };

	return ioctl(fd, EVIOCGBIT(EV_KEY, sizeof(keys)), keys) >= 0 &&
	       keys[KEY_POWER / 8] & (1 << KEY_POWER % 8);
}

static nfds_t open_buttons(struct pollfd buttons[BUTTONS_MAX])
{
	glob_t found;
	nfds_t count = 0;

	if (glob("/dev/input/event*", 0, NULL, &found))
		return 0;
	for (size_t i = 0; i < found.gl_pathc && count < BUTTONS_MAX; i++) {
		int fd = open(found.gl_pathv[i], O_RDONLY | O_CLOEXEC | O_NONBLOCK);

		if (fd >= 0 && has_power_key(fd))
			buttons[count++] = (struct pollfd){ .fd = fd, .events = POLLIN };
		else if (fd >= 0)
			close(fd);
	}
	globfree(&found);
	return count;
}

static bool is_pressed(int fd)
{
	struct input_event event;
	bool pressed = false;

	while (read(fd, &event, sizeof(event)) == sizeof(event))
		pressed = pressed ||
			  (event.type == EV_KEY && event.code == KEY_POWER && event.value == 1);
	return pressed;
}

/* Signal all processes but init and this one. */
static void end_all(bool command)
{
	kill(-1, SIGTERM);
	if (command)
		return;
	kill(-1, SIGHUP); /* an interactive shell ends by this signal */
	sleep(SHELL_PATIENCE);
	kill(-1, SIGKILL);
}

void button_watch(bool command)
{
	struct pollfd buttons[BUTTONS_MAX];
	nfds_t count = open_buttons(buttons);

	if (count && fork() == 0) {
		prctl(PR_SET_NAME, "button");
		while (poll(buttons, count, -1) > 0)
			for (nfds_t i = 0; i < count; i++)
				if (is_pressed(buttons[i].fd))
					end_all(command);
		_exit(0);
	}
	for (nfds_t i = 0; i < count; i++)
		close(buttons[i].fd);
}
