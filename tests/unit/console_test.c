/* SPDX-License-Identifier: MIT */
/*
 * vmm/console.c: bytes on their way from a terminal to the guest and back, the keys that are
 * minivmm's own, and the mode of the terminal, which is given back.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <linux/serial_reg.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "fake_kvm.h"
#include "stderr_text.h"
#include "unit.h"
#include "vmm/console.h"

/*
 * A VM of which only the loop and the event exist, a serial port, and the console between them.
 */
struct desk {
	struct vm vm;
	struct serial_port serial;
	struct power_button button;
	struct console console;
	int saved_stdin, saved_stdout;
	int far; /* the other end of standard input, where somebody types */
};

static int begin(struct desk *desk, const char *spec)
{
	memset(desk, 0, sizeof(*desk));
	desk->saved_stdin = desk->saved_stdout = desk->far = -1;
	fake_kvm_begin();
	ck_assert_int_eq(loop_init(&desk->vm.loop), 0);
	desk->vm.event_source.fd = eventfd(0, EFD_NONBLOCK);
	ck_assert_int_eq(irq_router_init(&desk->vm.irq, -1, 64), 0);
	serial_init(&desk->serial.uart, &desk->vm.irq, 4, &console_line, &desk->console);
	bus_init(&desk->vm.pio);
	bus_init(&desk->vm.mmio);
	ck_assert_int_eq(power_button_add(&desk->button, &desk->vm, 30), 0);
	return console_init(&desk->console, spec, &desk->vm, &desk->serial, &desk->button);
}

/* Make `fd` the standard input. What is written to `far` comes from there. */
static void sit_down(struct desk *desk, int fd, int far)
{
	desk->saved_stdin = dup(STDIN_FILENO);
	ck_assert_int_ge(dup2(fd, STDIN_FILENO), 0);
	close(fd);
	desk->far = far;
}

static void end(struct desk *desk)
{
	console_destroy(&desk->console);
	console_destroy(&desk->console);
	serial_port_destroy(&desk->serial);
	power_button_destroy(&desk->button);
	bus_destroy(&desk->vm.pio);
	bus_destroy(&desk->vm.mmio);
	irq_router_destroy(&desk->vm.irq);
	loop_destroy(&desk->vm.loop);
	close(desk->vm.event_source.fd);
	if (desk->saved_stdout >= 0) {
		dup2(desk->saved_stdout, STDOUT_FILENO);
		close(desk->saved_stdout);
	}
	if (desk->saved_stdin >= 0) {
		dup2(desk->saved_stdin, STDIN_FILENO);
		close(desk->saved_stdin);
	}
	if (desk->far >= 0)
		close(desk->far);
	fake_kvm_end();
}

/*
 * Run the loop until nothing comes for a while. `patience` is how long the first byte may take,
 * in ms.
 */
static void serve(struct desk *desk, int patience)
{
	struct epoll_event event;

	while (epoll_wait(desk->vm.loop.epoll_fd, &event, 1, patience) == 1) {
		struct loop_source *source = event.data.ptr;

		source->ready(source->owner, event.events);
		patience = 20;
	}
}

/* A pseudo-terminal hands on what is typed in its own time. */
static void type(struct desk *desk, const char *text)
{
	ck_assert_int_eq(write(desk->far, text, strlen(text)), strlen(text));
	serve(desk, desk->console.listening ? 5000 : 0);
}

/* Read what the guest finds in its port, until the port is empty. */
static void guest_reads(struct desk *desk, char *text, size_t size)
{
	size_t length = 0;

	while ((serial_ops.read(&desk->serial.uart, UART_LSR, 1) & UART_LSR_DR) &&
	       length < size - 1) {
		text[length++] = (char)serial_ops.read(&desk->serial.uart, UART_RX, 1);
		serve(desk, 0);
	}
	text[length] = '\0';
}

static void guest_writes(struct desk *desk, const char *text)
{
	for (; *text; text++)
		serial_ops.write(&desk->serial.uart, UART_TX, 1, (uint8_t)*text);
}

