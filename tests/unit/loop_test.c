/* SPDX-License-Identifier: MIT */
/* vmm/core/loop.c: who is called, and when, and that the loop ends. */
#include <errno.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "stderr_text.h"
#include "unit.h"
#include "vmm/core/loop.h"

/* Count what the eventfd was told, and stop the loop at `enough`. */
struct counter {
	struct loop *loop;
	struct loop_source source;
	unsigned int calls, enough;
	uint32_t events;
};

static void counter_ready(void *owner, uint32_t events)
{
	struct counter *counter = owner;
	eventfd_t value;

	eventfd_read(counter->source.fd, &value);
	counter->events = events;
	if (++counter->calls == counter->enough)
		loop_stop(counter->loop);
	else
		eventfd_write(counter->source.fd, 1);
}

static void counter_add(struct counter *counter, struct loop *loop, unsigned int enough)
{
	*counter = (struct counter){ .loop = loop, .enough = enough };
	counter->source = (struct loop_source){ eventfd(0, EFD_NONBLOCK), counter_ready, counter,
						"counter", "counts" };
	ck_assert_int_eq(loop_add(loop, &counter->source), 0);
}

START_TEST(serves_until_stopped)
{
	struct counter busy, quiet;
	struct loop loop;

	ck_assert_int_eq(loop_init(&loop), 0);
	counter_add(&busy, &loop, 5);
	counter_add(&quiet, &loop, 1);
	eventfd_write(busy.source.fd, 1);
	ck_assert_int_eq(loop_run(&loop), 0);
	ck_assert_uint_eq(busy.calls, 5);
	ck_assert(busy.events & EPOLLIN);
	ck_assert_uint_eq(quiet.calls, 0);
	/* The loop runs again, because a stop does not outlast its run. */
	eventfd_write(quiet.source.fd, 1);
	ck_assert_int_eq(loop_run(&loop), 0);
	ck_assert_uint_eq(quiet.calls, 1);
	close(busy.source.fd);
	close(quiet.source.fd);
	loop_destroy(&loop);
	loop_destroy(&loop);
}
END_TEST

START_TEST(deleted_source_is_not_called)
{
	struct counter gone, last;
	struct loop loop;

	ck_assert_int_eq(loop_init(&loop), 0);
	counter_add(&gone, &loop, 1);
	counter_add(&last, &loop, 1);
	eventfd_write(gone.source.fd, 1);
	loop_del(&loop, &gone.source);
	eventfd_write(last.source.fd, 1);
	ck_assert_int_eq(loop_run(&loop), 0);
	ck_assert_uint_eq(gone.calls, 0);
	close(gone.source.fd);
	close(last.source.fd);
	loop_destroy(&loop);
}
END_TEST

static void hung_up(void *owner, uint32_t events)
{
	ck_assert(events & EPOLLHUP);
	loop_stop(owner);
}

START_TEST(hang_up_is_told)
{
	struct loop_source source;
	struct loop loop;
	int ends[2];

	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(loop_init(&loop), 0);
	source = (struct loop_source){ ends[0], hung_up, &loop, "pipe", "its end" };
	ck_assert_int_eq(loop_add(&loop, &source), 0);
	close(ends[1]);
	ck_assert_int_eq(loop_run(&loop), 0);
	close(ends[0]);
	loop_destroy(&loop);
}
END_TEST

START_TEST(files_cannot_be_waited_for)
{
	FILE *file = tmpfile();
	struct stderr_text caught;
	struct loop_source source;
	struct loop loop;

	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(loop_init(&loop), 0);
	source = (struct loop_source){ fileno(file), hung_up, &loop, "disk", "news" };
	stderr_begin(&caught);
	ck_assert_int_eq(loop_try_add(&loop, &source), -EPERM);
	stderr_end(&caught);
	ck_assert_str_eq(caught.text, "");
	fclose(file);
	loop_destroy(&loop);
}
END_TEST

#define PIPE   100
#define FAILED "minivmm: error: disk: wait for news (epoll_ctl): "

static const struct {
	bool add;
	int fd, err;
	const char *said;
} failing_calls[] = {
	{ true, STDIN_FILENO, -EPERM, FAILED "Operation not permitted\n" }, /* always ready */
	{ true, -1, -EBADF, FAILED "Bad file descriptor\n" },
	{ false, PIPE, -ENOENT, FAILED "No such file or directory\n" }, /* never added */
};

START_TEST(failing_call_names_whose_file_it_is)
{
	struct loop_source source = { failing_calls[_i].fd, hung_up, NULL, "disk", "news" };
	FILE *file = freopen("/dev/null", "r", stdin);
	struct stderr_text caught;
	struct loop loop;
	int ret, ends[2];

	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(dup2(ends[0], PIPE), PIPE);
	ck_assert_int_eq(loop_init(&loop), 0);
	stderr_begin(&caught);
	ret = failing_calls[_i].add ? loop_add(&loop, &source)
				    : loop_set_events(&loop, &source, EPOLLOUT);
	stderr_end(&caught);
	ck_assert_int_eq(ret, failing_calls[_i].err);
	ck_assert_str_eq(caught.text, failing_calls[_i].said);
	close(PIPE);
	close(ends[0]);
	close(ends[1]);
	loop_destroy(&loop);
}
END_TEST

/*
 * The process that was given the eventfd took O_NONBLOCK away, and may have read the eventfd as
 * well.
 */
START_TEST(rule_46_event_never_blocks)
{
	int fd = eventfd(0, EFD_CLOEXEC | (_i ? EFD_NONBLOCK : 0));

	ck_assert(!loop_take_event(fd));
	eventfd_write(fd, 3);
	ck_assert(loop_take_event(fd));
	ck_assert(!loop_take_event(fd));
	close(fd);
}
END_TEST

/* A server filled the eventfd and took O_NONBLOCK away. Nobody waits, and it stays signalled. */
START_TEST(rule_46_raising_never_blocks)
{
	int fd = eventfd(0, EFD_CLOEXEC);

	loop_raise_event(fd);
	ck_assert(loop_take_event(fd));
	ck_assert_int_eq(eventfd_write(fd, UINT64_MAX - 1), 0);
	loop_raise_event(fd);
	ck_assert(loop_take_event(fd));
	close(fd);
}
END_TEST

UNIT_MAIN("loop", { rule_46_raising_never_blocks, 0 }, { rule_46_event_never_blocks, 2 },
	  { serves_until_stopped, 0 }, { deleted_source_is_not_called, 0 }, { hang_up_is_told, 0 },
	  { files_cannot_be_waited_for, 0 },
	  { failing_call_names_whose_file_it_is, UNIT_COUNT(failing_calls) })
