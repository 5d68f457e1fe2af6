/* SPDX-License-Identifier: MIT */
#include "user_link.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "user_socket.h"
#include "user_trace.h"
#include "vmm/base/opener.h"
#include "vmm/base/thread_guard.h"
#include "vmm/base/pending_signal.h"
#include "vmm/base/unix_socket.h"
#include "vmm/trace/log.h"

/* ---- the end of it ---- */

static void link_ring(const struct user_link *link)
{
	if (link->bell >= 0)
		eventfd_write(link->bell, 1);
}

/* With the lock held. */
static void link_log_loss(const struct user_link *link)
{
	const char *then = link->bell >= 0 ? ": the guest is stopped" : "";

	if (link->lost_by)
		log_errno(link->name, -link->lost_by, "its vfio-user server %s%s", link->wrong,
			  then);
	else
		log_error(link->name, "its vfio-user server %s%s", link->wrong, then);
}

/* Wakes every thread that waits for an answer, reads or sends. */
static int link_fail(struct user_link *link, const char *wrong, int err)
{
	pthread_mutex_lock(&link->lock);
	if (!link->dead) {
		link->dead = true;
		link->wrong = wrong;
		link->lost_by = err;
		if (!link->closing)
			link_log_loss(link);
		link_ring(link);
	}
	pthread_cond_broadcast(&link->answered);
	pthread_mutex_unlock(&link->lock);
	shutdown(link->fd, SHUT_RDWR);
	if (link->twin_fd >= 0)
		shutdown(link->twin_fd, SHUT_RDWR);
	return -LOG_TOLD;
}

int user_link_fail(struct user_link *link, const char *wrong)
{
	return link_fail(link, wrong, 0);
}

/* A thread that did not log the loss itself may have to report it, too. */
static void link_repeat_loss(struct user_link *link)
{
	char words[256];

	pthread_mutex_lock(&link->lock);
	snprintf(words, sizeof(words), "%s: its vfio-user server %s", link->name, link->wrong);
	pthread_mutex_unlock(&link->lock);
	log_repeat_error(words);
}

void user_link_set_bell(struct user_link *link, int bell)
{
	pthread_mutex_lock(&link->lock);
	link->bell = bell;
	if (link->dead)
		link_ring(link);
	pthread_mutex_unlock(&link->lock);
}

/*
 * Send one message as a whole. A thread that waits too long for its turn ends the connection, and
 * with it the send that delays it.
 */
static int link_send(struct user_link *link, int fd, struct iovec *parts, unsigned int count,
		     const int *fds, unsigned int fd_count, const struct timespec *until)
{
	const char *wrong;
	int err;

	if (pthread_mutex_clocklock(&link->send_lock, CLOCK_MONOTONIC, until))
		return user_link_fail(link, "takes no more messages");
	wrong = user_socket_send(fd, parts, count, fds, fd_count, until);
	err = errno;
	pthread_mutex_unlock(&link->send_lock);
	return wrong ? link_fail(link, wrong, err) : 0;
}

/* ---- the server's commands ---- */

/* Serve a DMA access of the server. */
static int link_serve(struct user_link *link, int fd, const struct user_message *command)
{
	const struct user_dma_access *access = command->payload;
	struct user_header header = command->header;
	bool read = header.command == USER_DMA_READ;
	void *data = read ? malloc(access->count + 1) : NULL;
	struct iovec parts[3] = { { &header, sizeof(header) },
				  { (void *)access, sizeof(*access) },
				  { data, read ? access->count : 0 } };
	struct timespec until = unix_socket_deadline(USER_TIMEOUT_MS);
	struct trace_span span;
	int ret;

	user_trace_begin(&span, link->name, header.command, access, 0);
	ret = read && !data ? -ENOMEM : user_memory_access(&link->memory, command, data);
	user_trace_end(&span, ret);
	header.flags = USER_TYPE_REPLY | (ret < 0 ? USER_ERROR : 0);
	header.error = (uint32_t)-ret;
	ret = command->header.flags & USER_NO_REPLY
		      ? 0
		      : link_send(link, fd, parts, ret < 0 ? 1 : 3, NULL, 0, &until);
	free(data);
	return ret;
}

/* ---- questions and answers ---- */

/* Hand a reply to the thread that waits for it, if it answers the question that was asked. */
static const char *link_take_reply(struct user_link *link, struct user_message *message)
{
	const char *wrong = NULL;

	pthread_mutex_lock(&link->lock);
	if (!link->question || link->has_answer)
		wrong = "sent a reply that nobody asked for";
	else
		wrong = user_check_reply(message, &link->question_header, link->question->reply_min,
					 link->question->reply_max);
	if (!wrong) {
		link->answer = *message;
		link->has_answer = true;
		*message = (struct user_message){ .payload = NULL };
		pthread_cond_broadcast(&link->answered);
	}
	pthread_mutex_unlock(&link->lock);
	return wrong;
}

