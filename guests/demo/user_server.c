/* SPDX-License-Identifier: MIT */
#include "user_server.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "vfio/backend/user_message.h"
#include "vfio/backend/user_socket.h"

/* The command that is being carried out, and its reply as it grows. */
struct server_job {
	struct user_message command;
	uint8_t head[128];
	size_t head_size;
	void *data; /* bytes behind the header; from malloc() */
	size_t data_size;
	int fd; /* a file to send along, or -1; stays the device's */
};

/* Small texts and structs, one behind the other. */
static void server_say(struct server_job *job, const void *data, size_t size)
{
	memcpy(job->head + job->head_size, data, size);
	job->head_size += size;
}

/* ---- DMA ---- */

static char *server_find(struct user_server *server, uint64_t iova, size_t size)
{
	uint64_t end;

	for (unsigned int i = 0; i < server->map_count; i++) {
		const struct user_server_map *map = &server->maps[i];

		if (map->hva && iova >= map->iova && !__builtin_add_overflow(iova, size, &end) &&
		    end <= map->iova + map->size)
			return map->hva + (iova - map->iova);
	}
	return NULL;
}

/*
 * Send a command of our own in the middle of one of the client's. The client waits for the reply
 * to its command and asks nothing else meanwhile, so the next message is the answer.
 */
static bool server_ask(struct user_server *server, enum user_command command, uint64_t iova,
		       const void *out, void *in, size_t size)
{
	struct user_header header = { .id = server->next_id++, .command = (uint16_t)command };
	struct user_dma_access access = { iova, size };
	struct iovec parts[3] = { { &header, sizeof(header) },
				  { &access, sizeof(access) },
				  { (void *)out, out ? size : 0 } };
	struct user_message reply = { .payload = NULL };
	size_t expected = sizeof(access) + (in ? size : 0);
	bool done;

	done = !user_socket_send(server->socket, parts, 3, NULL, 0, NULL) &&
	       !user_socket_receive(server->socket, &reply, NULL) &&
	       !user_check_reply(&reply, &header, expected, expected) &&
	       !user_reply_error(&reply.header);
	if (done && in)
		memcpy(in, (char *)reply.payload + sizeof(access), size);
	user_message_destroy(&reply);
	return done;
}

bool user_server_dma_read(struct user_server *server, uint64_t iova, void *data, size_t size,
			  bool messages)
{
	char *hva = messages ? NULL : server_find(server, iova, size);

	if (!hva)
		return server_ask(server, USER_DMA_READ, iova, NULL, data, size);
	memcpy(data, hva, size);
	return true;
}

bool user_server_dma_write(struct user_server *server, uint64_t iova, const void *data, size_t size,
			   bool messages)
{
	char *hva = messages ? NULL : server_find(server, iova, size);

	if (!hva)
		return server_ask(server, USER_DMA_WRITE, iova, data, NULL, size);
	memcpy(hva, data, size);
	return true;
}

static int server_map(struct user_server *server, struct server_job *job)
{
	const struct user_dma_map *map = job->command.payload;
	struct user_server_map *added = &server->maps[server->map_count];
	void *hva = NULL;

	if (server->map_count == USER_SERVER_MAPS_MAX)
		return -ENOSPC;
	if (job->command.fd_count)
		hva = mmap(NULL, map->size, PROT_READ | PROT_WRITE, MAP_SHARED, job->command.fds[0],
			   (off_t)map->offset);
	if (hva == MAP_FAILED)
		return -errno;
	*added = (struct user_server_map){ map->address, map->size, hva };
	server->map_count++;
	return 0;
}

static void server_drop_map(struct user_server *server, unsigned int i)
{
	if (server->maps[i].hva)
		munmap(server->maps[i].hva, server->maps[i].size);
	server->maps[i] = server->maps[--server->map_count];
}

static int server_unmap(struct user_server *server, struct server_job *job)
{
	const struct user_dma_unmap *unmap = job->command.payload;

	server_say(job, unmap, sizeof(*unmap));
	for (unsigned int i = 0; i < server->map_count; i++)
		if (server->maps[i].iova == unmap->address && server->maps[i].size == unmap->size) {
			server_drop_map(server, i);
			return 0;
		}
	return -ENOENT;
}

/* ---- questions ---- */

