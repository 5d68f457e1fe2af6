/* SPDX-License-Identifier: MIT */
/*
 * The vfio-user client, in front of a server that says anything.
 *
 * sendmsg() and recvmsg() are this program's own. They remember what the client asks, and make
 * what it receives of the fuzzer's bytes. A reply is built as an honest server would build it and
 * then spoilt, or it is the fuzzer's bytes alone. Commands of the server's own and files come in
 * between. No kernel is on the way, so there are many thousands of sessions a second.
 */
#include <dlfcn.h>
#include <linux/pci_regs.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fuzz_input.h"
#include "fuzz_tally.h"
#include "vfio/backend/user_device.h"

#define RAM       0x10000u
#define RAM_SIZE  0x4000u
#define REPLY_MAX 8192u

/* The other end of the connection. */
static struct {
	struct fuzz_input input;
	struct user_header asked;
	uint8_t payload[64]; /* the start of what was asked */
	uint8_t stream[REPLY_MAX];
	size_t stream_at, stream_end;
	unsigned int files; /* that come with the next bytes */
	int socket, file;
	char *ram;
} peer;

/* How a message is made, by the bits of its first byte. */
#define MAKE_RAW     (1u << 0) /* the header is bytes, too */
#define MAKE_COMMAND (1u << 1) /* a command of the server's own comes first */
#define MAKE_ERROR   (1u << 2)
#define MAKE_FILES   (1u << 3)
#define MAKE_SPOIL   (1u << 4)
#define MAKE_MORE    (1u << 5) /* bytes behind the payload of an honest server */
#define MAKE_LIE     (1u << 6) /* the header's size is not the message's */
#define MAKE_NOTHING (1u << 7) /* the connection ends */

/* ---- an honest server's reply ---- */

static size_t honest_version(uint8_t *to, size_t room)
{
	static const char json[] = "\1\0{\"capabilities\":{\"max_msg_fds\":2,"
				   "\"max_data_xfer_size\":1048576,"
				   "\"twin_socket\":{\"supported\":false}}}";

	memset(to, 0, 2);
	memcpy(to + 2, json, sizeof(json) < room ? sizeof(json) : room);
	return 2 + sizeof(json);
}

static size_t honest_region(uint8_t *to)
{
	struct {
		struct vfio_region_info info;
		uint64_t sparse[4];
	} reply = { .sparse = { 1 | 1ull << 16, 1, 0, 0x1000 } };

	memcpy(&reply.info, peer.payload, sizeof(reply.info));
	reply.info.argsz = sizeof(reply);
	reply.info.flags = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE |
			   VFIO_REGION_INFO_FLAG_MMAP | VFIO_REGION_INFO_FLAG_CAPS;
	reply.info.cap_offset = sizeof(reply.info);
	reply.info.size = 0x4000;
	memcpy(to, &reply, sizeof(reply));
	return sizeof(reply);
}

/* A list of two capabilities: MSI and MSI-X. */
static int honest_byte(const struct user_region_access *access)
{
	if (access->region != VFIO_PCI_CONFIG_REGION_INDEX)
		return 0;
	switch (access->offset) {
	case PCI_CAPABILITY_LIST:
		return 0x40;
	case 0x40:
		return PCI_CAP_ID_MSI;
	case 0x41:
		return 0x50;
	case 0x50:
		return PCI_CAP_ID_MSIX;
	default:
		return 0;
	}
}

static size_t honest_payload(uint8_t *to, size_t room)
{
	const struct user_region_access *access = (const void *)peer.payload;
	const struct user_device_info info = { sizeof(info), 3, VFIO_PCI_NUM_REGIONS, 5 };
	struct vfio_irq_info irq;

	switch (peer.asked.command) {
	case USER_VERSION:
		return honest_version(to, room);
	case USER_GET_INFO:
		memcpy(to, &info, sizeof(info));
		return sizeof(info);
	case USER_GET_REGION_INFO:
		return honest_region(to);
	case USER_GET_IRQ_INFO:
		memcpy(&irq, peer.payload, sizeof(irq));
		irq.count = 1;
		memcpy(to, &irq, sizeof(irq));
		return sizeof(irq);
	case USER_REGION_READ:
		memcpy(to, access, sizeof(*access));
		memset(to + sizeof(*access), honest_byte(access), access->count);
		return sizeof(*access) + access->count;
	case USER_REGION_WRITE:
		memcpy(to, access, sizeof(*access));
		return sizeof(*access);
	default:
		return 0;
	}
}

