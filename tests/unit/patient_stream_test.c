/* SPDX-License-Identifier: MIT */
/*
 * vmm/base/patient_stream.c: a stream waits for its reader, until minivmm is asked to end. Whoever
 * waited for ever here would be ended by Check.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "stderr_text.h"
#include "unit.h"
#include "vmm/base/patient_stream.h"
#include "vmm/base/pending_signal.h"

#define LONG (256u << 10) /* more than a pipe or a socket holds */

static char text[LONG];

/* The end to write to and the end to read from: of a pipe, or of a socket, which stays as it is. */
static FILE *begin(int ends[2], bool is_socket)
{
	FILE *stream;

	if (is_socket)
		ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	else
		ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
	patient_stream_own(ends[1]);
	stream = patient_stream_open(ends[1]);
	ck_assert_ptr_nonnull(stream);
	memset(text, 'x', sizeof(text));
	return stream;
}

static void *read_all(void *arg)
{
	const int *from = arg;
	static char bytes[1000];
	size_t sum = 0;
	ssize_t n;

	while ((n = read(*from, bytes, sizeof(bytes))) > 0)
		sum += (size_t)n;
	return (void *)sum;
}

START_TEST(reader_is_waited_for)
{
	pthread_t reader;
	FILE *stream;
	void *sum;
	int ends[2];

	stream = begin(ends, _i);
	ck_assert_int_eq(pthread_create(&reader, NULL, read_all, &ends[0]), 0);
	ck_assert_uint_eq(fwrite(text, 1, sizeof(text), stream), sizeof(text));
	ck_assert_int_eq(fclose(stream), 0);
	ck_assert_int_eq(pthread_join(reader, &sum), 0);
	ck_assert_uint_eq((size_t)sum, sizeof(text));
	close(ends[0]);
}
END_TEST

/* Other programs have the same pipe. */
START_TEST(description_of_others_stays)
{
	int ends[2], shared;

	ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
	shared = dup(ends[1]);
	patient_stream_own(ends[1]);
	ck_assert(fcntl(ends[1], F_GETFL) & O_NONBLOCK);
	ck_assert(!(fcntl(shared, F_GETFL) & O_NONBLOCK));
	close(ends[0]);
	close(ends[1]);
	close(shared);
}
END_TEST

static bool keys_say_end(void *owner)
{
	(void)owner;
	return true;
}

static bool keys_say_nothing(void *owner)
{
	(void)owner;
	return false;
}

/* The ways in which the end is asked for. */
static void ask_for_the_end(int way)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	switch (way) {
	case 0:
		patient_stream_hurry();
		break;
	case 1:
		pthread_sigmask(SIG_BLOCK, &set, NULL);
		raise(SIGTERM);
		break;
	default:
		pending_end_watch(keys_say_nothing, NULL);
		pending_end_peek(keys_say_end);
	}
}

#define WAYS 3

static atomic_bool kicking;

static void kicked(int signal)
{
	(void)signal;
}

/* As vcpu_stop() does: it never leaves the thread a whole slice of its wait. */
static void *kick(void *thread)
{
	while (kicking) {
		pthread_kill(*(pthread_t *)thread, SIGUSR1);
		usleep(1000);
	}
	return NULL;
}

START_TEST(nobody_reads_and_it_ends)
{
	pthread_t self = pthread_self(), kicker;
	FILE *stream;
	int ends[2];

	sigaction(SIGUSR1, &(struct sigaction){ .sa_handler = kicked }, NULL);
	kicking = _i >= WAYS;
	ck_assert_int_eq(pthread_create(&kicker, NULL, kick, &self), 0);
	stream = begin(ends, _i / WAYS == 2);
	ask_for_the_end(_i % WAYS);
	/* Each loses something, and only the first one waits. */
	for (int i = 0; i < 10; i++) {
		errno = 0;
		clearerr(stream);
		fwrite(text, 1, sizeof(text), stream);
		fflush(stream);
		ck_assert(ferror(stream));
		ck_assert_int_eq(errno, EAGAIN);
	}
	kicking = false;
	pthread_join(kicker, NULL);
	fclose(stream);
	close(ends[0]);
}
END_TEST

START_TEST(reader_that_leaves_is_an_error)
{
	FILE *stream;
	int ends[2];

	signal(SIGPIPE, SIG_IGN);
	stream = begin(ends, false);
	close(ends[0]);
	ck_assert_int_eq(fputs("lost", stream) < 0 ? EOF : fflush(stream), EOF);
	ck_assert_int_eq(errno, EPIPE);
	fclose(stream);
}
END_TEST

/* A file of another kind: written as it is. */
START_TEST(messages_go_through_it)
{
	struct stderr_text caught;

	stderr_begin(&caught);
	patient_stream_take_standard();
	fprintf(stderr, "first\n");
	fprintf(stderr, "sec");
	fprintf(stderr, "ond\n");
	stderr_end(&caught);
	ck_assert_str_eq(caught.text, "first\nsecond\n");
}
END_TEST

UNIT_MAIN("patient_stream", { reader_is_waited_for, 2 }, { description_of_others_stays, 0 },
	  { reader_that_leaves_is_an_error, 0 }, { messages_go_through_it, 0 },
	  { nobody_reads_and_it_ends, 3 * WAYS })
