/* SPDX-License-Identifier: MIT */
/*
 * vfio/backend/backend_user.c in front of servers that are not honest: they lie, do not answer, or
 * hardly move. The device is given up with one line, and nobody waits for long.
 */
#include <errno.h>
#include <linux/pci_regs.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "devices/testdev_regs.h"
#include "stderr_text.h"
#include "unit.h"
#include "user_client.h"
#include "vfio/backend/user_link.h"
#include "vfio/backend/user_socket.h"
#include "vmm/base/pending_signal.h"
#include "vmm/base/unix_socket.h"
#include "vmm/trace/log.h"

/* ---- lies ---- */

#define HEADER     sizeof(struct user_header)
#define CAPS(text) "{\"capabilities\":{" text "}}"

static const struct {
	struct user_lie lie;
	const char *says;
} lies[] = {
	/* headers */
	{ { USER_GET_INFO, USER_PATCH, 4, 4, 15, NULL }, "shorter than its header" },
	{ { USER_GET_INFO, USER_PATCH, 4, 4, 0xffffffff, NULL }, "longer than agreed" },
	{ { USER_GET_INFO, USER_PATCH, 4, 4, HEADER, NULL }, "wrong size" },
	{ { USER_GET_INFO, USER_PATCH, 0, 2, 0xfff0, NULL }, "something else" },
	{ { USER_GET_INFO, USER_PATCH, 2, 2, USER_RESET, NULL }, "something else" },
	{ { USER_GET_INFO, USER_PATCH, 8, 4, 2, NULL }, "neither command nor reply" },
	{ { USER_GET_INFO, USER_PATCH, 8, 4, 0, NULL }, "not a server's to send" },
	{ { USER_GET_INFO, USER_CUT, 3, 0, 0, NULL }, "closed the connection" },
	{ { USER_GET_INFO, USER_TWICE, 0, 0, 0, NULL }, "sent a reply" },
	/* the version */
	{ { USER_VERSION, USER_PATCH, HEADER, 2, 1, NULL }, "not offered" },
	{ { USER_VERSION, USER_PATCH, HEADER + 2, 2, 9, NULL }, "not offered" },
	{ { USER_VERSION, USER_PATCH, 4, 4, HEADER + 3, NULL }, "version of the wrong size" },
	{ { USER_VERSION, USER_PATCH, 4, 4, HEADER + 8, NULL }, "without their end" },
	{ { USER_VERSION, USER_TEXT, 0, 0, 0, "{" }, "not JSON" },
	{ { USER_VERSION, USER_TEXT, 0, 0, 0, "[1]" }, "not what they should be" },
	{ { USER_VERSION, USER_TEXT, 0, 0, 0, "{\"capabilities\":1}" }, "not what they should be" },
	{ { USER_VERSION, USER_TEXT, 0, 0, 0, CAPS("\"max_msg_fds\":\"8\"") }, "not a number" },
	{ { USER_VERSION, USER_TEXT, 0, 0, 0, CAPS("\"max_msg_fds\":0") }, "too small" },
	{ { USER_VERSION, USER_TEXT, 0, 0, 0, CAPS("\"max_data_xfer_size\":-1") }, "too small" },
	{ { USER_VERSION, USER_TEXT, 0, 0, 0, CAPS("\"twin_socket\":{\"supported\":true}") },
	  "not which file" },
	{ { USER_VERSION, USER_TEXT, 0, 0, 0,
	    CAPS("\"twin_socket\":{\"supported\":true,\"fd_index\":0}") },
	  "did not come along" },
	{ { USER_VERSION, USER_FILES, 1, 0, 0, NULL }, "files with a version" },
	{ { USER_VERSION, USER_FILES, 40, 0, 0, NULL }, "more files than were agreed on" },
	{ { USER_VERSION, USER_INTERRUPT, USER_DMA_READ, 16, RAM, NULL }, "before the version" },
	/* what the device is */
	{ { USER_GET_INFO, USER_PATCH, HEADER + 8, 4, 7, NULL }, "number of regions" },
	{ { USER_GET_INFO, USER_PATCH, HEADER + 8, 4, 0xffffffff, NULL }, "number of regions" },
	{ { USER_GET_INFO, USER_PATCH, HEADER + 12, 4, 0xffffffff, NULL }, "interrupt kinds" },
	{ { USER_GET_REGION_INFO, USER_PATCH, HEADER, 4, 31, NULL }, "wrong size" },
	{ { USER_GET_REGION_INFO, USER_PATCH, HEADER + 8, 4, 3, NULL }, "another region" },
	{ { USER_GET_REGION_INFO, USER_PATCH, HEADER + 23, 1, 0x80, NULL }, "fit into any file" },
	{ { USER_GET_IRQ_INFO, USER_PATCH, HEADER + 8, 4, 1, NULL }, "another interrupt" },
	{ { USER_GET_IRQ_INFO, USER_PATCH, HEADER + 12, 4, 3000, NULL }, "more interrupts" },
	/* accesses */
	{ { USER_REGION_READ, USER_PATCH, HEADER, 8, 0x40, NULL }, "another access" },
	{ { USER_REGION_READ, USER_PATCH, HEADER + 8, 4, 0, NULL }, "another access" },
	{ { USER_REGION_READ, USER_PATCH, HEADER + 12, 4, 8, NULL }, "another access" },
	{ { USER_REGION_WRITE, USER_PATCH, HEADER + 12, 4, 0, NULL }, "another access" },
	{ { USER_REGION_READ, USER_CUT, 17, 0, 0, NULL }, "closed the connection" },
	/* its own commands */
	{ { USER_RESET, USER_INTERRUPT, USER_SET_IRQS, 20, 0, NULL }, "not a server's to send" },
	{ { USER_RESET, USER_INTERRUPT, 0xffff, 0, 0, NULL }, "not a server's to send" },
	{ { USER_RESET, USER_INTERRUPT, USER_DMA_READ, 15, RAM, NULL }, "wrong size" },
	{ { USER_RESET, USER_INTERRUPT, USER_DMA_READ, 17, RAM, NULL }, "contradict" },
	{ { USER_RESET, USER_INTERRUPT, USER_DMA_WRITE, 17, RAM, NULL }, "contradict" },
	/* and those that just wait, or hardly move */
	{ { USER_RESET, USER_SILENT, 0, 0, 0, NULL }, "does not answer" },
	{ { USER_VERSION, USER_DRIP, 0, 0, 0, NULL }, "does not answer" },
};

