/* SPDX-License-Identifier: MIT */
#include "qmp_server.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox/sandbox_child.h"
#include "vmm/trace/log.h"

#define QMP_BACKLOG 4

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

/* Read no more until the client has read its replies. */
static void server_wait(struct qmp_server *server)
{
	loop_set_events(server->loop, &server->client,
			server->session.output_size ? EPOLLOUT : EPOLLIN);
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
	if (goes_on)
		server_wait(server);
	else
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
	server->client = (struct loop_source){ fd, server_client_ready, server };
	server->input_at = server->input_size = 0;
	qmp_session_begin(&server->session, server->commands, server->command_count, server->owner);
	if (loop_add(server->loop, &server->client) < 0) {
		server_end_client(server);
		return;
	}
	loop_del(server->loop, &server->listener);
	server_client_ready(server, 0);
}

/* ---- the socket's file ---- */

static int server_refuse(const char *path, int err, const char *why)
{
	log_error(path, "cannot be the control socket: %s", why);
	return err;
}

/* Remove a socket to which no program listens any more; refuse any other file. */
static int server_clear_path(const char *path, const struct sockaddr_un *address)
{
	struct stat file;
	int fd, err;

	if (lstat(path, &file) < 0)
		return 0;
	if (!S_ISSOCK(file.st_mode))
		return server_refuse(path, -EEXIST, "a file of another kind is there");
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return log_errno(path, -errno, "socket");
	err = connect(fd, (const struct sockaddr *)address, sizeof(*address)) < 0 ? errno : 0;
	close(fd);
	if (err != ECONNREFUSED)
		return server_refuse(path, -EADDRINUSE, "another program listens there");
	return unlink(path) < 0 ? log_errno(path, -errno, "unlink the socket that was left there")
				: 0;
}

/* The mode is set before bind(), so that only its owner can ever use it. */
static int server_bind(struct qmp_server *server, const struct sockaddr_un *address)
{
	mode_t mask = umask(0177);
	int ret = bind(server->listener.fd, (const struct sockaddr *)address, sizeof(*address));

	ret = ret < 0 ? -errno : 0;
	umask(mask);
	if (ret < 0)
		return log_errno(server->path, ret, "bind the control socket");
	if (lstat(server->path, &server->file) < 0) {
		ret = log_errno(server->path, -errno, "look at the control socket");
		unlink(server->path);
		return ret;
	}
	if (listen(server->listener.fd, QMP_BACKLOG) < 0)
		return log_errno(server->path, -errno, "listen");
	return loop_add(server->loop, &server->listener);
}

static int server_listen(struct qmp_server *server)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int ret;

	if (strlen(server->path) >= sizeof(address.sun_path))
		return log_errno(server->path, -ENAMETOOLONG, "bind the control socket");
	strcpy(address.sun_path, server->path);
	ret = server_clear_path(server->path, &address);
	if (ret < 0)
		return ret;
	server->listener.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (server->listener.fd < 0)
		return log_errno(server->path, -errno, "socket");
	return server_bind(server, &address);
}

/* Remove only the file that minivmm made; another program may have put its own there. */
static void server_unlink(const struct qmp_server *server, int folder, const char *name)
{
	struct stat now;

	if (fstatat(folder, name, &now, AT_SYMLINK_NOFOLLOW) == 0 &&
	    now.st_ino == server->file.st_ino && now.st_dev == server->file.st_dev)
		unlinkat(folder, name, 0);
}

/*
 * Who may remove the file: the folder's owner, who needs no capability for it. In a folder of
 * root's, or where this is not root, it is whoever this process is.
 */
static struct sandbox_user server_find_remover(int folder)
{
	struct stat status;

	if (geteuid() != 0 || fstat(folder, &status) < 0 || status.st_uid == 0)
		return (struct sandbox_user){ .change = false };
	return (struct sandbox_user){ true, status.st_uid, status.st_gid };
}

static void server_confine_keeper(const char *path, int folder)
{
	const struct sandbox_path beneath = { path, SANDBOX_REMOVE };
	const struct sandbox_child child = { .kind = THREAD_UNLINKER,
					     .user = server_find_remover(folder),
					     .paths = &beneath,
					     .path_count = 1 };

	sandbox_child_enter(&child);
}

/* The folder's path, in memory of the caller's, and the name in it. */
static const char *server_split_path(char *path)
{
	char *slash = strrchr(path, '/');

	if (!slash)
		return path;
	*slash = '\0';
	return slash + 1;
}

#define KEEPER_FOLDER 3 /* the number of the one other file here */

/* Wait until the other end of the pipe is closed, which happens however minivmm ends. */
static _Noreturn void server_keep(const struct qmp_server *server, int fd)
{
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)], byte;
	const char *name, *parent;

	strcpy(path, server->path);
	name = server_split_path(path);
	parent = name == path ? "." : path[0] ? path : "/";
	prctl(PR_SET_NAME, "unlinker");
	setsid(); /* the terminal's signals must not reach it */
	dup2(fd, STDIN_FILENO);
	fd = open(parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dup2(fd, KEEPER_FOLDER) < 0)
		_exit(EXIT_FAILURE);
	/* close all other files, above all those of devices */
	close(STDOUT_FILENO);
	close_range(KEEPER_FOLDER + 1, ~0u, 0);
	if (server->confined)
		server_confine_keeper(parent, KEEPER_FOLDER);
	while (read(STDIN_FILENO, &byte, 1) != 0)
		;
	server_unlink(server, KEEPER_FOLDER, name);
	_exit(0);
}

/* A confined machine cannot remove files any more, so a separate process does it. */
static int server_start_keeper(struct qmp_server *server)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return log_errno(server->path, -errno, "pipe");
	server->keeper = fork();
	if (server->keeper == 0)
		server_keep(server, ends[0]);
	close(ends[0]);
	server->keeper_fd = ends[1];
	return server->keeper < 0 ? log_errno(server->path, -errno, "fork") : 0;
}

static void server_end_keeper(struct qmp_server *server)
{
	if (server->keeper_fd >= 0)
		close(server->keeper_fd);
	if (server->keeper > 0)
		waitpid(server->keeper, NULL, 0);
	server->keeper_fd = -1;
	server->keeper = 0;
}

/* ---- life ---- */

int qmp_server_open(struct qmp_server *server, struct loop *loop, const char *path, bool confined,
		    const struct qmp_command *commands, size_t count, void *owner)
{
	int ret;

	json_object_seed(0); /* this reads a file, which is forbidden once the machine runs */
	memset(server, 0, sizeof(*server));
	server->loop = loop;
	server->path = path;
	server->confined = confined;
	server->commands = commands;
	server->command_count = count;
	server->owner = owner;
	server->listener = (struct loop_source){ -1, server_listener_ready, server };
	server->client.fd = server->keeper_fd = -1;
	ret = server_listen(server);
	if (ret == 0)
		ret = server_start_keeper(server);
	/* Where there is no process to do so, the socket that was made goes here. */
	if (ret < 0 && server->keeper <= 0 && server->file.st_ino)
		server_unlink(server, AT_FDCWD, path);
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
	server_end_keeper(server);
	server->loop = NULL;
}

void qmp_server_event(struct qmp_server *server, const char *name, json_t *data)
{
	if (!server->loop || server->client.fd < 0) {
		json_decref(data);
		return;
	}
	qmp_session_event(&server->session, name, data);
	if (server_flush(server))
		server_wait(server);
	else
		shutdown(server->client.fd, SHUT_RDWR); /* its ready() then closes it */
}