/* ---- the stream of what comes ---- */

static void stream_add(const void *bytes, size_t size)
{
	if (size > sizeof(peer.stream) - peer.stream_end)
		size = sizeof(peer.stream) - peer.stream_end;
	memcpy(peer.stream + peer.stream_end, bytes, size);
	peer.stream_end += size;
}

static void stream_add_message(struct user_header header, const uint8_t *payload, size_t size,
			       unsigned int how)
{
	fuzz_tally.count++;
	header.size = (uint32_t)(sizeof(header) + size);
	if (how & MAKE_LIE)
		header.size += (uint32_t)(int8_t)fuzz_number(&peer.input, 1);
	if (how & MAKE_RAW)
		fuzz_bytes(&peer.input, &header, sizeof(header));
	stream_add(&header, sizeof(header));
	stream_add(payload, size);
}

/* An access to memory, mostly where some is. */
static void stream_add_command(void)
{
	struct user_header header = { .id = 1 };
	uint8_t payload[512];
	struct user_dma_access access;
	size_t size;

	header.command = (uint16_t)(USER_DMA_READ + fuzz_number(&peer.input, 1) % 3);
	header.flags = (uint32_t)fuzz_number(&peer.input, 1);
	access.address = RAM + (uint64_t)(int16_t)fuzz_number(&peer.input, 2);
	access.count = fuzz_number(&peer.input, 1);
	memset(payload, 0x5a, sizeof(payload));
	memcpy(payload, &access, sizeof(access));
	size = sizeof(access) + (header.command == USER_DMA_WRITE ? access.count : 0);
	stream_add_message(header, payload, size, header.flags & MAKE_LIE);
}

static void stream_add_reply(unsigned int how)
{
	struct user_header header = { .id = peer.asked.id,
				      .command = peer.asked.command,
				      .flags = USER_TYPE_REPLY };
	static uint8_t payload[REPLY_MAX];
	size_t size = 0;

	if (how & MAKE_ERROR) {
		header.flags |= USER_ERROR;
		header.error = (uint32_t)fuzz_number(&peer.input, 4);
	} else {
		size = honest_payload(payload, sizeof(payload));
	}
	for (unsigned int n = 0; (how & MAKE_SPOIL) && size && n < 4; n++) {
		size_t at = fuzz_number(&peer.input, 1) % size;

		payload[at] = (uint8_t)fuzz_number(&peer.input, 1);
	}
	if (how & MAKE_MORE) {
		size_t more = fuzz_number(&peer.input, 1);

		if (more > sizeof(payload) - size)
			more = sizeof(payload) - size;
		fuzz_bytes(&peer.input, payload + size, more);
		size += more;
	}
	stream_add_message(header, payload, size, how);
}

static void stream_fill(void)
{
	unsigned int how = (unsigned int)fuzz_number(&peer.input, 1);

	peer.stream_at = peer.stream_end = 0;
	if (!fuzz_left(&peer.input) || (how & MAKE_NOTHING))
		return;
	if (how & MAKE_COMMAND)
		stream_add_command();
	if (how & MAKE_FILES)
		peer.files = 1 + (unsigned int)fuzz_number(&peer.input, 1) % 20;
	stream_add_reply(how);
}

/* ---- the program's own system calls ---- */

ssize_t sendmsg(int fd, const struct msghdr *msg, int flags)
{
	size_t size = 0;

	(void)fd;
	(void)flags;
	for (size_t i = 0; i < msg->msg_iovlen; i++)
		size += msg->msg_iov[i].iov_len;
	memcpy(&peer.asked, msg->msg_iov[0].iov_base, sizeof(peer.asked));
	memset(peer.payload, 0, sizeof(peer.payload));
	if (msg->msg_iovlen > 1 && msg->msg_iov[1].iov_len <= sizeof(peer.payload) &&
	    msg->msg_iov[1].iov_len)
		memcpy(peer.payload, msg->msg_iov[1].iov_base, msg->msg_iov[1].iov_len);
	/* It is no answer to our own command, so what was asked remains to be answered. */
	if ((peer.asked.flags & USER_TYPE_MASK) == USER_TYPE_COMMAND)
		stream_fill();
	return (ssize_t)size;
}

