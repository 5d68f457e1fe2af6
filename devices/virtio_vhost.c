/* SPDX-License-Identifier: MIT */
#include "virtio_vhost.h"

#include <errno.h>
#include <linux/virtio_blk.h>
#include <linux/virtio_config.h>
#include <linux/virtio_fs.h>
#include <linux/virtio_ids.h>
#include <linux/virtio_net.h>
#include <linux/virtio_ring.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vhost_user.h"
#include "virtio_pci.h"
#include "vmm/trace/log.h"
#include "vmm/trace/macros.h"

#define BIT(n) (1ull << (n))

#define VIRTIO_VHOST_STALL_MS 200 /* a good server answers sooner */

/* Of all kinds. Packed rings are left out: one shape of queue is enough. */
#define VIRTIO_VHOST_RING_FEATURES                                                                 \
	(BIT(VIRTIO_F_VERSION_1) | BIT(VIRTIO_RING_F_INDIRECT_DESC) |                              \
	 BIT(VIRTIO_RING_F_EVENT_IDX) | BIT(VIRTIO_F_ORDER_PLATFORM))

/* The 60 bytes that every server for disks knows; later versions of virtio append. */
#define VIRTIO_BLK_CONFIG_SIZE 60u

union virtio_vhost_config {
	struct virtio_blk_config blk;
	struct virtio_fs_config fs;
	uint8_t mac[ETH_ALEN];
	uint8_t bytes[64];
};

struct virtio_vhost {
	struct virtio_backend backend; /* must be first: virtio_pci.c knows the device by it */
	struct vhost_user server;
	struct vm *vm;
	bool *lost;                /* or NULL */
	struct loop_source source; /* the server's socket, for when it dies */
	bool watched;
	struct memory_listener memory;
	bool listening;
	struct vhost_region regions[VHOST_REGIONS_MAX];
	int fds[VHOST_REGIONS_MAX];
	unsigned int region_count;
	uint64_t own_features; /* features that minivmm offers itself, without the server */
	uint32_t started;      /* queues, one bit each */
	union virtio_vhost_config config;
};

struct virtio_vhost_type {
	uint16_t id;
	uint32_t pci_class;
	uint64_t features; /* features of this kind that are passed on if the server has them */
	int (*init)(struct virtio_vhost *vhost, const struct virtio_vhost_options *options);
};

const char *const virtio_vhost_names[VIRTIO_VHOST_KINDS] = { "blk", "fs", "net" };

static struct virtio_vhost *virtio_vhost_of(struct virtio_backend *backend)
{
	return (struct virtio_vhost *)backend;
}

/* ---- guest RAM ---- */

/*
 * A server reaches only RAM, because pieces of passed-through devices have no file that it could
 * map.
 */
static int virtio_vhost_memory_add(struct memory_listener *listener,
				   const struct memory_region *region)
{
	struct virtio_vhost *vhost =
		(struct virtio_vhost *)((char *)listener - offsetof(struct virtio_vhost, memory));

	if (region->kind != MEMORY_RAM)
		return 0;
	if (region->fd < 0 || vhost->region_count == VHOST_REGIONS_MAX)
		return log_errno(vhost->backend.name, -ENOSPC, "share the guest's memory");
	vhost->fds[vhost->region_count] = region->fd;
	vhost->regions[vhost->region_count++] = (struct vhost_region){
		.gpa = region->gpa,
		.size = region->size,
		.hva = (uintptr_t)region->hva,
		.fd_offset = region->fd_offset,
	};
	return 0;
}

/* RAM is freed after the device, when the machine ends. */
static void virtio_vhost_memory_del(struct memory_listener *listener,
				    const struct memory_region *region)
{
	(void)listener;
	(void)region;
}

/* ---- the backend's operations ---- */

static void virtio_vhost_config_read(struct virtio_backend *backend, unsigned int offset,
				     void *data, unsigned int size)
{
	memcpy(data, &virtio_vhost_of(backend)->config.bytes[offset], size);
}

/* Of the three kinds a disk alone has a register that a driver may write: its cache mode. */
static void virtio_vhost_config_write(struct virtio_backend *backend, unsigned int offset,
				      const void *data, unsigned int size)
{
	struct virtio_vhost *vhost = virtio_vhost_of(backend);

	if (backend->type != VIRTIO_ID_BLOCK || size != 1 ||
	    offset != offsetof(struct virtio_blk_config, wce))
		return;
	if (vhost_user_set_config(&vhost->server, offset, data, size) == 0)
		vhost->config.bytes[offset] = *(const uint8_t *)data;
}

static void virtio_vhost_stop(struct virtio_backend *backend)
{
	struct virtio_vhost *vhost = virtio_vhost_of(backend);

	vhost_user_begin_group(&vhost->server);
	for (unsigned int queue = 0; queue < backend->queues; queue++)
		if (vhost->started & 1u << queue)
			vhost_user_stop_ring(&vhost->server, queue);
	vhost_user_end_group(&vhost->server);
	vhost->started = 0;
}

