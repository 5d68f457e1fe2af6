/* SPDX-License-Identifier: MIT */
#include "console.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <termios.h>
#include <unistd.h>

#include "terminal.h"
#include "vmm/base/terminal_guard.h"
#include "vmm/trace/log.h"

#define CTRL_A 1

/* ---- output ---- */

/*
 * Another program that has the same terminal or pipe may have switched O_NONBLOCK on: then wait. A
 * pty that minivmm made is never waited for: maybe nobody reads it.
 */
static bool console_wait(const struct console *console)
{
	struct pollfd output = { .fd = console->out_fd, .events = POLLOUT };

	return errno == EAGAIN && console->out_fd == STDOUT_FILENO &&
	       (poll(&output, 1, -1) > 0 || !console->vm->stopping);
}

/* A signal ends a write that blocks. The machine is about to stop then, and the byte is dropped. */
static void console_transmit(void *owner, uint8_t byte)
{
	struct console *console = owner;
	ssize_t n;

	if (console->out_fd < 0)
		return;
	do
		n = write(console->out_fd, &byte, 1);
	while (n < 0 && console_wait(console));
	if (n >= 0 || errno == EINTR || errno == EAGAIN)
		return;
	console->out_fd = -1;
	if (errno == EPIPE)
		return; /* there is no reader any more */
	log_errno("console", -errno, "write what the guest says: the rest of it is lost");
	console->lost = true;
}

/* ---- input ---- */

/* Hand what was read to the port; what it has no room for is kept. Called with the lock held. */
static void console_push(struct console *console)
{
	unsigned int taken = (unsigned int)serial_port_receive(console->serial, console->pending,
							       console->pending_count);

	console->pending_count -= taken;
	memmove(console->pending, console->pending + taken, console->pending_count);
}

/* From a regular file and /dev/null there is no input; that is no error. */
static bool console_try_listen(struct console *console)
{
	int ret = loop_try_add(&console->vm->loop, &console->input);

	if (ret < 0 && ret != -EPERM)
		log_errno("console", ret, "wait for input (epoll_ctl): the guest gets no more");
	return ret == 0;
}

static void console_listen(struct console *console, bool listen)
{
	if (listen == console->listening)
		return;
	console->listening = listen;
	if (!listen)
		loop_del(&console->vm->loop, &console->input);
	else
		console->listening = console_try_listen(console);
}

/* The guest has read everything, so input that had to wait goes on. */
static void console_drained(void *owner)
{
	struct console *console = owner;

	pthread_mutex_lock(&console->lock);
	if (console->pending_count) {
		console_push(console);
		if (!console->pending_count)
			console_listen(console, true);
	}
	pthread_mutex_unlock(&console->lock);
}

const struct serial_line console_line = { console_transmit, console_drained };

static void console_help(void)
{
	fputs("\nminivmm keys: Ctrl-A p presses the power button, Ctrl-A x ends the guest, "
	      "Ctrl-A Ctrl-A sends Ctrl-A, Ctrl-A h this help\n",
	      stderr);
}

/* Remove the keys meant for minivmm from what was typed; returns how many bytes are left. */
static unsigned int console_filter(struct console *console, uint8_t *bytes, unsigned int count)
{
	unsigned int kept = 0;

	for (unsigned int i = 0; i < count; i++) {
		uint8_t key = bytes[i];

		if (!console->escape && key == CTRL_A) {
			console->escape = true;
			continue;
		}
		if (console->escape && key == 'x')
			vm_post(console->vm, VM_EVENT_QUIT);
		else if (console->escape && key == 'p')
			power_button_ask(console->button);
		else if (console->escape && key == 'h')
			console_help();
		else
			bytes[kept++] = key;
		console->escape = false;
	}
	return kept;
}

/* A terminal that is another job's by now, or has gone, is no error of input. */
static void console_end_input(struct console *console, int err)
{
	console_listen(console, false);
	if (err < 0 && !(err == -EIO && isatty(console->input.fd)))
		log_errno("console", err, "read input: the guest gets no more");
}

/* What was read early comes first. */
static ssize_t console_read(struct console *console, uint8_t *bytes, size_t size)
{
	unsigned int count = console->early_count;

	if (!count || size < count)
		return read(console->input.fd, bytes, size);
	memcpy(bytes, console->early, count);
	console->early_count = 0;
	return count;
}