/* Do all that a machine would do with the device. Returns the first failure. */
static int client_live(struct client *client, int bell)
{
	struct vfio_irq irq;
	int ret = client_open(client);

	if (ret == 0)
		ret = set_irq(client, VFIO_PCI_ERR_IRQ_INDEX, TRIGGER, 0, 1, &bell);
	if (ret == 0)
		ret = vfio_backend_user.get_irq(&client->device, VFIO_PCI_MSIX_IRQ_INDEX, &irq);
	if (ret == 0)
		ret = dma_map(client, false, client->ram_fd);
	if (ret == 0)
		ret = put(client, &client->bar0, TESTDEV_SCRATCH, 1, 4);
	return ret < 0 ? ret : vfio_backend_user.reset(&client->device);
}

static unsigned int count_lines(const char *text)
{
	unsigned int lines = 0;

	while ((text = strchr(text, '\n')))
		lines++, text++;
	return lines;
}

/* One line reports it, every later call fails at once, and the bell rings. */
START_TEST(lie_ends_the_connection)
{
	int bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	struct stderr_text caught;
	struct client client;

	client_init(&client, &lies[_i].lie);
	stderr_begin(&caught);
	ck_assert_int_lt(client_live(&client, bell), 0);
	if (client.device.priv) {
		ck_assert_int_eq(set_irq(&client, VFIO_PCI_ERR_IRQ_INDEX, TRIGGER, 0, 1, &bell), 0);
		ck_assert(rings(bell, 1000));
		ck_assert_int_eq(vfio_backend_user.reset(&client.device), -LOG_TOLD);
	}
	client_close(&client);
	stderr_end(&caught);
	stderr_holds(&caught, "minivmm: error: peer: its vfio-user server ");
	stderr_holds(&caught, lies[_i].says);
	ck_assert_msg(count_lines(caught.text) == 1, "more than a line: %s", caught.text);
	close(bell);
}
END_TEST

