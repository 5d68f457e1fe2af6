/* SPDX-License-Identifier: MIT */
/*
 * The vhost-user client, in front of a server that says anything.
 *
 * sendmsg() and recvmsg() are this program's own. What the client receives is an honest header
 * for what it asked, spoilt by the fuzzer's bytes, and then those bytes. Files come in between.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "devices/vhost_user.h"
#include "fuzz_input.h"
#include "fuzz_tally.h"

/* How an answer is made, by the bits of its first byte. */
#define MAKE_SPOIL   (1u << 0) /* a byte of the header is the fuzzer's */
#define MAKE_SIZE    (1u << 1) /* its size is the fuzzer's, too */
#define MAKE_FILES   (1u << 2)
#define MAKE_NOTHING (1u << 3) /* the connection ends */
#define MAKE_LATE    (1u << 4) /* not yet: the client has to wait, in vain */

static struct {
	struct fuzz_input input;
	struct vhost_message answer;
	size_t at, size;
	unsigned int how;
	int file;
} peer;

ssize_t sendmsg(int fd, const struct msghdr *msg, int flags)
{
	const struct vhost_header *asked = msg->msg_iov->iov_base;
	struct vhost_header *header = &peer.answer.header;

	(void)fd;
	(void)flags;
	fuzz_tally.count++;
	peer.how = (unsigned int)fuzz_number(&peer.input, 1);
	*header = (struct vhost_header){ asked->request, VHOST_VERSION | VHOST_REPLY, 8 };
	if (asked->request == VHOST_GET_CONFIG)
		header->size = asked->size;
	if (peer.how & MAKE_SIZE)
		header->size = (uint32_t)fuzz_number(&peer.input, 2);
	if (peer.how & MAKE_SPOIL)
		((uint8_t *)header)[fuzz_number(&peer.input, 1) % sizeof(*header)] =
			(uint8_t)fuzz_number(&peer.input, 1);
	fuzz_bytes(&peer.input, &peer.answer.payload, sizeof(peer.answer.payload));
	peer.at = 0;
	peer.size = sizeof(*header) + sizeof(peer.answer.payload);
	return (ssize_t)msg->msg_iov->iov_len;
}

static void give_files(struct msghdr *msg)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(msg);
	int fd = dup(peer.file);

	*c = (struct cmsghdr){ .cmsg_level = SOL_SOCKET,
			       .cmsg_type = SCM_RIGHTS,
			       .cmsg_len = CMSG_LEN(sizeof(fd)) };
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	msg->msg_controllen = CMSG_SPACE(sizeof(fd));
}

ssize_t recvmsg(int fd, struct msghdr *msg, int flags)
{
	size_t n = msg->msg_iov->iov_len;

	(void)fd;
	(void)flags;
	if ((peer.how & MAKE_NOTHING) || !fuzz_left(&peer.input))
		return 0;
	if (peer.how & MAKE_LATE) {
		errno = EAGAIN;
		return -1;
	}
	if (n > peer.size - peer.at)
		n = peer.size - peer.at;
	memcpy(msg->msg_iov->iov_base, (char *)&peer.answer.header + peer.at, n);
	peer.at += n;
	msg->msg_flags = 0;
	if (peer.how & MAKE_FILES)
		give_files(msg);
	else
		msg->msg_controllen = 0;
	return (ssize_t)n;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	peer.file = open("/dev/null", O_RDWR | O_CLOEXEC);
	return fuzz_tally_begin("answers of the server");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t config[VHOST_CONFIG_MAX], memory[64];
	const struct vhost_region region = { 0, 0x1000, (uintptr_t)memory, 0 };
	const struct virtio_ring ring = { 1, 16, memory, memory, memory, peer.file, peer.file };
	struct vhost_user vhost;

	peer.input = (struct fuzz_input){ data, size };
	if (vhost_user_open(&vhost, "fuzz", dup(peer.file), 0) == 0) {
		vhost_user_get_config(&vhost, 0, config, 60);
		vhost_user_get_config(&vhost, 0, config, sizeof(config));
		vhost_user_set_features(&vhost, vhost.features);
		vhost_user_set_memory(&vhost, &region, &peer.file, 1);
		vhost_user_start_ring(&vhost, &ring);
		vhost_user_set_config(&vhost, 3, config, 1);
		vhost_user_stop_ring(&vhost, 1);
	}
	vhost_user_close(&vhost);
	return 0;
}