static int terminal(int *near)
{
	int far = posix_openpt(O_RDWR | O_NOCTTY);
	char path[64];

	ck_assert_int_ge(far, 0);
	ck_assert_int_eq(grantpt(far) | unlockpt(far) | ptsname_r(far, path, sizeof(path)), 0);
	*near = open(path, O_RDWR | O_NOCTTY);
	ck_assert_int_ge(*near, 0);
	return far;
}

static void sit_at_terminal(struct desk *desk)
{
	int near, far = terminal(&near);

	ck_assert_int_eq(begin(desk, "stdio"), 0);
	desk->saved_stdout = dup(STDOUT_FILENO);
	ck_assert_int_ge(dup2(near, STDOUT_FILENO), 0);
	sit_down(desk, near, far);
}

START_TEST(none)
{
	static struct desk desk;

	ck_assert_int_eq(begin(&desk, "none"), 0);
	ck_assert_int_eq(console_start(&desk.console), 0);
	guest_writes(&desk, "lost");
	ck_assert_int_eq(desk.console.out_fd, -1);
	end(&desk);
}
END_TEST

START_TEST(file)
{
	char path[] = "/tmp/console_test.XXXXXX", spec[64], text[64] = "";
	int fd = mkstemp(path);
	static struct desk desk;

	ck_assert_int_eq(write(fd, "old and long", 12), 12);
	snprintf(spec, sizeof(spec), "file:%s", path);
	ck_assert_int_eq(begin(&desk, spec), 0);
	ck_assert_int_eq(console_start(&desk.console), 0);
	guest_writes(&desk, "hello");
	end(&desk);
	ck_assert_int_eq(pread(fd, text, sizeof(text) - 1, 0), 5);
	ck_assert_str_eq(text, "hello");
	close(fd);
	unlink(path);
}
END_TEST

START_TEST(file_that_cannot_be)
{
	static struct desk desk;
	struct stderr_text caught;
	int ret;

	stderr_begin(&caught);
	ret = begin(&desk, "file:/nonexistent/console");
	stderr_end(&caught);
	ck_assert_int_eq(ret, -ENOENT);
	stderr_holds(&caught,
		     "minivmm: error: /nonexistent/console: open for the console: No such");
	end(&desk);
}
END_TEST

START_TEST(pseudo_terminal)
{
	char path[64] = "", text[64] = "";
	static struct desk desk;
	struct stderr_text caught;
	int ret, fd;

	stderr_begin(&caught);
	ret = begin(&desk, "pty");
	stderr_end(&caught);
	ck_assert_int_eq(ret, 0);
	ck_assert_int_eq(sscanf(caught.text, "minivmm: info: console: on %63s", path), 1);
	ck_assert_int_eq(console_start(&desk.console), 0);
	for (int visit = 0; visit < 2; visit++) { /* a reader who leaves may come back */
		fd = open(path, O_RDWR | O_NOCTTY);
		ck_assert_int_ge(fd, 0);
		guest_writes(&desk, "a\n");
		ck_assert_int_eq(read(fd, text, 1) + read(fd, text + 1, 1), 2);
		ck_assert_int_eq(memcmp(text, "a\n", 2), 0); /* raw: as it was sent */
		ck_assert_int_eq(write(fd, "\x01x", 2), 2);
		serve(&desk, 5000);
		guest_reads(&desk, text, sizeof(text));
		ck_assert_str_eq(text, "\x01x"); /* the keys are those of our own terminal */
		close(fd);
		serve(&desk, 20);
	}
	end(&desk);
}
END_TEST

START_TEST(pipe_reaches_the_guest)
{
	static struct desk desk;
	char text[64];
	int ends[2];

	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(begin(&desk, "stdio"), 0);
	sit_down(&desk, ends[0], ends[1]);
	ck_assert_int_eq(console_start(&desk.console), 0);
	type(&desk, "ls\x01x\n"); /* not a terminal: every byte is the guest's */
	guest_reads(&desk, text, sizeof(text));
	ck_assert_str_eq(text, "ls\x01x\n");
	ck_assert_int_eq(desk.vm.event, VM_EVENT_NONE);
	close(desk.far); /* the end of input is not the end of the guest */
	desk.far = -1;
	serve(&desk, 20);
	ck_assert(!desk.console.listening);
	ck_assert_int_eq(desk.vm.event, VM_EVENT_NONE);
	end(&desk);
}
END_TEST

