/* SPDX-License-Identifier: MIT */
/*
 * vmm/device_opener.c: what the process that keeps the rights of the start does for a confined
 * minivmm, and what it does not do.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "host_tree.h"
#include "unit.h"
#include "vfio/backend/user_message.h"
#include "vmm/device_opener.h"
#include "vmm/trace/log.h"

static struct sandbox sandbox;
static struct device_opener opener;
static char folder[32], path[64];
static int errors; /* standard error, which the process has too: nothing of it is for people */

static void opener_begin(bool change)
{
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	errors = dup(STDERR_FILENO);
	dup2(null, STDERR_FILENO);
	close(null);
	sandbox = (struct sandbox){ .user = { change, 65534, 65534 } };
	strcpy(folder, "/tmp/opener.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	ck_assert_int_eq(chmod(folder, 0755), 0);
	snprintf(path, sizeof(path), "%s/file", folder);
	ck_assert_int_eq(device_opener_start(&opener, &sandbox), 0);
}

static void opener_end(void)
{
	device_opener_stop(&opener);
	unlink(path);
	ck_assert_int_eq(rmdir(folder), 0);
	dup2(errors, STDERR_FILENO);
	close(errors);
}

#define ROM_BEGINS "\x55\xaa"

static void make_file(mode_t mode, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	ck_assert_int_eq(fchmod(fd, mode), 0);
	close(fd);
}

/* A server that says the same to everybody, when it has heard something. */
struct server {
	int listener;
	const void *says;
	size_t size;
	pthread_t thread;
};

static void *server_run(void *arg)
{
	const struct server *server = arg;
	char heard[512];
	int client;

	while ((client = accept(server->listener, NULL, NULL)) >= 0) {
		if (recv(client, heard, sizeof(heard), 0) > 0 && server->size) {
			send(client, server->says, server->size, MSG_NOSIGNAL);
			recv(client, heard, 1, 0); /* until the other side has gone */
		}
		close(client);
	}
	return NULL;
}

static void server_begin(struct server *server, mode_t mode, const void *says, size_t size)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(listen(fd, 1), 0);
	ck_assert_int_eq(chmod(path, mode), 0);
	*server = (struct server){ .listener = fd, .says = says, .size = size };
	ck_assert_int_eq(pthread_create(&server->thread, NULL, server_run, server), 0);
}

static void server_end(struct server *server)
{
	shutdown(server->listener, SHUT_RDWR);
	pthread_join(server->thread, NULL);
	close(server->listener);
}

/* What a vfio-user server says to the first question. */
static const struct {
	struct user_header header;
	struct user_version version;
} agrees = { { 0, USER_VERSION, sizeof(agrees), USER_TYPE_REPLY, 0 }, { USER_MAJOR, USER_MINOR } };

/* A path that is opened to read and write is one of VFIO's. */
static const struct {
	const char *path;
	int err;
} paths[] = {
	{ "/dev/null", -EPERM },
	{ "/etc/passwd", -EPERM },
	{ "", -EPERM },
	{ "/dev/vfio", -EPERM },
	{ "/dev/vfio/../null", -EPERM },
	{ "/dev/vfio/devices/../../null", -EPERM },
	{ "/dev/iommu/../null", -EPERM },
	{ "/dev/vfio/4000000000", -ENOENT },
	{ "/dev/vfio/devices/vfio4000000000", -ENOENT },
};

START_TEST(only_files_of_vfio_are_opened)
{
	opener_begin(false);
	ck_assert_int_eq(opener_open(&opener.devices.opener, paths[_i].path), paths[_i].err);
	opener_end();
}
END_TEST

START_TEST(images_are_read)
{
	char text[8] = "";
	int fd;

	opener_begin(false);
	ck_assert_int_eq(opener_open_image(&opener.devices.opener, path), -ENOENT);
	make_file(0600, ROM_BEGINS "rom");
	for (unsigned int i = 0; i < 3; i++) {
		fd = opener_open_image(&opener.devices.opener, path);
		ck_assert_int_ge(fd, 0);
		ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
		ck_assert_int_eq(read(fd, text, sizeof(text)), 5);
		ck_assert_int_lt(write(fd, text, 1), 0);
		close(fd);
	}
	opener_end();
}
END_TEST

/* Whoever has taken over minivmm gets no other file by it, although the user may read it. */
static const char *const no_images[] = { "", "\x55", "root:x:0:0:", "MZ", "\xaa\x55", "\x55\xab" };

