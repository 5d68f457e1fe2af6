/* SPDX-License-Identifier: MIT */
#include "user_trace.h"

#include <inttypes.h>
#include <string.h>

#include "backend_trace.h"
#include "vmm/trace/log.h"

static void trace_put_version(struct trace_fields *fields, const void *payload)
{
	const struct user_version *version = payload;

	trace_put(fields, "version", "%u.%u", version->major, version->minor);
}

static void trace_put_map(struct trace_fields *fields, const void *payload)
{
	const struct user_dma_map *map = payload;

	trace_put(fields, "iova", "%#" PRIx64, map->address);
	trace_put_size(fields, "size", map->size);
	trace_put(fields, "file offset", "%#" PRIx64, map->offset);
}

static void trace_put_unmap(struct trace_fields *fields, const void *payload)
{
	const struct user_dma_unmap *unmap = payload;

	trace_put(fields, "iova", "%#" PRIx64, unmap->address);
	trace_put_size(fields, "size", unmap->size);
}

static void trace_put_region(struct trace_fields *fields, const void *payload)
{
	const struct vfio_region_info *info = payload;

	trace_put_name(fields, "region", info->index, backend_region_names);
}

static void trace_put_irq(struct trace_fields *fields, const void *payload)
{
	const struct vfio_irq_info *info = payload;

	trace_put_name(fields, "interrupt", info->index, backend_irq_names);
}

static void trace_put_irqs(struct trace_fields *fields, const void *payload)
{
	static const struct trace_name flags[] = {
		{ VFIO_IRQ_SET_DATA_NONE, "DATA_NONE" },
		{ VFIO_IRQ_SET_DATA_EVENTFD, "DATA_EVENTFD" },
		{ VFIO_IRQ_SET_ACTION_MASK, "ACTION_MASK" },
		{ VFIO_IRQ_SET_ACTION_UNMASK, "ACTION_UNMASK" },
		{ VFIO_IRQ_SET_ACTION_TRIGGER, "ACTION_TRIGGER" },
		{ 0, NULL },
	};
	const struct vfio_irq_set *set = payload;

	trace_put_name(fields, "interrupt", set->index, backend_irq_names);
	trace_put_flags(fields, "flags", set->flags, flags);
	trace_put(fields, "vectors", "%u from %u", set->count, set->start);
}

static void trace_put_access(struct trace_fields *fields, const void *payload)
{
	const struct user_region_access *access = payload;

	trace_put_name(fields, "region", access->region, backend_region_names);
	trace_put(fields, "offset", "%#" PRIx64, access->offset);
	trace_put_size(fields, "size", access->count);
}

static void trace_put_dma(struct trace_fields *fields, const void *payload)
{
	const struct user_dma_access *access = payload;

	trace_put(fields, "iova", "%#" PRIx64, access->address);
	trace_put_size(fields, "size", access->count);
}

static const struct {
	const char *name;
	enum trace_topic topic;
	void (*put)(struct trace_fields *fields, const void *payload);
	const char *why;
} trace_commands[] = {
	[USER_VERSION] = { "VFIO_USER_VERSION", TRACE_TOPIC_vfio, trace_put_version,
			   "the first message: which protocol, and how much at once?" },
	[USER_DMA_MAP] = { "VFIO_USER_DMA_MAP", TRACE_TOPIC_dma, trace_put_map,
			   "there is no IOMMU: the server maps guest RAM by the file that goes "
			   "along" },
	[USER_DMA_UNMAP] = { "VFIO_USER_DMA_UNMAP", TRACE_TOPIC_dma, trace_put_unmap,
			     "when the reply is there, the server has let go of it" },
	[USER_GET_INFO] = { "VFIO_USER_DEVICE_GET_INFO", TRACE_TOPIC_vfio, NULL,
			    "is it a PCI device, and can it be reset?" },
	[USER_GET_REGION_INFO] = { "VFIO_USER_DEVICE_GET_REGION_INFO", TRACE_TOPIC_vfio,
				   trace_put_region,
				   "how large, and what of it may be mapped; then its file comes "
				   "along" },
	[USER_GET_IRQ_INFO] = { "VFIO_USER_DEVICE_GET_IRQ_INFO", TRACE_TOPIC_irq, trace_put_irq,
				"how many vectors has it?" },
	[USER_SET_IRQS] = { "VFIO_USER_DEVICE_SET_IRQS", TRACE_TOPIC_irq, trace_put_irqs,
			    "the server writes these eventfds; KVM listens to them without "
			    "minivmm" },
	[USER_REGION_READ] = { "VFIO_USER_REGION_READ", TRACE_TOPIC_vfio, trace_put_access,
			       "what is not mapped, the server answers access by access" },
	[USER_REGION_WRITE] = { "VFIO_USER_REGION_WRITE", TRACE_TOPIC_vfio, trace_put_access,
				"what is not mapped, the server takes access by access" },
	[USER_DMA_READ] = { "VFIO_USER_DMA_READ", TRACE_TOPIC_dma, trace_put_dma,
			    "the server asks for guest memory instead of mapping it" },
	[USER_DMA_WRITE] = { "VFIO_USER_DMA_WRITE", TRACE_TOPIC_dma, trace_put_dma,
			     "the server sends what is to be put into guest memory" },
	[USER_RESET] = { "VFIO_USER_DEVICE_RESET", TRACE_TOPIC_vfio, NULL,
			 "the device becomes as after power-on, whatever the last client left" },
};

void user_trace_begin(struct trace_span *span, const char *peer, enum user_command command,
		      const void *payload, unsigned int fd_count)
{
	trace_begin(span, trace_commands[command].topic, trace_commands[command].name, peer);
	if (!span->on)
		return;
	span->fields.why = trace_commands[command].why;
	if (trace_commands[command].put)
		trace_commands[command].put(&span->fields, payload);
	if (fd_count)
		trace_put(&span->fields, "files", "%u", fd_count);
}

void user_trace_end(struct trace_span *span, int result)
{
	if (span->on && result == -LOG_TOLD)
		trace_put(&span->fields, "error", "the server is lost");
	else if (span->on && result < 0)
		trace_put(&span->fields, "error", "%s", strerror(-result));
	trace_end(span);
}
