/* SPDX-License-Identifier: MIT */
/*
 * vfio-user: the device is another program at the other end of a socket. Each operation is one
 * message there and one back; the structures in them are those of the kernel's VFIO.
 *
 * What the kernel would do beside, is done here: a server does not know that MSI-X is switched on
 * unless the bit in its configuration space says so, and there is no IOMMU: RAM is a file that the
 * server maps.
 *
 * docs/interop/vfio-user.rst of the QEMU project.
 */
#include <errno.h>
#include <linux/pci_regs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend_user.h"
#include "region_info.h"
#include "user_socket.h"
#include "vmm/trace/log.h"

/* A list of more capabilities does not fit into configuration space. */
#define USER_CAPS_MAX 48

static struct user_link *user_link_of(const struct vfio_space *space)
{
	return space->priv;
}

int user_ask(struct vfio_device *device, enum user_command command, void *info, size_t size)
{
	struct user_call call = { .command = command,
				  .head = info,
				  .head_size = size,
				  .reply_min = size,
				  .reply_max = size };
	struct user_message reply;
	int ret = user_link_call(user_device_link(device), &call, &reply);

	if (ret == 0)
		memcpy(info, reply.payload, size);
	user_message_destroy(&reply);
	return ret;
}

/* ---- the space: a connection ---- */

static void user_space_close(struct vfio_space *space)
{
	struct user_link *link = user_link_of(space);

	if (link) {
		user_link_close(link);
		free(link);
	} else if (space->fd >= 0) {
		close(space->fd);
	}
	space->fd = -1;
	space->priv = NULL;
}

static int user_space_open(struct vfio_space *space)
{
	struct user_link *link = calloc(1, sizeof(*link));
	int ret;

	if (!link)
		return log_errno(space->path, -ENOMEM, "allocate");
	space->priv = link;
	ret = user_link_open(link, space->path, space->path, space->fd);
	space->fd = -1; /* the link's now */
	return ret < 0 ? ret : user_link_start(link);
}

static int user_iova_ranges(struct vfio_space *space, struct vfio_range *ranges, unsigned int max)
{
	(void)space;
	(void)ranges;
	(void)max;
	return 0;
}

static int user_send_map(struct user_link *link, const struct vfio_dma *dma)
{
	const struct user_dma_map map = {
		.argsz = sizeof(map),
		.flags = USER_DMA_READABLE | (dma->readonly ? 0 : USER_DMA_WRITABLE),
		.offset = dma->fd >= 0 ? dma->fd_offset : 0,
		.address = dma->iova,
		.size = dma->size,
	};
	struct user_call call = { .command = USER_DMA_MAP,
				  .head = &map,
				  .head_size = sizeof(map),
				  .fds = &dma->fd,
				  .fd_count = dma->fd >= 0 };
	struct user_message reply;
	int ret = user_link_call(link, &call, &reply);

	user_message_destroy(&reply);
	return ret;
}

/* Known to us before the server may use it. Memory without a file it reaches by messages alone. */
static int user_dma_map(struct vfio_space *space, const struct vfio_dma *dma)
{
	struct user_link *link = user_link_of(space);
	int ret = user_link_add_map(link, dma);

	if (ret < 0)
		return ret;
	ret = user_send_map(link, dma);
	if (ret < 0)
		user_link_del_map(link, dma->iova, dma->size);
	return ret;
}

static int user_dma_unmap(struct vfio_space *space, uint64_t iova, uint64_t size)
{
	struct user_dma_unmap unmap = { .argsz = sizeof(unmap), .address = iova, .size = size };
	struct user_call call = { .command = USER_DMA_UNMAP,
				  .head = &unmap,
				  .head_size = sizeof(unmap),
				  .reply_max = sizeof(unmap) };
	struct user_message reply;
	int ret = user_link_del_map(user_link_of(space), iova, size);

	if (ret < 0)
		return ret;
	ret = user_link_call(user_link_of(space), &call, &reply);
	user_message_destroy(&reply);
	return ret;
}

/* ---- accesses ---- */