START_TEST(other_files_are_no_images)
{
	opener_begin(false);
	make_file(0600, no_images[_i]);
	ck_assert_int_eq(opener_open_image(&opener.devices.opener, path), -ENOEXEC);
	ck_assert_int_eq(opener_open_image(&opener.devices.opener, folder), -ENOEXEC);
	ck_assert_int_eq(opener_open_image(&opener.devices.opener, "/dev/zero"), -ENOEXEC);
	opener_end();
}
END_TEST

START_TEST(servers_are_found)
{
	char words[OPENER_WORDS], reply[64];
	struct server server;
	int fd;

	opener_begin(false);
	log_keep_error(words, sizeof(words));
	ck_assert_int_eq(opener_connect(&opener.devices.opener, path, 1000), -ENOENT);
	log_keep_error(NULL, 0);
	ck_assert_ptr_nonnull(strstr(words, "connect to its vfio-user server: No such file"));
	server_begin(&server, 0700, &agrees, sizeof(agrees));
	fd = opener_connect(&opener.devices.opener, path, 60000);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(recv(fd, reply, sizeof(reply), 0), sizeof(agrees));
	ck_assert_mem_eq(reply, &agrees, sizeof(agrees));
	close(fd);
	server_end(&server);
	opener_end();
}
END_TEST

/* Nor does it get the socket of something else: of what starts programs, for one. */
static const struct user_header strangers[] = {
	{ 1, USER_VERSION, sizeof(agrees), USER_TYPE_REPLY, 0 },
	{ 0, USER_DMA_MAP, sizeof(agrees), USER_TYPE_REPLY, 0 },
	{ 0, USER_VERSION, sizeof(agrees), USER_TYPE_COMMAND, 0 },
	{ 0, USER_VERSION, sizeof(struct user_header) - 1, USER_TYPE_REPLY, 0 },
	{ 0, USER_VERSION, UINT32_MAX, USER_TYPE_REPLY, 0 },
};
static const struct {
	const void *says;
	size_t size;
	unsigned int ms;
	const char *words;
} others[] = {
	{ "HTTP/1.1 400 Bad Request\r\n\r\n", 28, 60000, "its vfio-user server sent" },
	{ "REJECTED EXTERNAL\r\n", 19, 60000, "its vfio-user server sent" },
	{ &strangers[0], sizeof(strangers[0]), 60000, "a reply to something else" },
	{ &strangers[1], sizeof(strangers[0]), 60000, "a reply to something else" },
	{ &strangers[2], sizeof(strangers[0]), 60000, "sent a command before" },
	{ &strangers[3], sizeof(strangers[0]), 60000, "shorter than its header" },
	{ &strangers[4], sizeof(strangers[0]), 60000, "longer than agreed" },
	{ "", 0, 60000, "closed the connection" },
	{ &agrees, 8, 50, "does not answer" },
};

START_TEST(other_servers_are_not_handed_over)
{
	char words[OPENER_WORDS];
	struct server server;

	opener_begin(false);
	server_begin(&server, 0700, others[_i].says, others[_i].size);
	log_keep_error(words, sizeof(words));
	ck_assert_int_eq(opener_connect(&opener.devices.opener, path, others[_i].ms), -EPROTO);
	log_keep_error(NULL, 0);
	ck_assert_ptr_nonnull(strstr(words, others[_i].words));
	server_end(&server);
	opener_end();
}
END_TEST

/* Row 0 is a user's own file, row 1 is root's alone. */
START_TEST(names_are_the_users)
{
	struct server server;
	int fd;

	if (geteuid() != 0)
		return;
	opener_begin(true);
	make_file(_i ? 0600 : 0644, ROM_BEGINS);
	fd = opener_open_image(&opener.devices.opener, path);
	ck_assert_int_eq(fd < 0 ? fd : 0, _i ? -EACCES : 0);
	if (fd >= 0)
		close(fd);
	unlink(path);
	server_begin(&server, _i ? 0700 : 0777, &agrees, sizeof(agrees));
	fd = opener_connect(&opener.devices.opener, path, 60000);
	ck_assert_int_eq(fd < 0 ? fd : 0, _i ? -EACCES : 0);
	if (fd >= 0)
		close(fd);
	server_end(&server);
	/* The process is root again when it gets what is no name. */
	ck_assert_int_eq(opener_open(&opener.devices.opener, "/dev/vfio/4000000000"), -ENOENT);
	opener_end();
}
END_TEST