/* More comes at once than the port holds. Nothing is lost, and nothing comes twice. */
START_TEST(long_input_waits_for_the_guest)
{
	static struct desk desk;
	char sent[701], text[1024];
	int ends[2];

	for (size_t i = 0; i < sizeof(sent) - 1; i++)
		sent[i] = (char)('a' + i % 26);
	sent[sizeof(sent) - 1] = '\0';
	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(begin(&desk, "stdio"), 0);
	sit_down(&desk, ends[0], ends[1]);
	ck_assert_int_eq(console_start(&desk.console), 0);
	type(&desk, sent);
	guest_reads(&desk, text, sizeof(text));
	ck_assert_str_eq(text, sent);
	end(&desk);
}
END_TEST

/*
 * Linux empties the port's FIFO when it opens it. What was typed before may be lost, but nothing
 * that comes after.
 */
START_TEST(input_survives_a_cleared_fifo)
{
	static struct desk desk;
	char sent[201], text[1024];
	int ends[2];

	memset(sent, 'x', sizeof(sent) - 1);
	sent[sizeof(sent) - 1] = '\0';
	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(begin(&desk, "stdio"), 0);
	sit_down(&desk, ends[0], ends[1]);
	ck_assert_int_eq(console_start(&desk.console), 0);
	type(&desk, sent);
	serial_ops.write(&desk.serial.uart, UART_FCR, 1,
			 UART_FCR_ENABLE_FIFO | UART_FCR_CLEAR_RCVR);
	type(&desk, "later");
	guest_reads(&desk, text, sizeof(text));
	ck_assert_ptr_nonnull(strstr(text, "later"));
	end(&desk);
}
END_TEST

/* A reboot of the guest empties it, too. */
START_TEST(input_survives_a_reset)
{
	static struct desk desk;
	char sent[201], text[1024];
	int ends[2];

	memset(sent, 'x', sizeof(sent) - 1);
	sent[sizeof(sent) - 1] = '\0';
	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(begin(&desk, "stdio"), 0);
	sit_down(&desk, ends[0], ends[1]);
	ck_assert_int_eq(console_start(&desk.console), 0);
	type(&desk, sent);
	serial_port_reset(&desk.serial);
	type(&desk, "later");
	guest_reads(&desk, text, sizeof(text));
	ck_assert_ptr_nonnull(strstr(text, "later"));
	end(&desk);
}
END_TEST

START_TEST(file_as_standard_input)
{
	FILE *empty = tmpfile();
	static struct desk desk;

	ck_assert_int_eq(begin(&desk, "stdio"), 0);
	sit_down(&desk, dup(fileno(empty)), -1);
	ck_assert_int_eq(console_start(&desk.console), 0);
	fclose(empty);
	end(&desk);
}
END_TEST

static const struct {
	bool written; /* there is input, which cannot be read; or it cannot be waited for */
	const char *said;
} lost_inputs[] = {
	{ false, "minivmm: error: console: wait for input (epoll_ctl): the guest gets no more: "
		 "Bad file descriptor\n" },
	{ true, "minivmm: error: console: read input: the guest gets no more: "
		"Bad file descriptor\n" },
};

/* Each line names the console, what was done, and why it failed. The guest goes on. */
START_TEST(lost_input_is_told)
{
	static struct desk desk;
	struct stderr_text caught;
	int ends[2];

	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(begin(&desk, "stdio"), 0);
	sit_down(&desk, dup(ends[1]), ends[0]); /* an end that cannot be read */
	close(ends[1]);
	if (!lost_inputs[_i].written)
		loop_destroy(&desk.vm.loop);
	stderr_begin(&caught);
	ck_assert_int_eq(console_start(&desk.console), 0);
	if (lost_inputs[_i].written)
		desk.console.input.ready(&desk.console, EPOLLIN);
	stderr_end(&caught);
	ck_assert_str_eq(caught.text, lost_inputs[_i].said);
	ck_assert(!desk.console.listening);
	ck_assert_int_eq(desk.vm.event, VM_EVENT_NONE);
	end(&desk);
}
END_TEST

