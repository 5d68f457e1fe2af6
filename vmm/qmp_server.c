/* SPDX-License-Identifier: MIT */
#include "qmp_server.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "vmm/trace/log.h"

static void server_end_client(struct qmp_server *server)
{
	loop_del(server->loop, &server->client);
	close(server->client.fd);
	server->client.fd = -1;
	qmp_session_end(&server->session);
}

/* Close the connection, so that the next client can be accepted. */
static void server_hang_up(struct qmp_server *server)
{
	server_end_client(server);
	loop_add(server->loop, &server->listener);
}

/* Send as much as the client takes. False if it is gone, or must be disconnected. */
static bool server_flush(struct qmp_server *server)
{
	struct qmp_session *session = &server->session;
	ssize_t n = 1;

	while (session->output_size && n > 0) {
		n = send(server->client.fd, session->output, session->output_size,
			 MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n > 0)
			qmp_session_sent(session, (size_t)n);
		else if (errno != EAGAIN && errno != EINTR)
			return false;
	}
	if (session->broken)
		log_warn(server->path,
			 "its client does not read its messages: the connection is closed");
	return !session->broken;
}

/* Read from the client; false at the end of its input. */
static bool server_read(struct qmp_server *server)
{
	ssize_t n = recv(server->client.fd, server->input, sizeof(server->input), MSG_DONTWAIT);

	if (n > 0) {
		server->input_at = 0;
		server->input_size = (size_t)n;
	}
	return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

/*
 * Carry out the commands that were read, as far as the client reads the replies. False if it must
 * be disconnected.
 */
static bool server_work(struct qmp_server *server)
{
	struct qmp_session *session = &server->session;
	size_t taken = 1;

	while (taken && server->input_at < server->input_size) {
		taken = qmp_session_take(session, server->input + server->input_at,
					 server->input_size - server->input_at);
		server->input_at += taken;
		if (!server_flush(server))
			return false;
	}
	return true;
}

/* Read no more until the client has read its replies. False if it must be disconnected. */
static bool server_wait(struct qmp_server *server)
{
	return loop_set_events(server->loop, &server->client,
			       server->session.output_size ? EPOLLOUT : EPOLLIN) == 0;
}

static void server_client_ready(void *owner, uint32_t events)
{
	struct qmp_server *server = owner;
	bool goes_on = server_flush(server);

	if (goes_on && server->session.output_size == 0) {
		if (server->input_at == server->input_size)
			goes_on = server_read(server);
		goes_on = goes_on && server_work(server);
	} else if (events & (EPOLLHUP | EPOLLERR)) {
		goes_on = false;
	}
	if (!goes_on || !server_wait(server))
		server_hang_up(server);
}

/*
 * Trying again and again would keep the main loop busy, so the socket is closed. A client that has
 * already left is no error.
 */
static void server_cannot_accept(struct qmp_server *server)
{
	if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED)
		return;
	log_errno(server->path, -errno, "accept a client (the control socket stays closed)");
	loop_del(server->loop, &server->listener);
}

static void server_listener_ready(void *owner, uint32_t events)
{
	struct qmp_server *server = owner;
	int fd = accept4(server->listener.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)events;
	if (fd < 0) {
		server_cannot_accept(server);
		return;
	}
	server->client = (struct loop_source){ fd, server_client_ready, server, server->path,
					       "messages of its client" };
	server->input_at = server->input_size = 0;
	qmp_session_begin(&server->session, server->commands, server->command_count, server->owner);
	if (loop_add(server->loop, &server->client) < 0) {
		server_end_client(server);
		return;
	}
	loop_del(server->loop, &server->listener);
	server_client_ready(server, 0);
}

/* ---- life ---- */

/* Make the socket and its file, and wait for clients. */
static int server_listen(struct qmp_server *server, bool confined)
{
	int ret;

	server->listener.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (server->listener.fd < 0)
		return log_errno(server->path, -errno, "socket");
	ret = qmp_keeper_start(&server->keeper, server->path, server->listener.fd, confined);
	if (ret < 0)
		return ret;
	return loop_add(server->loop, &server->listener);
}

int qmp_server_open(struct qmp_server *server, struct loop *loop, const char *path, bool confined,
		    const struct qmp_command *commands, size_t count, void *owner)
{
	int ret;

	json_object_seed(0); /* this reads a file, which is forbidden once the machine runs */
	memset(server, 0, sizeof(*server));
	server->loop = loop;
	server->path = path;
	server->commands = commands;
	server->command_count = count;
	server->owner = owner;
	server->listener = (struct loop_source){ -1, server_listener_ready, server, path,
						 "clients of the control socket" };
	server->client.fd = -1;
	ret = server_listen(server, confined);
	if (ret < 0)
		qmp_server_close(server);
	return ret;
}

void qmp_server_close(struct qmp_server *server)
{
	if (!server->loop)
		return;
	if (server->client.fd >= 0)
		server_end_client(server);
	if (server->listener.fd >= 0)
		close(server->listener.fd);
	qmp_keeper_end(&server->keeper);
	server->loop = NULL;
}

void qmp_server_event(struct qmp_server *server, const char *name, json_t *data)
{
	if (!server->loop || server->client.fd < 0) {
		json_decref(data);
		return;
	}
	qmp_session_event(&server->session, name, data);
	if (!server_flush(server) || !server_wait(server))
		shutdown(server->client.fd, SHUT_RDWR); /* its ready() then closes it */
}