static int virtio_vhost_start(struct virtio_backend *backend, uint64_t features,
			      const struct virtio_ring *rings, unsigned int count)
{
	struct virtio_vhost *vhost = virtio_vhost_of(backend);
	int ret;

	vhost_user_begin_group(&vhost->server);
	ret = vhost_user_set_features(&vhost->server, features & ~vhost->own_features);
	if (ret == 0)
		ret = vhost_user_set_memory(&vhost->server, vhost->regions, vhost->fds,
					    vhost->region_count);
	for (unsigned int i = 0; i < count && ret == 0; i++) {
		ret = vhost_user_start_ring(&vhost->server, &rings[i]);
		vhost->started |= 1u << rings[i].index;
	}
	vhost_user_end_group(&vhost->server);
	return ret;
}

static int virtio_vhost_set_call(struct virtio_backend *backend, unsigned int queue, int call)
{
	return vhost_user_set_call(&virtio_vhost_of(backend)->server, queue, call);
}

static void virtio_vhost_destroy(struct virtio_backend *backend)
{
	struct virtio_vhost *vhost = virtio_vhost_of(backend);

	if (vhost->watched)
		loop_del(&vhost->vm->loop, &vhost->source);
	if (vhost->listening)
		memory_del_listener(&vhost->vm->memory, &vhost->memory);
	vhost_user_close(&vhost->server);
	free(vhost);
}

static const struct virtio_backend_ops virtio_vhost_ops = {
	.config_read = virtio_vhost_config_read,
	.config_write = virtio_vhost_config_write,
	.start = virtio_vhost_start,
	.stop = virtio_vhost_stop,
	.set_call = virtio_vhost_set_call,
	.destroy = virtio_vhost_destroy,
};

/* ---- the kinds ---- */

/* The server knows the disk. If it has more queues than there is room for, only one is used. */
static int virtio_vhost_init_blk(struct virtio_vhost *vhost,
				 const struct virtio_vhost_options *options)
{
	struct virtio_blk_config *config = &vhost->config.blk;
	int ret = vhost_user_get_config(&vhost->server, 0, config, VIRTIO_BLK_CONFIG_SIZE);

	if (ret == -ENOTSUP)
		return log_errno(options->name, ret,
				 "read the disk's size from its vhost-user server");
	if (ret < 0)
		return ret;
	vhost->backend.config_size = VIRTIO_BLK_CONFIG_SIZE;
	vhost->backend.queues = 1;
	if (!(vhost->backend.features & BIT(VIRTIO_BLK_F_MQ)))
		return 0;
	if (config->num_queues > 0 && config->num_queues <= VIRTIO_QUEUES_MAX)
		vhost->backend.queues = config->num_queues;
	else
		vhost->backend.features &= ~BIT(VIRTIO_BLK_F_MQ);
	return 0;
}

/* The first queue is for requests that overtake others, the second for the others. */
static int virtio_vhost_init_fs(struct virtio_vhost *vhost,
				const struct virtio_vhost_options *options)
{
	struct virtio_fs_config *config = &vhost->config.fs;
	size_t length = strlen(options->tag);

	if (length == 0 || length > VIRTIO_VHOST_TAG_MAX) {
		log_error(options->name, "tag %s: expected 1 to %d characters", options->tag,
			  VIRTIO_VHOST_TAG_MAX);
		return -EINVAL;
	}
	memcpy(config->tag, options->tag, length);
	config->num_request_queues = 1;
	vhost->backend.config_size = sizeof(*config);
	vhost->backend.queues = 2;
	return 0;
}

/*
 * Servers for networks keep no configuration space. The address is one of those that nobody was
 * assigned; it follows from the name, so that a guest meets the same card again.
 */
static int virtio_vhost_init_net(struct virtio_vhost *vhost,
				 const struct virtio_vhost_options *options)
{
	uint8_t *mac = vhost->config.mac;
	uint32_t hash = 5381;

	for (const char *at = options->name; *at; at++)
		hash = hash * 33 + (uint8_t)*at;
	memcpy(mac,
	       (uint8_t[]){ 0x52, 0x54, (uint8_t)(hash >> 24), (uint8_t)(hash >> 16),
			    (uint8_t)(hash >> 8), (uint8_t)hash },
	       ETH_ALEN);
	vhost->own_features = BIT(VIRTIO_NET_F_MAC);
	vhost->backend.features |= vhost->own_features;
	vhost->backend.config_size = ETH_ALEN;
	vhost->backend.queues = 2;
	return 0;
}

