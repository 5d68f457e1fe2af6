/* SPDX-License-Identifier: MIT */
/* devices/vhost_user.c in front of servers that are good, spoilt or slow. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "devices/vhost_user.h"
#include "stderr_text.h"
#include "trace_file.h"
#include "unit.h"
#include "vhost_peer.h"
#include "vmm/base/unix_socket.h"
#include "vmm/trace/log.h"

#define VERSION_1 (1ull << 32)
#define FOREVER   60000 /* ms: longer than an answer takes on the slowest machine */
#define TIMEOUT   500   /* ms, for a server that does not answer at all */

static const struct vhost_peer good = {
	.features = VERSION_1 | VHOST_F_PROTOCOL_FEATURES,
	.protocol =
		VHOST_PROTOCOL_MQ | VHOST_PROTOCOL_REPLY_ACK | VHOST_PROTOCOL_CONFIG | 1ull << 16,
	.queues = 3,
	.config = { 'c', 'o', 'n', 'f', 'i', 'g' },
};

static void count_lost(void *owner)
{
	++*(int *)owner;
}

/* Ask all that a device ever asks. Returns the first failure, or 0. */
static int use(struct vhost_user *vhost)
{
	char word[8], memory[64];
	const struct vhost_region region = { 0, 0x1000, (uintptr_t)memory, 0 };
	const struct virtio_ring ring = { 1, 16, memory, memory, memory, 1, 2 };
	int fd = STDIN_FILENO, ret;

	vhost_user_end_group(vhost);
	ret = vhost_user_get_config(vhost, 0, word, 6);
	if (ret == 0)
		ret = vhost_user_set_features(vhost, VERSION_1);
	if (ret == 0)
		ret = vhost_user_set_memory(vhost, &region, &fd, 1);
	if (ret == 0)
		ret = vhost_user_start_ring(vhost, &ring);
	if (ret == 0)
		ret = vhost_user_set_call(vhost, 1, -1);
	if (ret == 0)
		ret = vhost_user_set_config(vhost, 2, "X", 1);
	return ret == 0 ? vhost_user_stop_ring(vhost, 1) : ret;
}

START_TEST(good_server)
{
	struct vhost_peer peer = good;
	struct vhost_user vhost;
	char word[8] = "";

	vhost_peer_start(&peer);
	ck_assert_int_eq(vhost_user_open(&vhost, "peer", peer.client, FOREVER), 0);
	ck_assert_uint_eq(vhost.features, good.features);
	ck_assert_uint_eq(vhost.protocol, good.protocol & ~(1ull << 16));
	ck_assert_uint_eq(vhost.queues, 3);
	ck_assert_int_eq(vhost_user_get_config(&vhost, 0, word, 6), 0);
	ck_assert_str_eq(word, "config");
	ck_assert_int_eq(use(&vhost), 0);
	vhost_user_check(&vhost);
	ck_assert(!vhost.dead);
	vhost_user_close(&vhost);
	vhost_user_close(&vhost);
	vhost_peer_join(&peer);
	ck_assert_str_eq(peer.log, "1\n15\n16\n17\n3\n24\n24\n2 0x140000000\n5 1 f\n8 1 16\n"
				   "10 1 0\n9\n13 0x1 f\n12 0x1 f\n18 1 1\n13 0x101\n25\n"
				   "11 1 0\n");
}
END_TEST

/* What is said to a server is in the trace, with what it means. */
START_TEST(messages_are_traced)
{
	static const char *const lines[] = {
		"VHOST_USER_GET_FEATURES",
		"VHOST_USER_SET_MEM_TABLE",
		"regions 1",
		"VHOST_USER_SET_VRING_ADDR",
		"VHOST_USER_SET_VRING_KICK",
		"files 1",
		"VHOST_USER_SET_VRING_CALL",
		"eventfd none",
		"VHOST_USER_GET_CONFIG",
		"VHOST_USER_GET_VRING_BASE",
		"touches it no more",
		"peer",
	};
	struct vhost_peer peer = good;
	struct trace_file caught;
	struct vhost_user vhost;

	vhost_peer_start(&peer);
	trace_file_begin(&caught, ".txt", TRACE_TOPICS_ALL);
	ck_assert_int_eq(vhost_user_open(&vhost, "peer", peer.client, FOREVER), 0);
	ck_assert_int_eq(use(&vhost), 0);
	vhost_user_close(&vhost);
	vhost_peer_join(&peer);
	trace_file_end(&caught);
	for (unsigned int i = 0; i < UNIT_COUNT(lines); i++)
		ck_assert_msg(strstr(caught.text, lines[i]) != NULL, "no %s in %s", lines[i],
			      caught.text);
}
END_TEST

