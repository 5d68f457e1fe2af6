/* SPDX-License-Identifier: MIT */
#include "device_opener.h"

#include <errno.h>
#include <linux/capability.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "vfio/host/check/host_memlock.h"
#include "vmm/trace/log.h"

#define OPENER_FIND OPENER_MORE
#define FINDER_KEEP (1u << CAP_DAC_OVERRIDE | 1u << CAP_SETGID | 1u << CAP_SETUID)

struct finder_question {
	uint32_t what; /* OPENER_FIND */
	char bdf[HOST_BDF_MAX];
	struct host_demand demand;
	enum host_access access;
};

struct finder_answer {
	struct opener_answer head;
	struct host_device found;
	enum host_access access;
};

/* Whatever is asked is one of these, cut off where it ends. */
union finder_message {
	uint32_t what;
	struct opener_question open;
	struct finder_question find;
};

/* ---- here ---- */

static int finder_find(const char *bdf, const struct host_demand *demand, struct host_device *found,
		       enum host_access *access)
{
	int ret = host_check_device(bdf, demand, found);

	if (ret == 0)
		*access = host_choose_access(found, *access);
	return ret;
}

int device_opener_find(const struct opener *opener, const char *bdf,
		       const struct host_demand *demand, struct host_device *found,
		       enum host_access *access)
{
	struct finder_question question = { .what = OPENER_FIND,
					    .demand = *demand,
					    .access = *access };
	struct finder_answer answer;

	if (!opener)
		return finder_find(bdf, demand, found, access);
	snprintf(question.bdf, sizeof(question.bdf), "%s", bdf);
	opener_ask(opener, &question, sizeof(question), &answer.head, sizeof(answer));
	log_repeat_error(answer.head.words);
	if (answer.head.err == -EIO && !answer.head.words[0])
		return log_errno(bdf, -EIO, "ask the process that opens devices");
	*found = answer.found;
	*access = answer.access;
	return answer.head.err;
}

/* ---- the child ---- */

/* From root to the user and back: all that a file system, or a server, asks who it is. */
static int finder_become(const struct sandbox_user *user)
{
	if (!user->change)
		return 0;
	return syscall(SYS_setresgid, -1, user->gid, -1) < 0 ||
			       syscall(SYS_setresuid, -1, user->uid, -1) < 0
		       ? -errno
		       : 0;
}

static int finder_become_root(const struct sandbox_user *user)
{
	if (!user->change)
		return 0;
	return syscall(SYS_setresuid, -1, 0, -1) < 0 || syscall(SYS_setresgid, -1, 0, -1) < 0
		       ? -errno
		       : 0;
}

/* The files of devices, and no other way to them. */
static bool finder_is_device(const char *path)
{
	return (strncmp(path, "/dev/vfio/", 10) == 0 && !strstr(path, "..")) ||
	       strcmp(path, "/dev/iommu") == 0;
}

static int finder_open_by_name(const struct opener_question *question)
{
	if (question->what == OPENER_IMAGE)
		return opener_open_image(NULL, question->path);
	return opener_connect(NULL, question->path, question->ms);
}

/* A name is the user's: that it cannot be looked up with more rights is what must not fail. */
static int finder_open_as_user(const struct sandbox_user *user,
			       const struct opener_question *question)
{
	int ret = finder_become(user);

	if (ret == 0)
		ret = finder_open_by_name(question);
	if (finder_become_root(user) < 0)
		_exit(EXIT_FAILURE);
	return ret;
}

static bool finder_serve_path(const struct sandbox_user *user,
			      const struct opener_question *question, struct opener_answer *answer)
{
	int fd = -EPERM;
	bool sent;

	if (question->what != OPENER_FILE)
		fd = finder_open_as_user(user, question);
	else if (finder_is_device(question->path))
		fd = opener_open(NULL, question->path);
	answer->err = fd < 0 ? fd : 0;
	sent = opener_reply(OPENER_SOCKET, answer, sizeof(*answer), fd);
	if (fd >= 0)
		close(fd);
	return sent;
}

/* The limit of locked memory is the same here as in minivmm, which has no rights any more. */
static bool finder_serve_find(const struct finder_question *question, struct finder_answer *answer)
{
	answer->access = question->access;
	answer->head.err = host_raise_memlock(question->demand.memory);
	if (answer->head.err == 0)
		answer->head.err = finder_find(question->bdf, &question->demand, &answer->found,
					       &answer->access);
	return opener_reply(OPENER_SOCKET, &answer->head, sizeof(*answer), -1);
}

/* The message is zeroed: what was sent of it ends in a NUL. */
static bool finder_serve(const struct sandbox_user *user)
{
	union finder_message message = { .open = { .what = 0 } };
	struct finder_answer answer = { .head.err = 0 };
	ssize_t n = recv(OPENER_SOCKET, &message, sizeof(message), 0);
	bool sent;

	if (n <= 0)
		return n < 0 && errno == EINTR;
	message.open.path[sizeof(message.open.path) - 1] = '\0';
	log_keep_error(answer.head.words, sizeof(answer.head.words));
	if (message.what == OPENER_FIND) {
		message.find.bdf[sizeof(message.find.bdf) - 1] = '\0';
		sent = finder_serve_find(&message.find, &answer);
	} else {
		sent = finder_serve_path(user, &message.open, &answer.head);
	}
	log_keep_error(NULL, 0);
	return sent;
}

/* Further groups are those of who started minivmm: they are not the user's. */
static void finder_run(const struct sandbox *sandbox, void *arg)
{
	const struct sandbox_user nobody_else = { .change = false };
	int ret = 0;

	(void)arg;
	if (sandbox->user.change && syscall(SYS_setgroups, 0, NULL) < 0)
		ret = -errno;
	if (ret == 0)
		ret = sandbox_rights_drop(&nobody_else, FINDER_KEEP);
	if (ret < 0) {
		log_errno("sandbox", ret, "confine the process that opens devices");
		return;
	}
	while (finder_serve(&sandbox->user))
		;
}

int device_opener_start(struct sandbox_opener *opener, const struct sandbox *sandbox)
{
	return sandbox_opener_fork(opener, sandbox, "device-opener", finder_run, NULL);
}