/* One message; `size` bytes fit into it. Reads into `in`, or writes from `out`. */
static int user_access(struct vfio_device *device, const struct user_region_access *access,
		       void *in, const void *out)
{
	struct user_call call = { .command = in ? USER_REGION_READ : USER_REGION_WRITE,
				  .head = access,
				  .head_size = sizeof(*access),
				  .data = out,
				  .data_size = out ? access->count : 0,
				  .reply_min = sizeof(*access) + (in ? access->count : 0),
				  .reply_max = sizeof(*access) + (in ? access->count : 0) };
	struct user_link *link = user_device_link(device);
	struct user_message reply;
	const char *wrong = NULL;
	int ret = user_link_call(link, &call, &reply);

	if (ret == 0)
		wrong = user_check_access(reply.payload, access);
	if (wrong)
		ret = user_link_fail(link, wrong);
	if (ret == 0 && in)
		memcpy(in, (const struct user_region_access *)reply.payload + 1, access->count);
	user_message_destroy(&reply);
	return ret;
}

/*
 * In as many messages as the server's limit makes of it. Each has its own time to be answered in;
 * where all of them together take longer than one may, what is left is given up: -ETIMEDOUT.
 */
static int user_transfer(struct vfio_device *device, const struct vfio_region *region,
			 uint64_t offset, char *in, const char *out, size_t size)
{
	const struct timespec until = user_socket_deadline(USER_TIMEOUT_S);
	size_t limit = user_device_link(device)->limits.max_transfer;

	if (size > region->size || offset > region->size - size)
		return -EINVAL;
	for (size_t done = 0; done < size;) {
		size_t count = size - done < limit ? size - done : limit;
		struct user_region_access access = { offset + done, region->index,
						     (uint32_t)count };
		int ret = user_access(device, &access, in ? in + done : NULL,
				      out ? out + done : NULL);

		if (ret < 0)
			return ret;
		done += count;
		if (done < size && !user_socket_time_left(&until))
			return -ETIMEDOUT;
	}
	return (int)size;
}

int user_region_read(struct vfio_device *device, const struct vfio_region *region, uint64_t offset,
		     void *data, size_t size)
{
	return user_transfer(device, region, offset, data, NULL, size);
}

int user_region_write(struct vfio_device *device, const struct vfio_region *region, uint64_t offset,
		      const void *data, size_t size)
{
	return user_transfer(device, region, offset, NULL, data, size);
}

/* ---- regions ---- */

/*
 * The file a region is mapped from. One too short for it would turn an access of the guest into a
 * fault: such a region is trapped.
 */
static void user_take_file(struct user_device *user, struct user_message *reply,
			   struct vfio_region *region)
{
	struct stat file;
	int *fd = region->index < USER_REGION_FILES ? &user->region_fds[region->index] : NULL;

	if (!fd || !reply->fd_count || fstat(reply->fds[0], &file) < 0 ||
	    (uint64_t)file.st_size < region->mmap_offset + region->size) {
		region->flags &= ~(uint32_t)VFIO_REGION_INFO_FLAG_MMAP;
		return;
	}
	if (*fd >= 0)
		close(*fd);
	*fd = reply->fds[--reply->fd_count];
	region->mmap_fd = *fd;
}

static int user_get_region(struct vfio_device *device, uint32_t index, struct vfio_region *region)
{
	struct vfio_region_info info = { .argsz = USER_INFO_MAX, .index = index };
	struct user_call call = { .command = USER_GET_REGION_INFO,
				  .head = &info,
				  .head_size = sizeof(info),
				  .reply_min = sizeof(info),
				  .reply_max = USER_INFO_MAX };
	struct user_link *link = user_device_link(device);
	struct user_message reply;
	const char *wrong;
	int ret;

	*region = (struct vfio_region){ .index = index, .mmap_fd = -1 };
	if (index >= user_device_of(device)->info.regions)
		return -EINVAL;
	ret = user_link_call(link, &call, &reply);
	if (ret == 0) {
		size_t size = user_payload_size(&reply);

		wrong = user_check_region(reply.payload, size, index);
		if (!wrong && reply.fd_count > 1)
			wrong = "sent more files than a region has";
		if (wrong)
			ret = user_link_fail(link, wrong);
		else
			region_info_parse(reply.payload, size, region);
	}
	if (ret == 0 && (region->flags & VFIO_REGION_INFO_FLAG_MMAP))
		user_take_file(user_device_of(device), &reply, region);
	user_message_destroy(&reply);
	return ret;
}

