/* SPDX-License-Identifier: MIT */
/* vmm/base/pending_signal.c, and who waits with it: how threads learn that minivmm is to end. */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "stderr_text.h"
#include "unit.h"
#include "vmm/base/opener.h"
#include "vmm/base/pending_signal.h"
#include "vmm/base/unix_socket.h"
#include "vmm/trace/log.h"

static bool says_yes(void *owner)
{
	return atomic_load((atomic_bool *)owner);
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static atomic_bool held;

/* A vCPU that waits for a server does this. It lets go when it learns that minivmm is to end. */
static void *hold(void *arg)
{
	const struct timespec pause = { .tv_nsec = 1000000 };

	(void)arg;
	pthread_mutex_lock(&lock);
	atomic_store(&held, true);
	while (!pending_end_is_asked())
		nanosleep(&pause, NULL);
	pthread_mutex_unlock(&lock);
	return NULL;
}

/* Without this the thread that reads the keys would wait for ever. */
START_TEST(keys_reach_who_holds_a_lock)
{
	atomic_bool keys = true;
	pthread_t thread;

	ck_assert_int_eq(pthread_create(&thread, NULL, hold, NULL), 0);
	while (!atomic_load(&held))
		continue;
	ck_assert_int_eq(pthread_mutex_trylock(&lock), EBUSY);
	pending_end_watch(says_yes, &keys);
	pending_lock(&lock);
	pthread_mutex_unlock(&lock);
	pthread_join(thread, NULL);
}
END_TEST

/* A server that listens, and whose queue is full. */
static void fill(const char *path, int files[4])
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	strcpy(address.sun_path, path);
	files[0] = socket(AF_UNIX, SOCK_STREAM, 0);
	ck_assert_int_eq(bind(files[0], (struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(listen(files[0], 0), 0);
	for (int i = 1; i < 4; i++) {
		files[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
		connect(files[i], (struct sockaddr *)&address, sizeof(address));
	}
}

/* In row 0 the wait lasts until the time is over. In row 1 minivmm is to end long before that. */
START_TEST(full_server_is_not_waited_for)
{
	char folder[] = "/tmp/pending.XXXXXX", path[64];
	atomic_bool keys = _i == 1;
	struct stderr_text said;
	int files[4], ret;

	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/socket", folder);
	fill(path, files);
	pending_end_watch(says_yes, &keys);
	stderr_begin(&said);
	ret = unix_socket_connect(path, "vfio-user", _i ? 3600000 : 200);
	stderr_end(&said);
	stderr_holds(&said, "connect to its vfio-user server");
	ck_assert_int_eq(ret, _i ? -EINTR : -EAGAIN);
	for (int i = 0; i < 4; i++)
		close(files[i]);
	unlink(path);
	rmdir(folder);
}
END_TEST

/* The process that opens files waits for such a server. minivmm does not wait for the process. */
START_TEST(silent_opener_is_not_waited_for)
{
	struct opener_answer answer;
	struct opener opener;
	atomic_bool keys = true;
	int pair[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	opener = (struct opener){ .socket = pair[0] };
	pending_end_watch(says_yes, &keys);
	ck_assert_int_eq(opener_open(&opener, "/dev/null"), -LOG_TOLD);
	/* The process is not asked again either, because it would answer the question before. */
	answer.err = 0;
	send(pair[1], &answer, sizeof(answer), MSG_NOSIGNAL);
	ck_assert_int_eq(opener_open(&opener, "/dev/null"), -LOG_TOLD);
	close(pair[0]);
	close(pair[1]);
}
END_TEST

UNIT_MAIN("pending_signal", { keys_reach_who_holds_a_lock, 0 },
	  { full_server_is_not_waited_for, 2 }, { silent_opener_is_not_waited_for, 0 })