/*
 * In the first version of the protocol there are no acknowledgements, and a queue runs by itself.
 */
START_TEST(old_server)
{
	struct vhost_peer peer = { .features = VERSION_1 };
	struct vhost_user vhost;
	char byte;

	vhost_peer_start(&peer);
	ck_assert_int_eq(vhost_user_open(&vhost, "peer", peer.client, FOREVER), 0);
	ck_assert_uint_eq(vhost.queues, 0);
	ck_assert_int_eq(vhost_user_get_config(&vhost, 0, &byte, 1), -ENOTSUP);
	ck_assert_int_eq(vhost_user_set_config(&vhost, 0, &byte, 1), -ENOTSUP);
	ck_assert_int_eq(vhost_user_start_ring(&vhost, &(struct virtio_ring){ .index = 0 }), 0);
	ck_assert_int_eq(vhost_user_stop_ring(&vhost, 0), 0);
	vhost_user_close(&vhost);
	vhost_peer_join(&peer);
	ck_assert_str_eq(peer.log, "1\n3\n8 0 0\n10 0 0\n9\n13 0 f\n12 0 f\n11 0 0\n");
}
END_TEST

static const char unanswered[] = "does not answer";

/* Offsets in a message: 0 request, 4 flags, 8 size, 12 payload. */
static const struct {
	struct vhost_lie lie;
	const char *words;
} spoilt[] = {
	{ { VHOST_GET_FEATURES, VHOST_PATCH, 0, 4, 2 }, "answered a question that was not asked" },
	{ { VHOST_GET_FEATURES, VHOST_PATCH, 4, 4, 6 }, "speaks another version" },
	{ { VHOST_GET_FEATURES, VHOST_PATCH, 4, 4, 1 }, "not an answer" },
	{ { VHOST_GET_FEATURES, VHOST_PATCH, 8, 4, 4 }, "answer of the wrong size" },
	{ { VHOST_GET_FEATURES, VHOST_PATCH, 8, 4, 0xffffffff }, "answer that is too long" },
	{ { VHOST_GET_FEATURES, VHOST_PATCH, 8, 4, 16 }, unanswered },
	{ { VHOST_GET_FEATURES, VHOST_CUT, 0, 0, 0 }, "closed the connection" },
	{ { VHOST_GET_FEATURES, VHOST_CUT, 5, 0, 0 }, "closed the connection" },
	{ { VHOST_GET_FEATURES, VHOST_CUT, 15, 0, 0 }, "closed the connection" },
	{ { VHOST_GET_FEATURES, VHOST_SILENT, 0, 0, 0 }, unanswered },
	{ { VHOST_GET_FEATURES, VHOST_DRIP, 0, 0, 0 }, unanswered },
	{ { VHOST_GET_FEATURES, VHOST_TWICE, 0, 0, 0 }, "answered a question that was not asked" },
	{ { VHOST_GET_PROTOCOL_FEATURES, VHOST_SILENT, 0, 0, 0 }, unanswered },
	{ { VHOST_SET_PROTOCOL_FEATURES, VHOST_SILENT, 0, 0, 0 }, NULL },
	{ { VHOST_GET_QUEUE_NUM, VHOST_PATCH, 8, 4, 0 }, "answer of the wrong size" },
	{ { VHOST_GET_QUEUE_NUM, VHOST_PATCH, 12, 8, 0 }, "has no queues" },
	{ { VHOST_GET_QUEUE_NUM, VHOST_PATCH, 12, 8, UINT64_MAX }, NULL },
	{ { VHOST_GET_QUEUE_NUM, VHOST_SILENT, 0, 0, 0 }, unanswered },
	{ { VHOST_GET_PROTOCOL_FEATURES, VHOST_PATCH, 8, 4, 0 }, "answer of the wrong size" },
	{ { VHOST_GET_PROTOCOL_FEATURES, VHOST_CUT, 12, 0, 0 }, "closed the connection" },
	{ { VHOST_SET_OWNER, VHOST_PATCH, 12, 8, 1 }, "refused a request" },
	{ { VHOST_GET_CONFIG, VHOST_PATCH, 8, 4, 0 }, "read its configuration space" },
	{ { VHOST_GET_CONFIG, VHOST_PATCH, 8, 4, 12 }, "answer of the wrong size" },
	{ { VHOST_GET_CONFIG, VHOST_PATCH, 8, 4, 17 }, "answer of the wrong size" },
	{ { VHOST_GET_CONFIG, VHOST_PATCH, 8, 4, 19 }, unanswered },
	{ { VHOST_GET_CONFIG, VHOST_PATCH, 8, 4, 0x10000 }, "answer that is too long" },
	{ { VHOST_GET_CONFIG, VHOST_DRIP, 0, 0, 0 }, unanswered },
	{ { VHOST_GET_CONFIG, VHOST_FILES, 8, 0, 0 }, NULL },
	{ { VHOST_GET_CONFIG, VHOST_PATCH, 12, 4, 1 }, "answered a question that was not asked" },
	{ { VHOST_GET_CONFIG, VHOST_PATCH, 16, 4, 5 }, "answered a question that was not asked" },
	{ { VHOST_SET_FEATURES, VHOST_PATCH, 12, 8, 1 }, "refused a request" },
	{ { VHOST_SET_MEM_TABLE, VHOST_CUT, 0, 0, 0 }, "closed the connection" },
	{ { VHOST_SET_MEM_TABLE, VHOST_PATCH, 8, 4, 0 }, "answer of the wrong size" },
	{ { VHOST_SET_MEM_TABLE, VHOST_FILES, 8, 0, 0 }, NULL },
	{ { VHOST_SET_VRING_NUM, VHOST_PATCH, 12, 8, 1 }, "refused a request" },
	{ { VHOST_SET_VRING_BASE, VHOST_PATCH, 0, 4, 9 },
	  "answered a question that was not asked" },
	{ { VHOST_SET_VRING_ADDR, VHOST_PATCH, 12, 8, 5 }, "refused a request" },
	{ { VHOST_SET_VRING_CALL, VHOST_PATCH, 4, 4, 5 | VHOST_NEED_REPLY }, NULL },
	{ { VHOST_SET_VRING_KICK, VHOST_SILENT, 0, 0, 0 }, unanswered },
	{ { VHOST_SET_VRING_ENABLE, VHOST_PATCH, 0, 4, 1 },
	  "answered a question that was not asked" },
	{ { VHOST_SET_CONFIG, VHOST_PATCH, 12, 8, 1 }, "refused a request" },
	{ { VHOST_GET_VRING_BASE, VHOST_PATCH, 8, 4, 12 }, unanswered },
	{ { VHOST_GET_VRING_BASE, VHOST_PATCH, 8, 4, 4 }, "answer of the wrong size" },
};