/* Read one message from `fd` and act on it. 0, or -LOG_TOLD if the connection is lost. */
static int link_receive(struct user_link *link, int fd, const struct timespec *until)
{
	struct user_message message = { .payload = NULL };
	const char *wrong = user_socket_receive(fd, &message, until);
	int err = wrong ? errno : 0, ret = 0;
	bool reply = (message.header.flags & USER_TYPE_MASK) == USER_TYPE_REPLY;

	if (!wrong && reply)
		wrong = link_take_reply(link, &message);
	else if (!wrong && !link->agreed)
		wrong = "sent a command before the version was agreed on";
	else if (!wrong)
		wrong = user_check_dma(&message);
	if (wrong)
		ret = link_fail(link, wrong, err);
	else if (!reply)
		ret = link_serve(link, fd, &message);
	user_message_destroy(&message);
	return ret;
}

static void *link_reader(void *arg)
{
	struct user_link *link = arg;
	struct pollfd files[2] = { { .fd = link->fd, .events = POLLIN },
				   { .fd = link->twin_fd, .events = POLLIN } };
	struct timespec until;
	int ret = 0;

	thread_guard_enter(link->guard, THREAD_SERVER);
	while (ret == 0) {
		if (poll(files, 2, -1) < 0 && errno != EINTR)
			ret = link_fail(link, "cannot be reached", errno);
		for (unsigned int i = 0; i < 2 && ret == 0; i++) {
			until = unix_socket_deadline(USER_TIMEOUT_MS);
			if (files[i].revents)
				ret = link_receive(link, files[i].fd, &until);
		}
	}
	return NULL;
}

static int link_ask(struct user_link *link, struct user_header *header,
		    const struct user_call *call, const struct timespec *until)
{
	struct iovec parts[3] = { { header, sizeof(*header) },
				  { (void *)call->head, call->head_size },
				  { (void *)call->data, call->data_size } };
	bool dead, asked;

	pthread_mutex_lock(&link->lock);
	dead = link->dead;
	asked = link->greeted && !link->agreed;
	*header = (struct user_header){ .id = link->next_id++, .command = (uint16_t)call->command };
	link->question = call;
	link->question_header = *header;
	link->answer_due = unix_socket_deadline(USER_STALL_MS);
	link->has_answer = false;
	pthread_mutex_unlock(&link->lock);
	if (dead || asked)
		return dead ? -LOG_TOLD : 0;
	return link_send(link, link->fd, parts, 3, call->fds, call->fd_count, until);
}

/* The earlier of the deadlines of this message and of all messages. */
static struct timespec link_end(const struct user_link *link, const struct timespec *until)
{
	const struct timespec *hurry = &link->hurry_until;

	if (link->hurried && (hurry->tv_sec < until->tv_sec ||
			      (hurry->tv_sec == until->tv_sec && hurry->tv_nsec < until->tv_nsec)))
		return *hurry;
	return *until;
}

/* With the lock held. */
static void link_hurry(struct user_link *link)
{
	if (!link->hurried)
		link->hurry_until = unix_socket_deadline(USER_HURRY_MS);
	link->hurried = true;
	pthread_cond_broadcast(&link->answered);
}

/*
 * For a while, or until the answer is there; with the lock held. When minivmm is asked to end the
 * main thread takes it down, but may be the one that waits here. False once it took too long.
 */
static bool link_wait_slice(struct user_link *link, const struct timespec *until)
{
	const struct timespec end = link_end(link, until);
	const struct timespec slice = unix_socket_deadline((unsigned int)unix_socket_slice(&end));
	bool asked;

	if (pthread_cond_timedwait(&link->answered, &link->lock, &slice) != ETIMEDOUT)
		return true;
	pthread_mutex_unlock(&link->lock);
	asked = pending_end_is_asked();
	pthread_mutex_lock(&link->lock);
	if (asked)
		link_hurry(link);
	return unix_socket_time_left(&end) > 0;
}

/* The answer is there, the connection is lost, or it took too long. */
static void link_wait(struct user_link *link, const struct timespec *until)
{
	bool late = false;
	int ret = 0;

	while (!link->reading && !link->has_answer && ret == 0)
		ret = link_receive(link, link->fd, until);
	pthread_mutex_lock(&link->lock);
	while (!link->has_answer && !link->dead && !late)
		late = !link_wait_slice(link, until);
	late &= !link->has_answer && !link->dead;
	pthread_mutex_unlock(&link->lock);
	if (late)
		user_link_fail(link, "does not answer");
}

/*
 * The time by which a call must be over, now that its turn has come; false if that time has passed.
 */
static bool link_deadline(struct user_link *link, const struct user_call *call,
			  struct timespec *until)
{
	*until = call->until ? *call->until : unix_socket_deadline(USER_TIMEOUT_MS);
	pthread_mutex_lock(&link->lock);
	*until = link_end(link, until);
	pthread_mutex_unlock(&link->lock);
	return unix_socket_time_left(until) > 0;
}

/* Make the call, whose turn has come. */
static int link_exchange(struct user_link *link, const struct user_call *call,
			 struct user_message *reply)
{
	struct user_header header = { .id = 0 };
	struct timespec until;
	int ret;

