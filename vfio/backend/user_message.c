/* SPDX-License-Identifier: MIT */
#include "user_message.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "vmm/trace/macros.h"

/* Linux has no error numbers above this. */
#define USER_ERRNO_MAX 4095u

/* PCI's regions, the old migration region, and room for more. */
#define USER_REGIONS_MAX 64u
#define USER_IRQS_MAX    64u

/* What a PCI function can have, by VFIO_PCI_*_IRQ_INDEX: INTx, MSI, MSI-X, error, request. */
static const uint32_t user_irq_counts[] = { 1, 32, 2048, 1, 1 };

void user_message_destroy(struct user_message *message)
{
	free(message->payload);
	message->payload = NULL;
	while (message->fd_count--)
		if (message->fds[message->fd_count] >= 0)
			close(message->fds[message->fd_count]);
	message->fd_count = 0;
}

const char *user_check_header(const struct user_header *header)
{
	if (header->size < sizeof(*header))
		return "sent a message shorter than its header";
	if (header->size - sizeof(*header) > USER_PAYLOAD_MAX)
		return "sent a message longer than agreed";
	if ((header->flags & USER_TYPE_MASK) > USER_TYPE_REPLY)
		return "sent a message that is neither command nor reply";
	return NULL;
}

const char *user_check_reply(const struct user_message *reply, const struct user_header *request,
			     size_t min, size_t max)
{
	size_t size = user_payload_size(reply);

	if (reply->header.id != request->id || reply->header.command != request->command)
		return "sent a reply to something else than what was asked";
	if (reply->header.flags & USER_ERROR)
		return NULL;
	if (size < min || size > max)
		return "sent a reply of the wrong size";
	return NULL;
}

int user_reply_error(const struct user_header *reply)
{
	if (!(reply->flags & USER_ERROR))
		return 0;
	return reply->error && reply->error <= USER_ERRNO_MAX ? -(int)reply->error : -EIO;
}

const char *user_check_dma(const struct user_message *message)
{
	const struct user_dma_access *access = message->payload;
	size_t size = user_payload_size(message);

	if (message->header.command != USER_DMA_READ && message->header.command != USER_DMA_WRITE)
		return "sent a command that is not a server's to send";
	if (message->fd_count)
		return "sent files with a command that takes none";
	if (size < sizeof(*access) || access->count > USER_TRANSFER_MAX)
		return "sent a DMA access of the wrong size";
	if (size - sizeof(*access) !=
	    (message->header.command == USER_DMA_WRITE ? access->count : 0))
		return "sent a DMA access whose sizes contradict each other";
	return NULL;
}

const char *user_check_info(const struct user_device_info *info)
{
	if (info->regions <= VFIO_PCI_CONFIG_REGION_INDEX || info->regions > USER_REGIONS_MAX)
		return "sent a device with an impossible number of regions";
	if (info->irqs > USER_IRQS_MAX)
		return "sent a device with an impossible number of interrupt kinds";
	return NULL;
}

const char *user_check_region(const struct vfio_region_info *info, size_t size, uint32_t index)
{
	uint64_t end;

	if (info->index != index)
		return "sent the description of another region";
	/* A larger argsz says that the reply did not fit. */
	if (info->argsz < size)
		return "sent a region's description of the wrong size";
	if (__builtin_add_overflow(info->offset, info->size, &end) || end > INT64_MAX)
		return "sent a region that does not fit into any file";
	return NULL;
}

const char *user_check_irq(const struct vfio_irq_info *info, uint32_t index)
{
	if (info->index != index)
		return "sent the description of another interrupt";
	if (index < array_size(user_irq_counts) && info->count > user_irq_counts[index])
		return "sent more interrupts than a PCI device can have";
	return NULL;
}

const char *user_check_access(const struct user_region_access *is,
			      const struct user_region_access *wanted)
{
	if (is->offset != wanted->offset || is->region != wanted->region ||
	    is->count != wanted->count)
		return "sent a reply about another access than the one that was asked for";
	return NULL;
}