static void give_files(struct msghdr *msg)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(msg);
	size_t room = (msg->msg_controllen - CMSG_LEN(0)) / sizeof(int);
	size_t count = peer.files < room ? peer.files : room;

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(count * sizeof(int));
	msg->msg_controllen = CMSG_SPACE(count * sizeof(int));
	msg->msg_flags |= peer.files > room ? MSG_CTRUNC : 0;
	for (size_t i = 0; i < count; i++) {
		int fd = dup(peer.file);

		memcpy(CMSG_DATA(c) + i * sizeof(fd), &fd, sizeof(fd));
	}
	peer.files = 0;
}

ssize_t recvmsg(int fd, struct msghdr *msg, int flags)
{
	size_t left = peer.stream_end - peer.stream_at;
	size_t n = msg->msg_iov->iov_len < left ? msg->msg_iov->iov_len : left;

	(void)fd;
	(void)flags;
	memcpy(msg->msg_iov->iov_base, peer.stream + peer.stream_at, n);
	peer.stream_at += n;
	msg->msg_flags = 0;
	if (n && peer.files)
		give_files(msg);
	else
		msg->msg_controllen = 0;
	return (ssize_t)n;
}

/* ---- a session ---- */

static void use_region(struct vfio_device *device, uint32_t index)
{
	struct vfio_region region;
	uint8_t bytes[64];

	if (vfio_backend_user.get_region(device, index, &region) < 0)
		return;
	for (unsigned int i = 0; i < region.sparse_count; i++)
		bytes[i] = (uint8_t)region.areas[i].size;
	vfio_backend_user.region_read(device, &region, 0, bytes, sizeof(bytes));
	vfio_backend_user.region_write(device, &region, 8, bytes, 4);
}

static void use_irqs(struct vfio_device *device, int bell)
{
	struct vfio_irq irq;

	for (uint32_t index = 0; index < 5; index++) {
		const int fds[4] = { bell, -1, bell, bell };
		struct vfio_irq_request request = { index, VFIO_IRQ_SET_ACTION_TRIGGER, 0, 4, fds };

		if (vfio_backend_user.get_irq(device, index, &irq) == 0)
			vfio_backend_user.set_irqs(device, &request);
		request =
			(struct vfio_irq_request){ index, VFIO_IRQ_SET_ACTION_TRIGGER, 0, 0, NULL };
		vfio_backend_user.set_irqs(device, &request);
	}
}

static void use_space(struct vfio_space *space)
{
	const struct vfio_dma dma = {
		.iova = RAM, .size = RAM_SIZE, .hva = peer.ram, .fd = peer.file
	};
	const struct vfio_device_request request = { "fuzz", -1, -1, -1, NULL };
	struct vfio_device device = { .backend = &vfio_backend_user, .name = "fuzz" };
	int bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	vfio_backend_user.dma_map(space, &dma);
	if (vfio_backend_user.dev_open(space, &device, &request) == 0) {
		use_irqs(&device, bell);
		for (uint32_t index = 0; index < 9; index++)
			use_region(&device, index);
		vfio_backend_user.reset(&device);
	}
	vfio_backend_user.dma_unmap(space, dma.iova, dma.size);
	vfio_backend_user.dev_close(&device);
	close(bell);
}

/* The library is kept loaded, because loading it anew would take most of the time. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	if (!dlopen("libjansson.so.4", RTLD_NOW | RTLD_LOCAL))
		abort();
	peer.file = memfd_create("ram", MFD_CLOEXEC);
	if (ftruncate(peer.file, RAM_SIZE) < 0)
		abort();
	peer.ram = mmap(NULL, RAM_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, peer.file, 0);
	return fuzz_tally_begin("messages of the server");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct user_link link = { .fd = -1 };
	struct vfio_space space = { .backend = &vfio_backend_user, .priv = &link };

	peer.input = (struct fuzz_input){ data, size };
	peer.files = 0;
	if (user_link_open(&link, "fuzz", NULL, "fuzz", dup(peer.file)) == 0)
		use_space(&space);
	user_link_close(&link);
	return 0;
}