START_TEST(spoilt_server)
{
	struct vhost_peer peer = good;
	struct stderr_text caught;
	struct vhost_user vhost;
	int ret;

	peer.lie = &spoilt[_i].lie;
	vhost_peer_start(&peer);
	stderr_begin(&caught);
	ret = vhost_user_open(&vhost, "peer", peer.client,
			      spoilt[_i].words == unanswered ? TIMEOUT : FOREVER);
	if (ret == 0)
		ret = use(&vhost);
	if (vhost.dead)
		ck_assert_int_eq(vhost_user_set_features(&vhost, 0), -LOG_TOLD);
	vhost_user_close(&vhost);
	stderr_end(&caught);
	vhost_peer_join(&peer);
	ck_assert_int_eq(ret, spoilt[_i].words ? -LOG_TOLD : 0);
	if (spoilt[_i].words)
		stderr_holds(&caught, spoilt[_i].words);
	if (spoilt[_i].words)
		ck_assert_ptr_eq(strchr(caught.text, '\n'), strrchr(caught.text, '\n'));
}
END_TEST

/* Files that nobody asked for are not kept. */
START_TEST(files_are_closed)
{
	static const struct vhost_lie lie = { VHOST_GET_FEATURES, VHOST_FILES, 8, 0, 0 };
	struct vhost_peer peer = good;
	struct vhost_user vhost;
	int before, after;

	peer.lie = &lie;
	vhost_peer_start(&peer);
	before = dup(STDIN_FILENO);
	close(before);
	ck_assert_int_eq(vhost_user_open(&vhost, "peer", peer.client, FOREVER), 0);
	after = dup(STDIN_FILENO);
	close(after);
	ck_assert_int_eq(before, after);
	vhost_user_close(&vhost);
	vhost_peer_join(&peer);
}
END_TEST

