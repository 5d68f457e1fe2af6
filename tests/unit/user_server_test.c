/* SPDX-License-Identifier: MIT */
/* guests/demo/user_server.c where minivmm's client does not go: what other clients send. */
#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "guests/demo/demo_regs.h"
#include "guests/demo/demo_server.h"
#include "unit.h"
#include "vfio/backend/user_message.h"

#define MEMORY_BAR (VFIO_PCI_BAR0_REGION_INDEX + DEMO_MEMORY_BAR)

struct request {
	struct user_header header;
	struct user_region_access access;
	uint32_t value;
};
#define REQUEST_SIZE (offsetof(struct request, value) + sizeof(uint32_t))

static void *serve(void *socket)
{
	demo_server_run(*(int *)socket);
	return NULL;
}

static void ask(int socket, uint16_t id, enum user_command command, uint32_t flags, uint32_t value)
{
	const struct request request = {
		.header = { .id = id,
			    .command = (uint16_t)command,
			    .flags = flags,
			    .size = sizeof(request.header) + sizeof(request.access) +
				    (command == USER_REGION_WRITE ? sizeof(value) : 0) },
		.access = { .region = MEMORY_BAR, .offset = 8, .count = sizeof(value) },
		.value = value,
	};

	ck_assert_int_eq(send(socket, &request, request.header.size, 0), request.header.size);
}

/*
 * QEMU posts writes to BARs: it wants no reply, and takes one for the answer to something else.
 */
START_TEST(posted_write_has_no_reply)
{
	int sockets[2];
	struct request reply;
	pthread_t server;

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets), 0);
	ck_assert_int_eq(pthread_create(&server, NULL, serve, &sockets[1]), 0);
	ask(sockets[0], 7, USER_REGION_WRITE, USER_NO_REPLY, 0x600d);
	ask(sockets[0], 8, USER_REGION_READ, 0, 0);
	ck_assert_int_eq(recv(sockets[0], &reply, REQUEST_SIZE, MSG_WAITALL), REQUEST_SIZE);
	ck_assert_uint_eq(reply.header.id, 8);
	ck_assert_uint_eq(reply.value, 0x600d);
	close(sockets[0]);
	pthread_join(server, NULL);
}
END_TEST

UNIT_MAIN("user_server", { posted_write_has_no_reply, 0 })