static const struct {
	const char *typed, *guest;
	int event;
} keys[] = {
	{ "hello\r", "hello\r", VM_EVENT_NONE },
	{ "\x03\x1a\x1c", "\x03\x1a\x1c", VM_EVENT_NONE }, /* raw: not our signals */
	{ "\x01x", "", VM_EVENT_QUIT },
	{ "a\x01xb", "ab", VM_EVENT_QUIT },
	{ "a\x01pb", "ab", VM_EVENT_QUIT }, /* of a guest that does not know the button */
	{ "\x01\x01", "\x01", VM_EVENT_NONE },
	{ "\x01\x01x", "\x01x", VM_EVENT_NONE },
	{ "\x01h!", "!", VM_EVENT_NONE },
	{ "\x01q", "q", VM_EVENT_NONE },
	{ "\x01", "", VM_EVENT_NONE },
};

/* The keys come all at once, and one by one. The escape is remembered. */
START_TEST(keys_on_a_terminal)
{
	static struct desk desk;
	struct stderr_text caught;
	char text[64];

	for (int one_by_one = 0; one_by_one < 2; one_by_one++) {
		sit_at_terminal(&desk);
		ck_assert_int_eq(console_start(&desk.console), 0);
		stderr_begin(&caught);
		if (one_by_one)
			for (const char *key = keys[_i].typed; *key; key++)
				type(&desk, (char[]){ *key, '\0' });
		else
			type(&desk, keys[_i].typed);
		stderr_end(&caught);
		guest_reads(&desk, text, sizeof(text));
		ck_assert_str_eq(text, keys[_i].guest);
		ck_assert_int_eq(desk.vm.event, keys[_i].event);
		ck_assert((strstr(keys[_i].typed, "\x01h") != NULL) ==
			  (strstr(caught.text, "Ctrl-A x") != NULL));
		end(&desk);
	}
}
END_TEST

/* While the main thread waits to write, it may hold any lock: other keys stay for later. */
START_TEST(end_is_seen_while_output_waits)
{
	static struct desk desk;
	char text[64];

	sit_at_terminal(&desk);
	ck_assert_int_eq(console_start(&desk.console), 0);
	ck_assert(!console_peeks_end(&desk.console));
	ck_assert_int_eq(write(desk.far, "ab\x01\x01x\x01", 6), 6);
	ck_assert_int_eq(poll(&(struct pollfd){ desk.console.input.fd, POLLIN, 0 }, 1, 5000), 1);
	pthread_mutex_lock(&desk.console.lock);
	ck_assert(!console_peeks_end(&desk.console));
	pthread_mutex_unlock(&desk.console.lock);
	ck_assert_int_eq(write(desk.far, "x", 1), 1);
	ck_assert_int_eq(poll(&(struct pollfd){ desk.console.input.fd, POLLIN, 0 }, 1, 5000), 1);
	ck_assert(console_peeks_end(&desk.console));
	ck_assert_int_eq(desk.vm.event, VM_EVENT_QUIT);
	type(&desk, "c");
	guest_reads(&desk, text, sizeof(text));
	ck_assert_str_eq(text, "ab\x01xc");
	end(&desk);
}
END_TEST

START_TEST(terminal_gets_its_mode_back)
{
	struct termios before, during, after;
	static struct desk desk;

	sit_at_terminal(&desk);
	ck_assert_int_eq(tcgetattr(STDIN_FILENO, &before), 0);
	ck_assert(before.c_lflag & ICANON);
	ck_assert_int_eq(console_start(&desk.console), 0);
	ck_assert_int_eq(tcgetattr(STDIN_FILENO, &during), 0);
	ck_assert(!(during.c_lflag & (ICANON | ECHO | ISIG)));
	ck_assert(during.c_oflag & OPOST);
	console_destroy(&desk.console);
	ck_assert_int_eq(tcgetattr(STDIN_FILENO, &after), 0);
	ck_assert_uint_eq(after.c_lflag, before.c_lflag);
	ck_assert_uint_eq(after.c_iflag, before.c_iflag);
	ck_assert_uint_eq(after.c_oflag, before.c_oflag);
	end(&desk);
}
END_TEST