START_TEST(failed_call_is_named_once)
{
	struct vhost_peer peer = good;
	struct stderr_text caught;
	struct vhost_user vhost;
	int ret;

	vhost_peer_start(&peer);
	ck_assert_int_eq(vhost_user_open(&vhost, "peer", peer.client, TIMEOUT), 0);
	stderr_begin(&caught);
	ret = vhost_user_set_call(&vhost, 1, 9999);
	ck_assert_int_eq(ret, -LOG_TOLD);
	ck_assert_int_eq(log_errno("caller", ret, "start its queues"), ret);
	ck_assert_int_eq(vhost_user_stop_ring(&vhost, 1), -LOG_TOLD);
	stderr_end(&caught);
	vhost_user_close(&vhost);
	vhost_peer_join(&peer);
	ck_assert_str_eq(caught.text, "minivmm: error: peer: its vhost-user server cannot be "
				      "reached: Bad file descriptor\n");
}
END_TEST

/*
 * While nothing is asked, the owner learns once that the server is gone, or that it talks out of
 * turn.
 */
START_TEST(lost_while_idle)
{
	struct stderr_text caught;
	struct vhost_user vhost;
	int pair[2], lost = 0;

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	vhost = (struct vhost_user){ .name = "peer", .fd = pair[0], .timeout_ms = FOREVER };
	pthread_mutex_init(&vhost.lock, NULL);
	vhost.lost = count_lost;
	vhost.owner = &lost;
	vhost_user_check(&vhost);
	ck_assert_int_eq(lost, 0);
	stderr_begin(&caught);
	if (_i)
		ck_assert_int_eq(send(pair[1], "?", 1, 0), 1);
	else
		close(pair[1]);
	vhost_user_check(&vhost);
	vhost_user_check(&vhost);
	ck_assert_int_eq(vhost_user_stop_ring(&vhost, 0), -LOG_TOLD);
	stderr_end(&caught);
	ck_assert_int_eq(lost, 1);
	stderr_holds(&caught, _i ? "nobody asked for: the guest is stopped"
				 : "closed the connection: the guest is stopped");
	vhost_user_close(&vhost);
}
END_TEST

/* ---- when minivmm ends ---- */

static int seconds_since(const struct timespec *start)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int)(now.tv_sec - start->tv_sec);
}

static void *stop_ring(void *arg)
{
	return (void *)(intptr_t)vhost_user_stop_ring(arg, 0);
}

/* One server says nothing, and the answer of the other one drips. */
static const enum vhost_spoil slow[] = { VHOST_SILENT, VHOST_DRIP };

/* The main loop sees that a request is stalled, waits for it nowhere, and ends it. */
START_TEST(stalled_request_is_ended)
{
	const struct vhost_lie lie = { VHOST_GET_VRING_BASE, slow[_i], 0, 0, 0 };
	struct vhost_peer peer = good;
	struct stderr_text caught;
	struct timespec start, last;
	struct vhost_user vhost;
	pthread_t thread;
	int lost = 0;
	void *ret;

	peer.lie = &lie;
	vhost_peer_start(&peer);
	ck_assert_int_eq(vhost_user_open(&vhost, "peer", peer.client, FOREVER), 0);
	vhost_user_end_group(&vhost);
	vhost.lost = count_lost;
	vhost.owner = &lost;
	ck_assert(!vhost_user_is_stalled(&vhost, 0));
	stderr_begin(&caught);
	clock_gettime(CLOCK_MONOTONIC, &start);
	pthread_create(&thread, NULL, stop_ring, &vhost);
	while (!vhost_user_is_stalled(&vhost, 20))
		usleep(1000);
	vhost_user_check(&vhost);
	last = unix_socket_deadline(100);
	vhost_user_hurry(&vhost, &last);
	pthread_join(thread, &ret);
	stderr_end(&caught);
	ck_assert_int_eq((int)(intptr_t)ret, -LOG_TOLD);
	ck_assert_int_eq(lost, 1);
	ck_assert_int_lt(seconds_since(&start), FOREVER / 2000);
	stderr_holds(&caught, "does not answer: the guest is stopped");
	vhost_user_close(&vhost);
	vhost_peer_join(&peer);
}
END_TEST