static int server_version(struct user_server *server, struct server_job *job)
{
	static const char json[] = "{\"capabilities\":{\"max_msg_fds\":4}}";
	struct user_version version = *(const struct user_version *)job->command.payload;

	(void)server;
	if (version.major != USER_MAJOR)
		return -ENOTSUP;
	if (version.minor > USER_MINOR)
		version.minor = USER_MINOR;
	server_say(job, &version, sizeof(version));
	server_say(job, json, sizeof(json));
	return 0;
}

static int server_info(struct user_server *server, struct server_job *job)
{
	const struct user_device_info info = {
		.argsz = sizeof(info),
		.flags = VFIO_DEVICE_FLAGS_PCI | VFIO_DEVICE_FLAGS_RESET,
		.regions = VFIO_PCI_NUM_REGIONS,
		.irqs = server->ops->irqs,
	};

	server_say(job, &info, sizeof(info));
	return 0;
}

/* A capability tells the piece that can be mapped, and its file goes along. */
static void server_offer_memory(struct server_job *job, struct vfio_region_info *info,
				const struct user_server_region *region)
{
	const struct vfio_region_info_cap_sparse_mmap sparse = {
		.header = { .id = VFIO_REGION_INFO_CAP_SPARSE_MMAP, .version = 1 },
		.nr_areas = 1,
	};
	const struct vfio_region_sparse_mmap_area area = { 0, region->mappable };

	info->flags |= VFIO_REGION_INFO_FLAG_MMAP | VFIO_REGION_INFO_FLAG_CAPS;
	info->argsz = sizeof(*info) + sizeof(sparse) + sizeof(area);
	info->cap_offset = sizeof(*info);
	server_say(job, info, sizeof(*info));
	server_say(job, &sparse, sizeof(sparse));
	server_say(job, &area, sizeof(area));
	job->fd = region->fd;
}

static int server_region(struct user_server *server, struct server_job *job)
{
	const struct vfio_region_info *asked = job->command.payload;
	struct user_server_region region = { .fd = -1 };
	struct vfio_region_info info = {
		.argsz = sizeof(info),
		.index = asked->index,
		.flags = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE,
	};

	if (asked->index >= VFIO_PCI_NUM_REGIONS)
		return -EINVAL;
	server->ops->region(server->owner, asked->index, &region);
	info.size = region.size;
	if (region.mappable && asked->argsz >= sizeof(job->head))
		server_offer_memory(job, &info, &region);
	else
		server_say(job, &info, sizeof(info));
	return 0;
}

static int server_irq(struct user_server *server, struct server_job *job)
{
	const struct vfio_irq_info *asked = job->command.payload;
	bool pin = asked->index == VFIO_PCI_INTX_IRQ_INDEX;
	const struct vfio_irq_info info = {
		.argsz = sizeof(info),
		.flags = VFIO_IRQ_INFO_EVENTFD |
			 (pin ? VFIO_IRQ_INFO_MASKABLE | VFIO_IRQ_INFO_AUTOMASKED : 0),
		.index = asked->index,
		.count = server->ops->irq_count(server->owner, asked->index),
	};

	server_say(job, &info, sizeof(info));
	return asked->index < server->ops->irqs ? 0 : -EINVAL;
}

/* ---- orders ---- */

int user_server_take_fd(struct user_message *message, unsigned int n)
{
	int fd = n < message->fd_count ? message->fds[n] : -1;

	if (fd >= 0)
		message->fds[n] = -1;
	return fd;
}

static int server_set_irqs(struct user_server *server, struct server_job *job)
{
	const struct vfio_irq_set *set = job->command.payload;
	uint32_t available = server->ops->irq_count(server->owner, set->index);

	if (set->start > available || set->count > available - set->start)
		return -EINVAL;
	if (job->command.fd_count && job->command.fd_count != set->count)
		return -EINVAL;
	return server->ops->set_irqs(server->owner, set, &job->command);
}

static bool server_access_valid(const struct user_server *server,
				const struct user_region_access *access)
{
	struct user_server_region region = { .size = 0 };
	uint64_t end;

	if (access->region < VFIO_PCI_NUM_REGIONS)
		server->ops->region(server->owner, access->region, &region);
	return !__builtin_add_overflow(access->offset, access->count, &end) && end <= region.size;
}

static int server_read(struct user_server *server, struct server_job *job)
{
	const struct user_region_access *access = job->command.payload;

	server_say(job, access, sizeof(*access));
	if (!server_access_valid(server, access))
		return -EINVAL;
	job->data = malloc(access->count + 1);
	if (!job->data)
		return -ENOMEM;
	job->data_size = access->count;
	server->ops->read(server->owner, access->region, access->offset, job->data, access->count);
	return 0;
}