	if (!link_deadline(link, call, &until))
		return -ETIMEDOUT;
	ret = link_ask(link, &header, call, &until);
	if (ret == 0)
		link_wait(link, &until);
	pthread_mutex_lock(&link->lock);
	link->question = NULL;
	if (link->has_answer)
		*reply = link->answer;
	else
		ret = -LOG_TOLD;
	link->has_answer = false;
	pthread_mutex_unlock(&link->lock);
	return ret;
}

int user_link_call(struct user_link *link, const struct user_call *call, struct user_message *reply)
{
	struct trace_span span;
	int ret;

	user_trace_begin(&span, link->name, call->command, call->head, call->fd_count);
	*reply = (struct user_message){ .payload = NULL };
	pending_lock(&link->call_lock);
	ret = link_exchange(link, call, reply);
	pthread_mutex_unlock(&link->call_lock);
	if (ret == 0)
		ret = user_reply_error(&reply->header);
	else if (ret == -LOG_TOLD)
		link_repeat_loss(link);
	user_trace_end(&span, ret == -LOG_TOLD && link->lost_by ? -link->lost_by : ret);
	return ret;
}

/* ---- life ---- */

void user_link_hurry(struct user_link *link)
{
	pthread_mutex_lock(&link->lock);
	link_hurry(link);
	pthread_mutex_unlock(&link->lock);
}

bool user_link_is_stalled(struct user_link *link)
{
	bool stalled;

	pthread_mutex_lock(&link->lock);
	stalled = link->question && !link->has_answer && !link->dead &&
		  unix_socket_time_left(&link->answer_due) == 0;
	pthread_mutex_unlock(&link->lock);
	return stalled;
}

/* The server's answer is valid; take over the second socket. */
static const char *link_take_twin(struct user_link *link, struct user_message *reply)
{
	int twin = link->limits.twin;

	if (twin >= 0 && (unsigned int)twin >= reply->fd_count)
		return "sent a second socket that did not come along";
	if (reply->fd_count > (twin >= 0 ? 1u : 0u))
		return "sent files with a version";
	if (twin >= 0)
		link->twin_fd = reply->fds[--reply->fd_count];
	return NULL;
}

static int link_agree(struct user_link *link)
{
	const struct user_version version = { USER_MAJOR, USER_MINOR };
	struct user_call call = { .command = USER_VERSION,
				  .head = &version,
				  .head_size = sizeof(version),
				  .data = user_version_offer,
				  .data_size = strlen(user_version_offer) + 1,
				  .reply_max = USER_INFO_MAX };
	struct user_message reply;
	const char *wrong = NULL;
	int ret = user_link_call(link, &call, &reply);

	if (ret < 0) {
		log_errno(link->name, ret, "agree on a version with its server");
		goto out;
	}
	ret = user_version_parse(reply.payload, user_payload_size(&reply), &link->limits, &wrong);
	if (ret == 0)
		wrong = link_take_twin(link, &reply);
	if (wrong)
		ret = user_link_fail(link, wrong);
	link->agreed = ret == 0;
out:
	user_message_destroy(&reply);
	return ret;
}

static void link_init(struct user_link *link, const char *name, int fd)
{
	pthread_condattr_t monotonic;

	*link = (struct user_link){ .name = name, .fd = fd, .twin_fd = -1, .bell = -1 };
	pthread_mutex_init(&link->call_lock, NULL);
	pthread_mutex_init(&link->send_lock, NULL);
	pthread_mutex_init(&link->lock, NULL);
	user_memory_init(&link->memory);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&link->answered, &monotonic);
	pthread_condattr_destroy(&monotonic);
}

int user_link_open(struct user_link *link, const char *name, const struct opener *opener,
		   const char *path, int fd)
{
	link_init(link, name, fd);
	if (fd < 0) {
		link->fd = opener_connect(opener, path, USER_CONNECT_MS);
		link->greeted = opener != NULL;
		if (link->fd < 0)
			return link->fd;
	}
	return link_agree(link);
}

/* Only the main thread handles signals. */
int user_link_start(struct user_link *link, const struct thread_guard *guard)
{
	sigset_t all, old;
	int ret;

	link->guard = guard;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	ret = pthread_create(&link->reader, NULL, link_reader, link);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	link->reading = ret == 0;
	return ret ? log_errno(link->name, -ret, "start a thread for its server") : 0;
}

void user_link_close(struct user_link *link)
{
	if (link->fd < 0)
		return;
	pthread_mutex_lock(&link->lock);
	link->closing = true;
	pthread_mutex_unlock(&link->lock);
	user_link_fail(link, "");
	if (link->reading)
		pthread_join(link->reader, NULL);
	link->reading = false;
	if (link->twin_fd >= 0)
		close(link->twin_fd);
	close(link->fd);
	link->fd = link->twin_fd = -1;
	pthread_cond_destroy(&link->answered);
	user_memory_destroy(&link->memory);
	pthread_mutex_destroy(&link->lock);
	pthread_mutex_destroy(&link->send_lock);
	pthread_mutex_destroy(&link->call_lock);
}
