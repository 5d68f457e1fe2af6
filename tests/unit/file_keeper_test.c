/* SPDX-License-Identifier: MIT */
/*
 * vmm/base/file_keeper.c and the process behind it: writes arrive, errors come back, and a file
 * that takes nothing holds nobody once minivmm ends. Whoever waited for ever would be ended by
 * Check.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "stderr_text.h"
#include "unit.h"
#include "vmm/base/file_keeper.h"
#include "vmm/trace/log.h"
#include "vmm/file_writer.h"

static struct file_keeper keeper;

static int begin(void)
{
	const int file = memfd_create("vars", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	ck_assert_int_eq(ftruncate(file, 0x10000), 0);
	keeper = (struct file_keeper){ .name = "vars", .fd = dup(file) };
	return file;
}

/* Before it has a process, with one, and with a confined one. */
START_TEST(writes_arrive)
{
	uint8_t bytes[FILE_KEEPER_MAX], read[FILE_KEEPER_MAX];
	int file = begin();

	if (_i)
		ck_assert_int_eq(file_writer_keep(&keeper, _i == 2), 0);
	memset(bytes, 0xa5, sizeof(bytes));
	ck_assert_int_eq(file_keeper_write(&keeper, bytes, 1, 0xffff), 0);
	ck_assert_int_eq(file_keeper_write(&keeper, bytes, sizeof(bytes), 0x1000), 0);
	ck_assert_int_eq(pread(file, read, 1, 0xffff), 1);
	ck_assert_uint_eq(read[0], 0xa5);
	ck_assert_int_eq(pread(file, read, sizeof(read), 0x1000), sizeof(read));
	ck_assert_mem_eq(read, bytes, sizeof(read));
	ck_assert(!file_keeper_is_stalled(&keeper));
	file_keeper_close(&keeper);
	file_keeper_close(&keeper);
	ck_assert_int_lt(waitpid(-1, NULL, 0), 0); /* no child is left */
	close(file);
}
END_TEST

/* The errno is the file's, each time. */
START_TEST(errors_come_back)
{
	int file = begin();

	ck_assert_int_eq(file_writer_keep(&keeper, _i), 0);
	ck_assert_int_eq(fcntl(file, F_ADD_SEALS, F_SEAL_WRITE), 0);
	ck_assert_int_eq(file_keeper_write(&keeper, "x", 1, 0), -EPERM);
	ck_assert_int_eq(file_keeper_write(&keeper, "x", 1, 0), -EPERM);
	file_keeper_close(&keeper);
	close(file);
}
END_TEST

START_TEST(lost_process_is_told_once)
{
	struct stderr_text caught;
	int file = begin();

	ck_assert_int_eq(file_writer_keep(&keeper, false), 0);
	kill(keeper.pid, SIGKILL);
	stderr_begin(&caught);
	ck_assert_int_eq(file_keeper_write(&keeper, "x", 1, 0), -LOG_TOLD);
	ck_assert_int_eq(file_keeper_write(&keeper, "x", 1, 0), -LOG_TOLD);
	file_keeper_close(&keeper);
	stderr_end(&caught);
	ck_assert_str_eq(caught.text,
			 "minivmm: error: vars: the process that writes to it has ended\n");
	close(file);
}
END_TEST

static void *write_one(void *arg)
{
	(void)arg;
	return (void *)(intptr_t)file_keeper_write(&keeper, "x", 1, 0x10);
}

static void kicked(int signal)
{
	(void)signal;
}

/* As vcpu_stop() does: it never leaves the thread a whole slice of its wait. */
static void kick_until_it_ends(pthread_t thread, void **ret)
{
	while (pthread_tryjoin_np(thread, ret)) {
		pthread_kill(thread, SIGUSR1);
		usleep(1000);
	}
}

static void await_stall(void)
{
	while (!file_keeper_is_stalled(&keeper))
		usleep(1000);
}

/* A stopped process stands for one that the file does not let go. Afterwards nobody waits. */
START_TEST(stalled_write_is_given_up_at_the_end)
{
	struct stderr_text caught;
	char words[128];
	int file = begin();
	pthread_t writer;
	pid_t pid;
	void *ret;

	ck_assert_int_eq(file_writer_keep(&keeper, _i), 0);
	sigaction(SIGUSR1, &(struct sigaction){ .sa_handler = kicked }, NULL);
	pid = keeper.pid;
	kill(pid, SIGSTOP);
	stderr_begin(&caught);
	ck_assert_int_eq(pthread_create(&writer, NULL, write_one, NULL), 0);
	await_stall();
	file_keeper_hurry(&keeper);
	kick_until_it_ends(writer, &ret);
	ck_assert_int_eq((int)(intptr_t)ret, -LOG_TOLD);
	ck_assert_int_eq(file_keeper_write(&keeper, "x", 1, 0), -LOG_TOLD);
	file_keeper_close(&keeper);
	stderr_end(&caught);
	snprintf(
		words, sizeof(words),
		"minivmm: error: vars: does not take a write of 1 bytes at 0x10: it is lost unless "
		"process %d can make it later\n",
		pid);
	ck_assert_str_eq(caught.text, words);
	/* It can: the write is made, and the process ends. */
	kill(pid, SIGCONT);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	ck_assert_int_eq(pread(file, words, 1, 0x10), 1);
	ck_assert_int_eq(words[0], 'x');
	close(file);
}
END_TEST

/* A guest that goes on waits for its file as long as that takes. */
START_TEST(late_answer_is_an_answer)
{
	int file = begin();
	pthread_t writer;
	void *ret;

	ck_assert_int_eq(file_writer_keep(&keeper, false), 0);
	kill(keeper.pid, SIGSTOP);
	ck_assert_int_eq(pthread_create(&writer, NULL, write_one, NULL), 0);
	await_stall();
	kill(keeper.pid, SIGCONT);
	ck_assert_int_eq(pthread_join(writer, &ret), 0);
	ck_assert_ptr_null(ret);
	ck_assert(!file_keeper_is_stalled(&keeper));
	file_keeper_close(&keeper);
	close(file);
}
END_TEST

/* What no keeper sends is refused, and the next order is obeyed. */
START_TEST(other_messages_are_refused)
{
	struct {
		uint64_t offset;
		uint32_t size;
		uint8_t bytes[4];
	} order = { 0, 400, { 1, 2, 3, 4 } };
	int32_t answer = 0;
	int file = begin();

	ck_assert_int_eq(file_writer_keep(&keeper, _i), 0);
	ck_assert_int_eq(send(keeper.fd, &order, 16, 0), 16);
	ck_assert_int_eq(recv(keeper.fd, &answer, sizeof(answer), 0), sizeof(answer));
	ck_assert_int_eq(answer, -EINVAL);
	ck_assert_int_eq(send(keeper.fd, &order, 3, 0), 3);
	ck_assert_int_eq(recv(keeper.fd, &answer, sizeof(answer), 0), sizeof(answer));
	ck_assert_int_eq(answer, -EINVAL);
	ck_assert_int_eq(file_keeper_write(&keeper, "x", 1, 0), 0);
	file_keeper_close(&keeper);
	close(file);
}
END_TEST

UNIT_MAIN("file_keeper", { writes_arrive, 3 }, { errors_come_back, 2 },
	  { lost_process_is_told_once, 0 }, { stalled_write_is_given_up_at_the_end, 2 },
	  { late_answer_is_an_answer, 0 }, { other_messages_are_refused, 2 })