/* ---- the device ---- */

static int user_get_info(struct vfio_device *device, uint32_t *flags)
{
	*flags = user_device_of(device)->info.flags;
	return 0;
}

static int user_reset(struct vfio_device *device)
{
	struct user_call call = { .command = USER_RESET };
	struct user_message reply;
	int ret = user_link_call(user_device_link(device), &call, &reply);

	user_message_destroy(&reply);
	return ret;
}

static int user_hot_reset(struct vfio_device *device)
{
	(void)device;
	return -ENOTSUP;
}

static int user_query(struct vfio_device *device)
{
	struct user_device *user = user_device_of(device);
	const char *wrong;
	int ret;

	user->info = (struct user_device_info){ .argsz = sizeof(user->info) };
	ret = user_ask(device, USER_GET_INFO, &user->info, sizeof(user->info));
	if (ret < 0)
		return ret;
	wrong = user_check_info(&user->info);
	if (wrong)
		return user_link_fail(user_device_link(device), wrong);
	return user_get_region(device, VFIO_PCI_CONFIG_REGION_INDEX, &user->config);
}

static int user_read_byte(struct vfio_device *device, unsigned int offset, uint8_t *value)
{
	int ret = user_region_read(device, &user_device_of(device)->config, offset, value, 1);

	return ret < 0 ? ret : 0;
}

/* Where the capabilities are whose enable bits are ours to write. */
static int user_find_caps(struct vfio_device *device)
{
	struct user_device *user = user_device_of(device);
	uint8_t offset = 0, id = 0, next = 0;
	int ret = user_read_byte(device, PCI_CAPABILITY_LIST, &offset);

	for (unsigned int n = 0; ret == 0 && offset && n < USER_CAPS_MAX; n++) {
		ret = user_read_byte(device, offset + PCI_CAP_LIST_ID, &id);
		if (ret == 0)
			ret = user_read_byte(device, offset + PCI_CAP_LIST_NEXT, &next);
		if (ret < 0)
			break;
		if (id == PCI_CAP_ID_MSI)
			user->msi_cap = offset;
		else if (id == PCI_CAP_ID_MSIX)
			user->msix_cap = offset;
		offset = next & 0xfcu;
	}
	return ret;
}

static void user_dev_close(struct vfio_device *device)
{
	struct user_device *user = user_device_of(device);

	if (!user)
		return;
	for (unsigned int i = 0; i < USER_REGION_FILES; i++)
		if (user->region_fds[i] >= 0)
			close(user->region_fds[i]);
	free(user);
	device->priv = NULL;
}

/* A server keeps its state from one client to the next, hence the reset. */
static int user_dev_open(struct vfio_space *space, struct vfio_device *device)
{
	struct user_device *user = malloc(sizeof(*user));
	int ret;

	device->space = space;
	device->priv = user;
	if (!user)
		return log_errno(device->name, -ENOMEM, "allocate");
	*user = (struct user_device){ .msi_cap = 0 };
	for (unsigned int i = 0; i < USER_REGION_FILES; i++)
		user->region_fds[i] = -1;
	ret = user_query(device);
	if (ret == 0 && (user->info.flags & VFIO_DEVICE_FLAGS_RESET))
		ret = user_reset(device);
	if (ret == 0)
		ret = user_find_caps(device);
	if (ret < 0 && !user_link_is_lost(user_link_of(space)))
		log_errno(device->name, ret, "ask its vfio-user server what the device is");
	if (ret < 0)
		user_dev_close(device);
	return ret;
}

const struct vfio_backend vfio_backend_user = {
	.name = "user",
	.says_lost = true,
	.space_open = user_space_open,
	.space_close = user_space_close,
	.iova_ranges = user_iova_ranges,
	.dma_map = user_dma_map,
	.dma_unmap = user_dma_unmap,
	.dev_open = user_dev_open,
	.dev_close = user_dev_close,
	.get_info = user_get_info,
	.get_region = user_get_region,
	.get_irq = user_get_irq,
	.set_irqs = user_set_irqs,
	.reset = user_reset,
	.hot_reset = user_hot_reset,
	.region_read = user_region_read,
	.region_write = user_region_write,
};