/* Once minivmm ends, the first request that is not answered is short, too. */
START_TEST(last_requests_are_short)
{
	const struct vhost_lie lie = { VHOST_GET_VRING_BASE, slow[_i], 0, 0, 0 };
	struct vhost_peer peer = good;
	struct stderr_text caught;
	struct timespec start, last;
	struct vhost_user vhost;

	peer.lie = &lie;
	vhost_peer_start(&peer);
	ck_assert_int_eq(vhost_user_open(&vhost, "peer", peer.client, FOREVER), 0);
	clock_gettime(CLOCK_MONOTONIC, &start);
	last = unix_socket_deadline(100);
	vhost_user_hurry(&vhost, &last);
	stderr_begin(&caught);
	vhost_user_begin_group(&vhost);
	ck_assert_int_eq(vhost_user_stop_ring(&vhost, 0), -LOG_TOLD);
	ck_assert_int_eq(vhost_user_stop_ring(&vhost, 1), -LOG_TOLD);
	vhost_user_end_group(&vhost);
	stderr_end(&caught);
	ck_assert_int_lt(seconds_since(&start), FOREVER / 2000);
	stderr_holds(&caught, unanswered);
	vhost_user_close(&vhost);
	vhost_peer_join(&peer);
}
END_TEST

/* Requests that belong together have one deadline. Here it was over before the second request. */
START_TEST(group_has_one_deadline)
{
	static const struct vhost_lie lie = { VHOST_SET_FEATURES, VHOST_SILENT, 0, 0, 0 };
	struct vhost_peer peer = good;
	struct stderr_text caught;
	struct vhost_user vhost;

	peer.lie = &lie;
	vhost_peer_start(&peer);
	ck_assert_int_eq(vhost_user_open(&vhost, "peer", peer.client, FOREVER), 0);
	vhost.until = unix_socket_deadline(0);
	stderr_begin(&caught);
	ck_assert_int_eq(vhost_user_set_features(&vhost, 0), -LOG_TOLD);
	stderr_end(&caught);
	stderr_holds(&caught, unanswered);
	vhost_user_close(&vhost);
	vhost_peer_join(&peer);
}
END_TEST

/*
 * The signals of a start are blocked, as --bind has it. The signal ends the start all the same.
 */
START_TEST(signal_ends_the_wait)
{
	static const struct vhost_lie lie = { VHOST_GET_FEATURES, VHOST_SILENT, 0, 0, 0 };
	struct vhost_peer peer = good;
	struct stderr_text caught;
	struct timespec start;
	struct vhost_user vhost;
	sigset_t set;
	int taken;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	raise(SIGTERM);
	peer.lie = &lie;
	vhost_peer_start(&peer);
	clock_gettime(CLOCK_MONOTONIC, &start);
	stderr_begin(&caught);
	ck_assert_int_eq(vhost_user_open(&vhost, "peer", peer.client, FOREVER), -LOG_TOLD);
	stderr_end(&caught);
	ck_assert_int_lt(seconds_since(&start), FOREVER / 2000);
	stderr_holds(&caught, "minivmm is to end");
	sigwait(&set, &taken);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	vhost_user_close(&vhost);
	vhost_peer_join(&peer);
}
END_TEST

UNIT_MAIN("vhost_user", { good_server, 0 }, { messages_are_traced, 0 }, { old_server, 0 },
	  { spoilt_server, UNIT_COUNT(spoilt) }, { files_are_closed, 0 },
	  { failed_call_is_named_once, 0 }, { lost_while_idle, 2 },
	  { stalled_request_is_ended, UNIT_COUNT(slow) },
	  { last_requests_are_short, UNIT_COUNT(slow) }, { group_has_one_deadline, 0 },
	  { signal_ends_the_wait, 0 })