static void console_ready(void *owner, uint32_t events)
{
	struct console *console = owner;
	uint8_t *free_bytes;
	ssize_t n;

	(void)events;
	pthread_mutex_lock(&console->lock);
	free_bytes = &console->pending[console->pending_count];
	n = console_read(console, free_bytes, CONSOLE_PENDING_MAX - console->pending_count);
	if (n > 0 && console->raw)
		n = console_filter(console, free_bytes, (unsigned int)n);
	else if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN))
		console_end_input(console, n < 0 ? -errno : 0);
	if (n > 0) {
		console->pending_count += (unsigned int)n;
		console_push(console);
		console_listen(console, !console->pending_count);
	}
	pthread_mutex_unlock(&console->lock);
}

/* A terminal alone has keys. */
static bool console_has_keys(const struct console *console)
{
	struct pollfd input = { .fd = console->input.fd, .events = POLLIN };

	return console->raw && console->listening && poll(&input, 1, 0) > 0 &&
	       (input.revents & POLLIN);
}

/*
 * The main thread waits for something else. Input that is no key may wait.
 */
bool console_asks_end(void *owner)
{
	struct console *console = owner;

	if (console_has_keys(console))
		console_ready(console, EPOLLIN);
	return console->vm->event == VM_EVENT_QUIT;
}

bool console_peeks_end(void *owner)
{
	struct console *console = owner;
	bool escape = console->escape;
	ssize_t n = 0;

	if (console_has_keys(console))
		n = read(console->input.fd, console->early + console->early_count,
			 CONSOLE_EARLY_MAX - console->early_count);
	console->early_count += n > 0 ? (unsigned int)n : 0;
	for (unsigned int i = 0; i < console->early_count; i++) {
		if (escape && console->early[i] == 'x')
			vm_post(console->vm, VM_EVENT_QUIT);
		escape = !escape && console->early[i] == CTRL_A;
	}
	return console->vm->event == VM_EVENT_QUIT;
}

/* ---- life ---- */

static int console_open_file(struct console *console, const char *path)
{
	console->opened[0] = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (console->opened[0] < 0)
		return log_errno(path, -errno, "open for the console");
	console->out_fd = console->opened[0];
	return 0;
}

/* minivmm keeps the other side open too, because a pty hangs up when its last reader leaves. */
static int console_open_pty(struct console *console)
{
	int fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	struct termios mode;
	char path[64];

	console->opened[0] = fd;
	if (fd < 0 || grantpt(fd) < 0 || unlockpt(fd) < 0 || ptsname_r(fd, path, sizeof(path)))
		return log_errno("--console pty", -errno, "open a pseudo-terminal");
	console->opened[1] = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (console->opened[1] < 0)
		return log_errno(path, -errno, "open");
	if (tcgetattr(fd, &mode) == 0) {
		cfmakeraw(&mode);
		tcsetattr(fd, TCSANOW, &mode);
	}
	console->out_fd = console->input.fd = fd;
	log_info("console", "on %s", path);
	return 0;
}

int console_init(struct console *console, const char *spec, struct vm *vm,
		 struct serial_port *serial, struct power_button *button)
{
	*console = (struct console){
		.vm = vm, .serial = serial, .button = button, .out_fd = -1, .opened = { -1, -1 }
	};
	console->input = (struct loop_source){ -1, console_ready, console, "console", "input" };
	pthread_mutex_init(&console->lock, NULL);
	if (strncmp(spec, "file:", 5) == 0)
		return console_open_file(console, spec + 5);
	if (strcmp(spec, "pty") == 0)
		return console_open_pty(console);
	if (strcmp(spec, "stdio") == 0) {
		console->input.fd = STDIN_FILENO;
		console->out_fd = STDOUT_FILENO;
	}
	return 0;
}

/* Input is read from now on, or it waits. */
static void console_turn(struct console *console, bool listen)
{
	pthread_mutex_lock(&console->lock);
	console_listen(console, listen && !console->pending_count);
	pthread_mutex_unlock(&console->lock);
}

/* Keys go to the guest one by one if its output comes to the same terminal. */
static int console_set_raw(struct console *console)
{
	int ret;

	if (console->raw || !isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return 0;
	ret = terminal_set_raw(STDIN_FILENO, true);
	console->raw = ret == 0;
	return ret;
}

int console_start(struct console *console)
{
	bool standard = console->input.fd == STDIN_FILENO;
	int ret = 0;

	if (console->input.fd < 0)
		return 0;
	if (standard && terminal_is_of_others(STDIN_FILENO)) {
		console_turn(console, false);
		return 0;
	}
	if (standard)
		ret = console_set_raw(console);
	if (ret == 0)
		console_turn(console, true);
	return ret;
}

void console_destroy(struct console *console)
{
	if (!console->vm)
		return;
	if (console->raw)
		terminal_guard_leave();
	for (int i = 0; i < 2; i++)
		if (console->opened[i] >= 0)
			close(console->opened[i]);
	pthread_mutex_destroy(&console->lock);
	console->vm = NULL;
}