static const struct virtio_vhost_type virtio_vhost_types[VIRTIO_VHOST_KINDS] = {
	[VIRTIO_VHOST_BLK] = {
		.id = VIRTIO_ID_BLOCK,
		.pci_class = 0x010000,
		.features = BIT(VIRTIO_BLK_F_SIZE_MAX) | BIT(VIRTIO_BLK_F_SEG_MAX) |
			    BIT(VIRTIO_BLK_F_GEOMETRY) | BIT(VIRTIO_BLK_F_RO) |
			    BIT(VIRTIO_BLK_F_BLK_SIZE) | BIT(VIRTIO_BLK_F_FLUSH) |
			    BIT(VIRTIO_BLK_F_TOPOLOGY) | BIT(VIRTIO_BLK_F_CONFIG_WCE) |
			    BIT(VIRTIO_BLK_F_MQ) | BIT(VIRTIO_BLK_F_DISCARD) |
			    BIT(VIRTIO_BLK_F_WRITE_ZEROES),
		.init = virtio_vhost_init_blk,
	},
	[VIRTIO_VHOST_FS] = {
		.id = VIRTIO_ID_FS,
		.pci_class = 0x018000,
		.init = virtio_vhost_init_fs,
	},
	[VIRTIO_VHOST_NET] = {
		.id = VIRTIO_ID_NET,
		.pci_class = 0x020000,
		.features = BIT(VIRTIO_NET_F_CSUM) | BIT(VIRTIO_NET_F_GUEST_CSUM) |
			    BIT(VIRTIO_NET_F_GUEST_TSO4) | BIT(VIRTIO_NET_F_GUEST_TSO6) |
			    BIT(VIRTIO_NET_F_GUEST_ECN) | BIT(VIRTIO_NET_F_GUEST_UFO) |
			    BIT(VIRTIO_NET_F_HOST_TSO4) | BIT(VIRTIO_NET_F_HOST_TSO6) |
			    BIT(VIRTIO_NET_F_HOST_ECN) | BIT(VIRTIO_NET_F_HOST_UFO) |
			    BIT(VIRTIO_NET_F_MRG_RXBUF),
		.init = virtio_vhost_init_net,
	},
};

/* ---- life ---- */

static void virtio_vhost_lost(void *owner)
{
	struct virtio_vhost *vhost = owner;

	if (vhost->lost)
		*vhost->lost = true;
	vm_post(vhost->vm, VM_EVENT_DEVICE_LOST);
}

void virtio_vhost_hurry(struct virtio_vhost *vhost, const struct timespec *last)
{
	vhost_user_hurry(&vhost->server, last);
}

bool virtio_vhost_is_stalled(struct virtio_vhost *vhost)
{
	return vhost_user_is_stalled(&vhost->server, VIRTIO_VHOST_STALL_MS);
}

static void virtio_vhost_readable(void *owner, uint32_t events)
{
	struct virtio_vhost *vhost = owner;

	(void)events;
	vhost_user_check(&vhost->server);
}

static int virtio_vhost_agree(struct virtio_vhost *vhost,
			      const struct virtio_vhost_options *options, int fd)
{
	const struct virtio_vhost_type *type = &virtio_vhost_types[options->kind];
	struct virtio_backend *backend = &vhost->backend;
	int ret;

	ret = vhost_user_open(&vhost->server, options->name, fd, VHOST_USER_TIMEOUT_MS);

	if (ret < 0)
		return ret;
	backend->features = vhost->server.features & (VIRTIO_VHOST_RING_FEATURES | type->features);
	if (!(backend->features & BIT(VIRTIO_F_VERSION_1))) {
		log_error(options->name, "its vhost-user server does not support virtio 1.0");
		return -ENOTSUP;
	}
	backend->type = type->id;
	backend->pci_class = type->pci_class;
	ret = type->init(vhost, options);
	if (ret == 0 && vhost->server.queues && vhost->server.queues < backend->queues) {
		log_error(options->name, "its vhost-user server has %u queues, but %u are needed",
			  vhost->server.queues, backend->queues);
		ret = -ENOTSUP;
	}
	return ret;
}

static int virtio_vhost_watch(struct virtio_vhost *vhost)
{
	int ret = memory_add_listener(&vhost->vm->memory, &vhost->memory);

	vhost->listening = ret == 0;
	if (ret < 0)
		return ret;
	vhost->source = (struct loop_source){ vhost->server.fd, virtio_vhost_readable, vhost,
					      vhost->server.name, "messages of its server" };
	ret = loop_add(&vhost->vm->loop, &vhost->source);
	vhost->watched = ret == 0;
	vhost_user_end_group(&vhost->server);
	vhost->server.owner = vhost;
	vhost->server.lost = virtio_vhost_lost;
	return ret;
}

int virtio_vhost_add(struct pci_host *host, const struct virtio_vhost_options *options, int fd,
		     struct virtio_vhost **added)
{
	struct virtio_vhost *vhost = calloc(1, sizeof(*vhost));
	int ret;

	*added = NULL;
	if (!vhost) {
		close(fd);
		return log_errno(options->name, -ENOMEM, "allocate");
	}
	vhost->vm = host->vm;
	vhost->lost = options->lost;
	vhost->backend.ops = &virtio_vhost_ops;
	vhost->backend.name = options->name;
	vhost->backend.boot_place = options->boot_place;
	vhost->memory =
		(struct memory_listener){ virtio_vhost_memory_add, virtio_vhost_memory_del };
	ret = virtio_vhost_agree(vhost, options, fd);
	if (ret == 0)
		ret = virtio_vhost_watch(vhost);
	if (ret < 0) {
		virtio_vhost_destroy(&vhost->backend);
		return ret;
	}
	ret = virtio_pci_add(host, &vhost->backend);
	if (ret == 0)
		*added = vhost;
	return ret;
}
