/* SPDX-License-Identifier: MIT */
#include "vhost_trace.h"

#include <inttypes.h>
#include <string.h>

#include "vmm/trace/log.h"
#include "vmm/trace/macros.h"

/* ---- what a message carries ---- */

static void vhost_put_number(struct trace_fields *fields, const union vhost_payload *payload)
{
	trace_put(fields, "bits", "%#" PRIx64, payload->number);
}

static void vhost_put_memory(struct trace_fields *fields, const union vhost_payload *payload)
{
	const struct vhost_memory *memory = &payload->memory;

	trace_put(fields, "regions", "%u", memory->count);
	if (memory->count == 0)
		return;
	trace_put(fields, "first", "%#" PRIx64, memory->regions[0].gpa);
	trace_put_size(fields, "size", memory->regions[0].size);
}

static void vhost_put_state(struct trace_fields *fields, const union vhost_payload *payload)
{
	trace_put(fields, "queue", "%u", payload->state.index);
	trace_put(fields, "value", "%u", payload->state.value);
}

static void vhost_put_address(struct trace_fields *fields, const union vhost_payload *payload)
{
	const struct vhost_address *address = &payload->address;

	trace_put(fields, "queue", "%u", address->index);
	trace_put(fields, "descriptors", "%#" PRIx64, address->descriptors);
	trace_put(fields, "available", "%#" PRIx64, address->available);
	trace_put(fields, "used", "%#" PRIx64, address->used);
}

static void vhost_put_file(struct trace_fields *fields, const union vhost_payload *payload)
{
	trace_put(fields, "queue", "%u", (unsigned int)(payload->number & 0xff));
	if (payload->number & VHOST_VRING_NOFD)
		trace_put(fields, "eventfd", "%s", "none");
}

static void vhost_put_config(struct trace_fields *fields, const union vhost_payload *payload)
{
	trace_put(fields, "offset", "%#x", payload->config.offset);
	trace_put_size(fields, "size", payload->config.size);
}

/* ---- messages ---- */

static const struct {
	const char *name;
	enum trace_topic topic;
	void (*put)(struct trace_fields *fields, const union vhost_payload *payload);
	void (*put_answer)(struct trace_fields *fields, const union vhost_payload *payload);
	const char *why;
} vhost_messages[] = {
	[VHOST_GET_FEATURES] = { "VHOST_USER_GET_FEATURES", TRACE_TOPIC_vfio, NULL,
				 vhost_put_number,
				 "which features of virtio does the server support?" },
	[VHOST_SET_FEATURES] = { "VHOST_USER_SET_FEATURES", TRACE_TOPIC_vfio, vhost_put_number,
				 NULL, "the features that the guest's driver accepts" },
	[VHOST_SET_OWNER] = { "VHOST_USER_SET_OWNER", TRACE_TOPIC_vfio, NULL, NULL,
			      "from now on the server is ours" },
	[VHOST_SET_MEM_TABLE] = { "VHOST_USER_SET_MEM_TABLE", TRACE_TOPIC_dma, vhost_put_memory,
				  NULL,
				  "the server maps guest RAM by the files that go along, and reads "
				  "and writes there by itself" },
	[VHOST_SET_VRING_NUM] = { "VHOST_USER_SET_VRING_NUM", TRACE_TOPIC_vfio, vhost_put_state,
				  NULL, "how many entries the queue has" },
	[VHOST_SET_VRING_ADDR] = { "VHOST_USER_SET_VRING_ADDR", TRACE_TOPIC_dma, vhost_put_address,
				   NULL, "where the queue lies, in addresses of minivmm" },
	[VHOST_SET_VRING_BASE] = { "VHOST_USER_SET_VRING_BASE", TRACE_TOPIC_vfio, vhost_put_state,
				   NULL, "with which entry the server begins" },
	[VHOST_GET_VRING_BASE] = { "VHOST_USER_GET_VRING_BASE", TRACE_TOPIC_vfio, vhost_put_state,
				   NULL,
				   "stops the queue: when it is answered, the server touches it no "
				   "more" },
	[VHOST_SET_VRING_KICK] = { "VHOST_USER_SET_VRING_KICK", TRACE_TOPIC_irq, vhost_put_file,
				   NULL,
				   "KVM writes this eventfd when the guest has work: no exit, and "
				   "minivmm is not on the path" },
	[VHOST_SET_VRING_CALL] = { "VHOST_USER_SET_VRING_CALL", TRACE_TOPIC_irq, vhost_put_file,
				   NULL,
				   "the server writes this eventfd when work is done, which is an "
				   "interrupt to the guest" },
	[VHOST_GET_PROTOCOL_FEATURES] = { "VHOST_USER_GET_PROTOCOL_FEATURES", TRACE_TOPIC_vfio,
					  NULL, vhost_put_number,
					  "which extensions of vhost-user does it support?" },
	[VHOST_SET_PROTOCOL_FEATURES] = { "VHOST_USER_SET_PROTOCOL_FEATURES", TRACE_TOPIC_vfio,
					  vhost_put_number, NULL,
					  "the extensions that both sides support" },
	[VHOST_GET_QUEUE_NUM] = { "VHOST_USER_GET_QUEUE_NUM", TRACE_TOPIC_vfio, NULL,
				  vhost_put_number, "how many queues does it have?" },
	[VHOST_SET_VRING_ENABLE] = { "VHOST_USER_SET_VRING_ENABLE", TRACE_TOPIC_vfio,
				     vhost_put_state, NULL, "the queue begins, or pauses" },
	[VHOST_GET_CONFIG] = { "VHOST_USER_GET_CONFIG", TRACE_TOPIC_vfio, vhost_put_config, NULL,
			       "the device's own registers, such as the size of a disk" },
	[VHOST_SET_CONFIG] = { "VHOST_USER_SET_CONFIG", TRACE_TOPIC_vfio, vhost_put_config, NULL,
			       "the guest's driver wrote such a register" },
};

void vhost_trace_begin(struct trace_span *span, const char *peer,
		       const struct vhost_message *message, unsigned int fd_count)
{
	const uint32_t request = message->header.request;

	trace_begin(span, vhost_messages[request].topic, vhost_messages[request].name, peer);
	if (!span->on)
		return;
	span->fields.why = vhost_messages[request].why;
	if (vhost_messages[request].put)
		vhost_messages[request].put(&span->fields, &message->payload);
	if (fd_count)
		trace_put(&span->fields, "files", "%u", fd_count);
}

/* The caller has already checked that this message is the answer. */
void vhost_trace_end(struct trace_span *span, const struct vhost_message *answer, int result)
{
	const uint32_t request = answer->header.request;

	if (span->on && result == -LOG_TOLD)
		trace_put(&span->fields, "error", "the server is lost");
	else if (span->on && result < 0)
		trace_put(&span->fields, "error", "%s", strerror(-result));
	else if (span->on && request < array_size(vhost_messages) &&
		 vhost_messages[request].put_answer &&
		 answer->header.size == sizeof(answer->payload.number))
		vhost_messages[request].put_answer(&span->fields, &answer->payload);
	trace_end(span);
}
