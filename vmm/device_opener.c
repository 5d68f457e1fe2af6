/* SPDX-License-Identifier: MIT */
#include "device_opener.h"

#include <errno.h>
#include <linux/capability.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sandbox/sandbox_child.h"
#include "vfio/backend/user_greeting.h"
#include "vfio/host/check/host_memlock.h"
#include "vfio/host/look/host_path.h"
#include "vmm/base/pending_signal.h"
#include "vmm/trace/log.h"
#include "vmm/trace/macros.h"

#define OPENER_FIND OPENER_MORE

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
	opener_ask(opener->socket, &question, sizeof(question), &answer.head, sizeof(answer));
	log_repeat_error(answer.head.words);
	*found = answer.found;
	*access = answer.access;
	return answer.head.err;
}

/* ---- the process that finds and opens devices ---- */

/* The files of devices, and no other way to them. */
static bool finder_is_device(const char *path)
{
	return (strncmp(path, "/dev/vfio/", 10) == 0 && !strstr(path, "..")) ||
	       strcmp(path, "/dev/iommu") == 0;
}

/* Answer with a file, or with -errno. False: nobody asks any more. */
static bool opener_answer_file(int fd, struct opener_answer *answer)
{
	bool sent;

	answer->err = fd < 0 ? fd : 0;
	sent = opener_reply(OPENER_SOCKET, answer, sizeof(*answer), fd);
	if (fd >= 0)
		close(fd);
	return sent;
}

static bool finder_serve_path(const struct opener_question *question, struct opener_answer *answer)
{
	int fd = -EPERM;

	if (question->what == OPENER_FILE && finder_is_device(question->path))
		fd = opener_open(NULL, question->path);
	return opener_answer_file(fd, answer);
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
static bool finder_serve(void)
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
		sent = finder_serve_path(&message.open, &answer.head);
	}
	log_keep_error(NULL, 0);
	return sent;
}

/*
 * What sysfs and /proc say, and what the words of an error need of the rest: which system this is.
 * A folder that is not there yet, as /dev/vfio may not be before its module is loaded, is not known
 * to Landlock; then it is all of /dev.
 */
static void finder_confine(void)
{
	const struct host_path vfio = host_path("/dev/vfio"), iommu = host_path("/dev/iommu");
	const struct host_path dev = host_path("/dev"), sys = host_path("/sys");
	const struct host_path proc = host_path("/proc"), os = host_path("/etc/os-release");
	const unsigned int both = SANDBOX_READ | SANDBOX_WRITE;
	const struct sandbox_path paths[] = {
		{ host_path_exists(&vfio) ? vfio.text : dev.text, both },
		{ host_path_exists(&iommu) ? iommu.text : dev.text, both },
		{ sys.text, SANDBOX_READ },
		{ proc.text, SANDBOX_READ },
		{ os.text, SANDBOX_READ },
	};
	const struct sandbox_child child = {
		.kind = THREAD_FINDER,
		.capabilities = 1u << CAP_DAC_OVERRIDE, /* a group's file may be a user's */
		.paths = paths,
		.path_count = array_size(paths),
	};

	sandbox_child_enter(&child);
}

static void finder_run(void *arg)
{
	(void)arg;
	finder_confine();
	while (finder_serve())
		;
}

/* ---- the process that opens what has a name ---- */

/*
 * The names come from the control socket, but by way of minivmm. If a guest has taken that over, it
 * could name any file that its user may read. Only a ROM leaves this process.
 */
static int names_check_image(int fd)
{
	unsigned char begin[2] = { 0 };
	struct stat file;

	if (fstat(fd, &file) < 0 || !S_ISREG(file.st_mode) || pread(fd, begin, 2, 0) != 2)
		return -ENOEXEC;
	return begin[0] == 0x55 && begin[1] == 0xaa ? 0 : -ENOEXEC;
}

static int names_open_image(const char *path)
{
	int fd = opener_open_image(NULL, path), ret = fd < 0 ? fd : names_check_image(fd);

	if (ret == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return ret;
}

/* For the same reason only the socket of a vfio-user server does. */
static int names_connect(const struct opener_question *question)
{
	int fd = opener_connect(NULL, question->path, question->ms);
	const char *wrong = fd < 0 ? NULL : user_greet(fd, question->ms);
	int err = errno;

	if (!wrong)
		return fd;
	close(fd);
	if (err)
		return log_errno(question->path, -err, "its vfio-user server %s", wrong);
	log_error(question->path, "its vfio-user server %s", wrong);
	return -EPROTO;
}

static int names_open(const struct opener_question *question)
{
	switch (question->what) {
	case OPENER_IMAGE:
		return names_open_image(question->path);
	case OPENER_SERVER:
		return names_connect(question);
	default:
		return -EPERM;
	}
}

static bool names_serve(void)
{
	struct opener_question question = { .what = OPENER_FILE };
	struct opener_answer answer = { .err = 0 };
	ssize_t n = recv(OPENER_SOCKET, &question, sizeof(question), 0);
	bool sent;

	if (n <= 0)
		return n < 0 && errno == EINTR;
	question.path[sizeof(question.path) - 1] = '\0';
	log_keep_error(answer.words, sizeof(answer.words));
	sent = opener_answer_file(names_open(&question), &answer);
	log_keep_error(NULL, 0);
	return sent;
}

/* While a server lets it wait: is there still somebody who wants to know? */
static bool names_is_alone(void *owner)
{
	char byte;

	(void)owner;
	return recv(OPENER_SOCKET, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

/* It is whoever minivmm goes on as. Where that is root, it may open what root may. */
static void names_run(void *arg)
{
	const struct sandbox *sandbox = arg;
	const struct sandbox_path all = { "/", SANDBOX_READ };
	const struct sandbox_child child = {
		.kind = THREAD_NAMES,
		.user = sandbox->user,
		.capabilities = sandbox->user.change ? 0 : 1u << CAP_DAC_OVERRIDE,
		.paths = &all,
		.path_count = 1,
	};

	sandbox_child_enter(&child);
	pending_end_watch(names_is_alone, NULL);
	while (names_serve())
		;
}

/* ---- life ---- */

int device_opener_start(struct device_opener *opener, const struct sandbox *sandbox)
{
	int ret = sandbox_opener_fork(&opener->devices, "device-opener", finder_run, NULL);

	if (ret == 0)
		ret = sandbox_opener_fork(&opener->names, "name-opener", names_run,
					  (void *)sandbox);
	opener->devices.opener.names = opener->names.opener.socket;
	return ret;
}

void device_opener_stop(struct device_opener *opener)
{
	sandbox_opener_stop(&opener->names);
	sandbox_opener_stop(&opener->devices);
}
