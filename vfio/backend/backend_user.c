/* SPDX-License-Identifier: MIT */
/*
 * vfio-user: the device is another program at the other end of a socket. Each operation is one
 * message there and one back; the structures in them are those of the kernel's VFIO.
 *
 * Two things that the kernel would do are done here. A server does not know that MSI-X is switched
 * on unless the bit in its configuration space is set, so the client sets it. And there is no
 * IOMMU, so RAM is a file that the server maps.
 *
 * docs/interop/vfio-user.rst of the QEMU project.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/pci_regs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "region_info.h"
#include "user_device.h"
#include "user_irqs.h"
#include "vmm/trace/log.h"

/* Configuration space has no room for more capabilities. */
#define USER_CAPS_MAX 48

static struct user_link *user_link_of(const struct vfio_space *space)
{
	return space->priv;
}

/* ---- the space: a connection ---- */

static void user_space_close(struct vfio_space *space)
{
	struct user_link *link = user_link_of(space);

	if (!link)
		return;
	user_link_close(link);
	free(link);
	space->priv = NULL;
}

static int user_space_open(struct vfio_space *space, const struct vfio_space_request *request)
{
	struct user_link *link = calloc(1, sizeof(*link));
	int ret;

	space->priv = link;
	if (!link) {
		if (request->fd >= 0)
			close(request->fd);
		return log_errno(request->path, -ENOMEM, "allocate");
	}
	ret = user_link_open(link, request->path, space->opener, request->path, request->fd);
	return ret < 0 ? ret : user_link_start(link, space->guard);
}

static void user_hurry(struct vfio_space *space)
{
	user_link_hurry(user_link_of(space));
}

static bool user_is_stalled(struct vfio_space *space)
{
	return user_link_is_stalled(user_link_of(space));
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

/*
 * The map is noted before the server may use it. The server reaches memory without a file only by
 * messages.
 */
static int user_dma_map(struct vfio_space *space, const struct vfio_dma *dma)
{
	struct user_link *link = user_link_of(space);
	int ret = user_memory_add(&link->memory, dma);

	if (ret < 0)
		return ret;
	ret = user_send_map(link, dma);
	if (ret < 0)
		user_memory_del(&link->memory, dma->iova, dma->size);
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
	int ret = user_memory_del(&user_link_of(space)->memory, iova, size);

	if (ret < 0)
		return ret;
	ret = user_link_call(user_link_of(space), &call, &reply);
	user_message_destroy(&reply);
	return ret;
}

/* ---- regions ---- */

/*
 * True if a file may be mapped into the guest: its pages must come from the kernel, not from
 * another program. A page of a file system in user space could stall the guest's CPU.
 */
static bool user_file_is_memory(int fd)
{
	struct statfs system;

	return fstatfs(fd, &system) == 0 && ((unsigned long)system.f_type == TMPFS_MAGIC ||
					     (unsigned long)system.f_type == HUGETLBFS_MAGIC);
}

/* Where the last byte that may be mapped ends: of the region, or of the areas in it. */
static uint64_t user_mappable_end(const struct vfio_region *region)
{
	uint64_t most = region->sparse ? 0 : region->size, end;

	for (unsigned int i = 0; i < region->sparse_count; i++) {
		const struct vfio_area *area = &region->areas[i];

		if (__builtin_add_overflow(area->offset, area->size, &end) || end > region->size)
			end = region->size;
		if (end > most)
			most = end;
	}
	return most;
}

/*
 * Servers with libvfio-user of before October 2022 send a file for each area, always the same one.
 * True if that is so, and a single file is all that there is to map.
 */
static bool user_files_are_one(const struct user_message *reply)
{
	struct stat first, other;

	if (!reply->fd_count || fstat(reply->fds[0], &first) < 0)
		return false;
	for (unsigned int i = 1; i < reply->fd_count; i++)
		if (fstat(reply->fds[i], &other) < 0 || other.st_dev != first.st_dev ||
		    other.st_ino != first.st_ino)
			return false;
	return true;
}

/* If the file is too short, an access of the guest would fault. */
static bool user_file_is_long(int fd, const struct vfio_region *region)
{
	struct stat file;

	return fstat(fd, &file) == 0 &&
	       (uint64_t)file.st_size >= region->mmap_offset + user_mappable_end(region);
}

/*
 * Take the file that a region is mapped from; without a fit one the region is trapped. The file may
 * also be shortened later. If the server allows it, it is sealed against that; otherwise the fault
 * ends the run, see memory_find_shrunk(). Further files are closed with the message.
 */
static void user_take_file(struct user_device *user, struct user_message *reply,
			   struct vfio_region *region)
{
	int *fd = region->index < USER_REGION_FILES ? &user->region_fds[region->index] : NULL;

	if (!fd || !user_files_are_one(reply) || !user_file_is_long(reply->fds[0], region) ||
	    !user_file_is_memory(reply->fds[0])) {
		region->flags &= ~(uint32_t)VFIO_REGION_INFO_FLAG_MMAP;
		return;
	}
	if (*fd >= 0)
		close(*fd);
	*fd = reply->fds[--reply->fd_count];
	fcntl(*fd, F_ADD_SEALS, F_SEAL_SHRINK);
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

/* A space has one device and is closed with it. */
static void user_dev_release(struct vfio_space *space, const struct vfio_device_request *request)
{
	(void)space;
	(void)request;
}

static int user_get_info(struct vfio_device *device, struct vfio_info *info)
{
	*info = (struct vfio_info){ .flags = user_device_of(device)->info.flags };
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

/* A program is on no bus with others. */
static int user_reset_reach(struct vfio_device *device, struct vfio_reach *reach)
{
	(void)device;
	reach->count = 0;
	return -ENOTSUP;
}

static int user_hot_reset(struct vfio_device *device, const struct vfio_reach *reach)
{
	(void)device;
	(void)reach;
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

/* Find the capabilities whose enable bits the client must write. */
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

/* A server keeps its state from one client to the next, so the device is reset first. */
static int user_dev_open(struct vfio_space *space, struct vfio_device *device,
			 const struct vfio_device_request *request)
{
	struct user_device *user = malloc(sizeof(*user));
	int ret;

	(void)request;
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
	if (ret < 0)
		log_errno(device->name, ret, "ask its vfio-user server what the device is");
	if (ret < 0)
		user_dev_close(device);
	return ret;
}

const struct vfio_backend vfio_backend_user = {
	.name = "user",
	.programs = true,
	.space_open = user_space_open,
	.space_close = user_space_close,
	.hurry = user_hurry,
	.is_stalled = user_is_stalled,
	.iova_ranges = user_iova_ranges,
	.dma_map = user_dma_map,
	.dma_unmap = user_dma_unmap,
	.dev_open = user_dev_open,
	.dev_close = user_dev_close,
	.dev_release = user_dev_release,
	.get_info = user_get_info,
	.get_region = user_get_region,
	.get_irq = user_get_irq,
	.set_irqs = user_set_irqs,
	.reset = user_reset,
	.reset_reach = user_reset_reach,
	.hot_reset = user_hot_reset,
	.region_read = user_region_read,
	.region_write = user_region_write,
};