static void *take_slowly(void *arg)
{
	static char bytes[4096];

	while (read(*(int *)arg, bytes, sizeof(bytes)) > 0)
		usleep(10000);
	return NULL;
}

/* The server takes a little all the time, and would take this message for ten seconds. */
START_TEST(slow_taker_is_given_up)
{
	static char data[4u << 20];
	struct user_header header = { .command = USER_REGION_WRITE };
	struct iovec parts[2] = { { &header, sizeof(header) }, { data, sizeof(data) } };
	const struct timespec until = unix_socket_deadline(1000);
	time_t start = time(NULL);
	pthread_t taker;
	int ends[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	ck_assert_int_eq(pthread_create(&taker, NULL, take_slowly, &ends[1]), 0);
	ck_assert_pstr_eq(user_socket_send(ends[0], parts, 2, NULL, 0, &until),
			  "takes no more messages");
	ck_assert_int_le(time(NULL) - start, 3);
	shutdown(ends[0], SHUT_RDWR);
	pthread_join(taker, NULL);
	close(ends[0]);
	close(ends[1]);
}
END_TEST

/* Another thread is stuck in the middle of a message. */
START_TEST(turn_to_send_is_not_awaited_forever)
{
	struct stderr_text caught;
	struct user_link *link;
	struct client client;

	client_start(&client);
	link = client.space.priv;
	pthread_mutex_lock(&link->send_lock);
	stderr_begin(&caught);
	ck_assert_int_eq(vfio_backend_user.reset(&client.device), -LOG_TOLD);
	stderr_end(&caught);
	pthread_mutex_unlock(&link->send_lock);
	stderr_holds(&caught, "peer: its vfio-user server takes no more messages\n");
	client_close(&client);
}
END_TEST

/* One access takes so many messages that, slow as they are, they would take twelve seconds. */
START_TEST(slow_transfer_is_broken_off)
{
	time_t start = time(NULL);
	struct client client;
	uint8_t config[64];

	client_start(&client);
	((struct user_link *)client.space.priv)->limits.max_transfer = 8;
	client.peer.delay = 1500;
	ck_assert_int_eq(vfio_backend_user.region_read(&client.device, &client.config, 0, config,
						       sizeof(config)),
			 -ETIMEDOUT);
	ck_assert_int_le(time(NULL) - start, 8);
	client.peer.delay = 0;
	ck_assert_uint_eq(get(&client, &client.config, PCI_VENDOR_ID, 2), TESTDEV_VENDOR);
	client_close(&client);
}
END_TEST

/* These are not what they should be, but they are no reason to give the device up. */
static const struct user_lie oddities[] = {
	/* A reply with an error, and with the number of none. */
	{ USER_REGION_WRITE, USER_PATCH, 8, 8, USER_TYPE_REPLY | USER_ERROR, NULL },
	{ USER_REGION_WRITE, USER_PATCH, 8, 8, (USER_TYPE_REPLY | USER_ERROR) | 0xffffffff00000000,
	  NULL },
	/* DMA where no memory is. */
	{ USER_REGION_WRITE, USER_INTERRUPT, USER_DMA_READ, 16, 0x1000, NULL },
	/* A server without capabilities, and one that can do more than we know. */
	{ USER_VERSION, USER_TEXT, 0, 0, 0, "{}" },
	{ USER_VERSION, USER_TEXT, 0, 0, 0, CAPS("\"max_msg_fds\":999999,\"colour\":\"blue\"") },
	{ USER_VERSION, USER_TEXT, 0, 0, 0, CAPS("\"twin_socket\":{\"supported\":false}") },
	/* A file of a region that is not mapped, and more of them than there are regions. */
	{ USER_GET_REGION_INFO, USER_FILES, 1, 0, 0, NULL },
	{ USER_GET_REGION_INFO, USER_FILES, USER_FDS_MAX, 0, 0, NULL },
	/* Transfers in small pieces. */
	{ USER_VERSION, USER_TEXT, 0, 0, 0, CAPS("\"max_data_xfer_size\":8") },
};

START_TEST(oddity_is_lived_with)
{
	uint8_t config[256];
	struct client client;

	client_init(&client, &oddities[_i]);
	ck_assert_int_eq(client_open(&client), 0);
	put(&client, &client.bar0, TESTDEV_SCRATCH, 3, 4);
	put(&client, &client.bar0, TESTDEV_SCRATCH, 4, 4);
	ck_assert_uint_eq(get(&client, &client.bar0, TESTDEV_SCRATCH, 4), 4);
	ck_assert_int_eq(vfio_backend_user.region_read(&client.device, &client.config, 0, config,
						       sizeof(config)),
			 sizeof(config));
	ck_assert_uint_eq(config[PCI_CAPABILITY_LIST], 0x40);
	client_close(&client);
}
END_TEST

/* ---- deadlines ---- */

/*
 * There are four vectors, each a message of its own. The five seconds are for all of them
 * together.
 */
START_TEST(rule_46_one_deadline_for_a_request)
{
	time_t start = time(NULL);
	struct stderr_text caught;
	struct client client;
	int fds[4];
	const struct vfio_irq_request request = { .index = VFIO_PCI_MSIX_IRQ_INDEX,
						  .action = VFIO_IRQ_SET_ACTION_TRIGGER,
						  .count = 4,
						  .fds = fds };

	client_start(&client);
	((struct user_link *)client.space.priv)->limits.max_fds = 1;
	for (size_t i = 0; i < UNIT_COUNT(fds); i++)
		fds[i] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	client.peer.delay = 2000;
	stderr_begin(&caught);
	ck_assert_int_lt(vfio_backend_user.set_irqs(&client.device, &request), 0);
	stderr_end(&caught);
	ck_assert_int_le(time(NULL) - start, 6);
	for (size_t i = 0; i < UNIT_COUNT(fds); i++)
		close(fds[i]);
	client_close(&client);
}
END_TEST

static pthread_t ender; /* the thread that does so, or 0 */

static void *hurry_soon(void *arg)
{
	usleep(200000);
	vfio_backend_user.hurry(arg);
	return NULL;
}

/* The thread that waits does it itself, which is the one that would otherwise be told. */
static void end_by_signal(struct client *client)
{
	(void)client;
	kill(getpid(), SIGTERM);
}

static bool keys_ask(void *owner)
{
	(void)owner;
	return true;
}

static void end_by_keys(struct client *client)
{
	pending_end_watch(keys_ask, client);
}

static void end_by_another_thread(struct client *client)
{
	ck_assert_int_eq(pthread_create(&ender, NULL, hurry_soon, &client->space), 0);
}

static void (*const ends[])(struct client *client) = {
	end_by_another_thread,
	end_by_signal,
	end_by_keys,
};

static void nobody_asks_any_more(void)
{
	const struct timespec now = { 0 };
	sigset_t set;

	if (ender)
		pthread_join(ender, NULL);
	ender = 0;
	pending_end_watch(NULL, NULL);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigtimedwait(&set, NULL, &now);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

static void block_sigterm(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
}

/* Somebody waits for a server that is silent, and the machine is taken down. */
START_TEST(rule_46_the_end_of_the_machine_is_not_held_up)
{
	static const struct user_lie silent = { USER_RESET, USER_SILENT, 0, 0, 0, NULL };
	time_t start;
	struct stderr_text caught;
	struct client client;

	block_sigterm(); /* in all threads that come, as in minivmm's */
	client_init(&client, NULL);
	ck_assert_int_eq(client_open(&client), 0);
	__atomic_store_n(&client.peer.lie, &silent, __ATOMIC_RELEASE);
	start = time(NULL);
	ends[_i](&client);
	stderr_begin(&caught);
	ck_assert_int_lt(vfio_backend_user.reset(&client.device), 0);
	ck_assert_int_lt(vfio_backend_user.reset(&client.device), 0);
	stderr_end(&caught);
	ck_assert_int_le(time(NULL) - start, 4);
	nobody_asks_any_more();
	client_close(&client);
}
END_TEST

UNIT_MAIN("user_hostile", { lie_ends_the_connection, UNIT_COUNT(lies) },
	  { slow_taker_is_given_up, 0 }, { turn_to_send_is_not_awaited_forever, 0 },
	  { slow_transfer_is_broken_off, 0 }, { oddity_is_lived_with, UNIT_COUNT(oddities) },
	  { rule_46_one_deadline_for_a_request, 0 },
	  { rule_46_the_end_of_the_machine_is_not_held_up, UNIT_COUNT(ends) })