/* The mode of the terminal is kept if the guest's answers go elsewhere. */
START_TEST(terminal_with_output_elsewhere)
{
	struct termios during;
	static struct desk desk;
	int out;

	sit_at_terminal(&desk);
	out = open("/dev/null", O_WRONLY);
	dup2(out, STDOUT_FILENO);
	close(out);
	ck_assert_int_eq(console_start(&desk.console), 0);
	ck_assert_int_eq(tcgetattr(STDIN_FILENO, &during), 0);
	ck_assert(during.c_lflag & ICANON);
	ck_assert(!desk.console.raw);
	end(&desk);
}
END_TEST

/* A session has the terminal, whose foreground is another group of processes. */
static void be_in_background(const char *path)
{
	int fd;
	pid_t other;

	setsid();
	fd = open(path, O_RDWR);
	other = fork();
	if (other == 0) {
		setpgid(0, 0);
		pause();
	}
	setpgid(other, other);
	signal(SIGTTOU, SIG_IGN);
	ck_assert_int_eq(tcsetpgrp(fd, other), 0);
	signal(SIGTTOU, SIG_DFL);
	close(fd);
	kill(other, SIGKILL);
}

/* After `minivmm ... &` the terminal is left alone, and nothing is read from it. */
START_TEST(terminal_of_another_job)
{
	struct termios during;
	static struct desk desk;
	char path[64];
	int status;
	pid_t pid;

	pid = fork();
	if (pid == 0) {
		sit_at_terminal(&desk);
		ck_assert_int_eq(ptsname_r(desk.far, path, sizeof(path)), 0);
		be_in_background(path);
		ck_assert_int_eq(console_start(&desk.console), 0);
		ck_assert_int_eq(tcgetattr(STDIN_FILENO, &during), 0);
		_exit(desk.console.raw || desk.console.listening || !(during.c_lflag & ICANON));
	}
	ck_assert_int_eq(waitpid(pid, &status, WUNTRACED), pid);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), 0);
}
END_TEST

/* The error is reported once. The guest goes on, and the end is not a success. */
START_TEST(output_is_full)
{
	struct stderr_text caught;
	static struct desk desk;
	const char *first;

	ck_assert_int_eq(begin(&desk, "file:/dev/full"), 0);
	ck_assert_int_eq(console_start(&desk.console), 0);
	stderr_begin(&caught);
	guest_writes(&desk, "lost");
	stderr_end(&caught);
	first = strstr(caught.text, "No space left on device");
	ck_assert_ptr_nonnull(first);
	ck_assert_ptr_null(strstr(first + 1, "No space left"));
	ck_assert(desk.console.lost);
	end(&desk);
}
END_TEST

START_TEST(destroy_accepts_a_zeroed_console)
{
	struct console console;

	memset(&console, 0, sizeof(console));
	console_destroy(&console);
	ck_assert(fcntl(STDIN_FILENO, F_GETFD) >= 0); /* opened[] of zeros closes nothing */
}
END_TEST

UNIT_MAIN("console", { none, 0 }, { file, 0 }, { file_that_cannot_be, 0 }, { pseudo_terminal, 0 },
	  { pipe_reaches_the_guest, 0 }, { long_input_waits_for_the_guest, 0 },
	  { input_survives_a_cleared_fifo, 0 }, { input_survives_a_reset, 0 },
	  { file_as_standard_input, 0 }, { lost_input_is_told, UNIT_COUNT(lost_inputs) },
	  { keys_on_a_terminal, UNIT_COUNT(keys) }, { end_is_seen_while_output_waits, 0 },
	  { terminal_gets_its_mode_back, 0 }, { terminal_with_output_elsewhere, 0 },
	  { terminal_of_another_job, 0 }, { output_is_full, 0 },
	  { destroy_accepts_a_zeroed_console, 0 })
