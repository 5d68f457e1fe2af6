/* SPDX-License-Identifier: MIT */
/*
 * The messages of vfio-user: their layout, and checks of those that arrive.
 *
 * vfio-user is VFIO's ioctls as messages on a socket: a header, then the structure that the ioctl
 * would have taken. Each command is answered by a reply with the same id. The server may send two
 * commands of its own, to read and write the client's memory.
 *
 * Owns no socket and keeps no state: pure functions of bytes, so that every byte a server can send
 * is checked here, before anything acts on it. A check returns NULL, or a text that says what is
 * wrong.
 *
 * Read beside it: docs/interop/vfio-user.rst of the QEMU project, "Protocol Specification".
 */
#ifndef MINIVMM_USER_MESSAGE_H
#define MINIVMM_USER_MESSAGE_H

#include <linux/vfio.h>
#include <stddef.h>
#include <stdint.h>

/* Proposed to the server, which may answer with a lower minor. */
#define USER_MAJOR 0u
#define USER_MINOR 1u

#define USER_FDS_MAX      16u        /* so many files are accepted with one message */
#define USER_TRANSFER_MAX (1u << 20) /* bytes of data in one message, unless agreed otherwise */
#define USER_PAYLOAD_MAX  (USER_TRANSFER_MAX + 16u)
#define USER_INFO_MAX     4096u /* a region's description and its capabilities */

enum user_command {
	USER_VERSION = 1,
	USER_DMA_MAP,
	USER_DMA_UNMAP,
	USER_GET_INFO,
	USER_GET_REGION_INFO,
	USER_GET_REGION_IO_FDS,
	USER_GET_IRQ_INFO,
	USER_SET_IRQS,
	USER_REGION_READ,
	USER_REGION_WRITE,
	USER_DMA_READ,  /* sent by the server */
	USER_DMA_WRITE, /* sent by the server */
	USER_RESET,
};

struct user_header {
	uint16_t id; /* number of a command, which its reply repeats */
	uint16_t command;
	uint32_t size; /* size of the message in bytes, header included */
	uint32_t flags;
	uint32_t error; /* errno, in a reply with USER_ERROR */
};
#define USER_TYPE_MASK    0x0fu
#define USER_TYPE_COMMAND 0x00u
#define USER_TYPE_REPLY   0x01u
#define USER_NO_REPLY     0x10u
#define USER_ERROR        0x20u

/* Followed by JSON text and its NUL. */
struct user_version {
	uint16_t major, minor;
};

struct user_dma_map {
	uint32_t argsz, flags;
	uint64_t offset, address, size; /* offset: in the file that comes with the message */
};
#define USER_DMA_READABLE (1u << 0)
#define USER_DMA_WRITABLE (1u << 1)

struct user_dma_unmap {
	uint32_t argsz, flags;
	uint64_t address, size;
};

struct user_device_info {
	uint32_t argsz, flags, regions, irqs;
};

/* In a write, and in the reply to a read, `count` bytes of data follow. */
struct user_region_access {
	uint64_t offset;
	uint32_t region, count;
};
struct user_dma_access {
	uint64_t address, count;
};

/* A message that was received as a whole. */
struct user_message {
	struct user_header header;
	void *payload;         /* as many bytes as the header says, from malloc() */
	int fds[USER_FDS_MAX]; /* -1 for a file that was taken out */
	unsigned int fd_count;
};

static inline size_t user_payload_size(const struct user_message *message)
{
	return message->header.size - sizeof(message->header);
}

/* Free the payload and close the message's files. Accepts a zeroed message. */
void user_message_destroy(struct user_message *message);

/* The first check of a message. After it the size can be trusted. */
const char *user_check_header(const struct user_header *header);

/*
 * Check that this is a reply to `request`, with a payload of `min` to `max` bytes. A reply that
 * reports an error may have any payload, which is ignored.
 */
const char *user_check_reply(const struct user_message *reply, const struct user_header *request,
			     size_t min, size_t max);

/* The result that a reply reports: 0 or -errno. */
int user_reply_error(const struct user_header *reply);

/*
 * Check that the sizes in a DMA_READ or DMA_WRITE from the server agree. This does not check
 * whether the memory exists.
 */
const char *user_check_dma(const struct user_message *message);

/* Check replies to questions. user_check_reply() has already checked their sizes. */
const char *user_check_info(const struct user_device_info *info);
const char *user_check_region(const struct vfio_region_info *info, size_t size, uint32_t index);
const char *user_check_irq(const struct vfio_irq_info *info, uint32_t index);
const char *user_check_access(const struct user_region_access *is,
			      const struct user_region_access *wanted);

#endif