START_TEST(devices_are_looked_for)
{
	const struct host_demand demand = { .memory = 4096 };
	enum host_access access = HOST_ACCESS_IOMMUFD;
	struct host_device found;
	char words[OPENER_WORDS];

	opener_begin(false);
	log_keep_error(words, sizeof(words));
	ck_assert_int_eq(device_opener_find(&opener.devices.opener, "fffe:fe:1f.7", &demand, &found,
					    &access),
			 -ENODEV);
	ck_assert_ptr_nonnull(strstr(words, "fffe:fe:1f.7"));
	log_keep_error(words, sizeof(words));
	kill(opener.devices.pid, SIGKILL);
	ck_assert_int_eq(
		device_opener_find(&opener.devices.opener, "01:00.0", &demand, &found, &access),
		-LOG_TOLD);
	ck_assert_ptr_nonnull(strstr(words, "the process that opens files"));
	log_keep_error(NULL, 0);
	ck_assert_int_eq(opener_open(&opener.devices.opener, "/dev/vfio/1"), -LOG_TOLD);
	opener_end();
}
END_TEST

#define NVME     "0000:01:00.0"
#define HOST_SSD "0000:02:00.0"
#define HOST_GPU "0000:05:00.0"

/* Hosts of host_tree.sh. On them a look at a device goes all the ways that there are. */
static const struct {
	const char *host, *bdf;
} looks[] = {
	{ "ready", NVME },
	{ "ready", HOST_SSD },
	{ "ready", HOST_GPU },
	{ "arm-without-iommu", NVME },
	{ "chroot-without-sysfs", NVME },
	{ "config-all-ones", NVME },
	{ "container", NVME },
	{ "default-route-over-bridge", "0000:03:00.0" },
	{ "disk-in-raid", HOST_SSD },
	{ "disk-mounted-through-lvm", HOST_SSD },
	{ "display-has-console", HOST_GPU },
	{ "domain-of-five-digits", "10000:01:00.0" },
	{ "driver-missing", NVME },
	{ "group-behind-bridge", NVME },
	{ "group-without-acs", NVME },
	{ "iommu-left-off", NVME },
	{ "iommu-left-off-proxmox", NVME },
	{ "no-iommu-mode", NVME },
	{ "node-missing", NVME },
	{ "node-own", NVME },
	{ "open-nvidia", HOST_GPU },
	{ "vfio-blocked", NVME },
	{ "vfio-not-loaded", NVME },
	{ "xen-dom0", NVME },
};

/* The confined process says of a device what minivmm would say of it at a start. */
START_TEST(confined_look_is_the_same)
{
	const struct host_demand demand = { .memory = 4096 };
	enum host_access access[2] = { HOST_ACCESS_ANY, HOST_ACCESS_ANY };
	char words[2][OPENER_WORDS];
	struct host_device found;
	int ret[2];

	host_tree_make(looks[_i].host);
	opener_begin(false);
	for (int by = 0; by < 2; by++) {
		log_keep_error(words[by], sizeof(words[by]));
		ret[by] = device_opener_find(by ? &opener.devices.opener : NULL, looks[_i].bdf,
					     &demand, &found, &access[by]);
	}
	log_keep_error(NULL, 0);
	opener_end();
	host_tree_remove();
	ck_assert_int_eq(ret[1], ret[0]);
	ck_assert_int_eq(access[1], access[0]);
	ck_assert_str_eq(words[1], words[0]);
}
END_TEST

/*
 * minivmm never asks these questions. The process answers no, or not at all, and serves the next
 * one.
 */
START_TEST(nonsense_is_no_question)
{
	struct opener_question question = { .what = UINT32_MAX };
	struct opener_answer answer;

	opener_begin(false);
	memset(question.path, 'x', sizeof(question.path));
	for (size_t size = 1; size <= sizeof(question); size += size < 64 ? 1 : 997)
		for (uint32_t what = 0; what < 6; what++) {
			question.what = what == 5 ? UINT32_MAX : what;
			opener_ask(opener.devices.opener.socket, &question, size, &answer,
				   sizeof(answer));
			ck_assert_int_lt(answer.err, 0);
		}
	ck_assert_int_eq(opener_open(&opener.devices.opener, "/etc/passwd"), -EPERM);
	opener_end();
}
END_TEST

UNIT_MAIN("device_opener", { only_files_of_vfio_are_opened, UNIT_COUNT(paths) },
	  { images_are_read, 0 }, { other_files_are_no_images, UNIT_COUNT(no_images) },
	  { servers_are_found, 0 }, { other_servers_are_not_handed_over, UNIT_COUNT(others) },
	  { names_are_the_users, 2 }, { devices_are_looked_for, 0 },
	  { confined_look_is_the_same, UNIT_COUNT(looks) }, { nonsense_is_no_question, 0 })