static int server_write(struct user_server *server, struct server_job *job)
{
	const struct user_region_access *access = job->command.payload;

	server_say(job, access, sizeof(*access));
	if (!server_access_valid(server, access) ||
	    user_payload_size(&job->command) - sizeof(*access) != access->count)
		return -EINVAL;
	server->ops->write(server->owner, access->region, access->offset, access + 1,
			   access->count);
	return 0;
}

static int server_reset(struct user_server *server, struct server_job *job)
{
	(void)job;
	server->ops->reset(server->owner);
	return 0;
}

/* ---- the conversation ---- */

static const struct {
	size_t payload; /* at least */
	int (*carry_out)(struct user_server *server, struct server_job *job);
} server_commands[] = {
	[USER_VERSION] = { sizeof(struct user_version), server_version },
	[USER_DMA_MAP] = { sizeof(struct user_dma_map), server_map },
	[USER_DMA_UNMAP] = { sizeof(struct user_dma_unmap), server_unmap },
	[USER_GET_INFO] = { sizeof(struct user_device_info), server_info },
	[USER_GET_REGION_INFO] = { sizeof(struct vfio_region_info), server_region },
	[USER_GET_IRQ_INFO] = { sizeof(struct vfio_irq_info), server_irq },
	[USER_SET_IRQS] = { sizeof(struct vfio_irq_set), server_set_irqs },
	[USER_REGION_READ] = { sizeof(struct user_region_access), server_read },
	[USER_REGION_WRITE] = { sizeof(struct user_region_access), server_write },
	[USER_RESET] = { 0, server_reset },
};

static int server_carry_out(struct user_server *server, struct server_job *job)
{
	uint32_t command = job->command.header.command;

	if (command >= sizeof(server_commands) / sizeof(server_commands[0]) ||
	    !server_commands[command].carry_out)
		return -ENOSYS;
	if (user_payload_size(&job->command) < server_commands[command].payload)
		return -EINVAL;
	return server_commands[command].carry_out(server, job);
}

/* Returns 0 or -EPROTO. */
static int server_reply(struct user_server *server, struct server_job *job, int err)
{
	struct user_header header = {
		.id = job->command.header.id,
		.command = job->command.header.command,
		.flags = USER_TYPE_REPLY | (err < 0 ? USER_ERROR : 0),
		.error = (uint32_t)-err,
	};
	struct iovec parts[3] = { { &header, sizeof(header) },
				  { job->head, job->head_size },
				  { job->data, job->data_size } };

	return user_socket_send(server->socket, parts, err < 0 ? 1 : 3, &job->fd,
				err == 0 && job->fd >= 0, NULL)
		       ? -EPROTO
		       : 0;
}

/*
 * Carry out one command and send its reply, if the client wants one. An error is a reply without
 * a payload. Returns 0 or -EPROTO.
 */
static int server_exchange(struct user_server *server)
{
	struct server_job job = { .fd = -1 };
	int ret = user_socket_receive(server->socket, &job.command, NULL) ? -EPROTO : 0;

	if (ret == 0) {
		int err = server_carry_out(server, &job);

		if (!(job.command.header.flags & USER_NO_REPLY))
			ret = server_reply(server, &job, err);
	}
	free(job.data);
	user_message_destroy(&job.command);
	return ret;
}

/* Serve until the client leaves: its commands, and the device's own event. */
static int server_loop(struct user_server *server)
{
	const struct user_server_ops *ops = server->ops;
	struct pollfd files[2] = { { .fd = server->socket, .events = POLLIN } };
	char byte;

	for (;;) {
		int ret = 0;

		files[1] = (struct pollfd){ .fd = ops->event_fd ? ops->event_fd(server->owner) : -1,
					    .events = POLLIN };
		if (poll(files, 2, -1) < 0)
			continue;
		if (files[1].revents)
			ops->event(server->owner);
		if (files[0].revents && recv(server->socket, &byte, 1, MSG_PEEK) <= 0)
			return 0;
		if (files[0].revents)
			ret = server_exchange(server);
		if (ret < 0)
			return ret;
	}
}

int user_server_listen(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, path);
	unlink(path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(fd, 1) < 0)
		return -errno;
	return fd;
}

int user_server_run(struct user_server *server)
{
	int ret = server_loop(server);

	while (server->map_count)
		server_drop_map(server, 0);
	close(server->socket);
	server->socket = -1;
	return ret;
}
