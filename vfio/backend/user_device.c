/* SPDX-License-Identifier: MIT */
#include "user_device.h"

#include <errno.h>
#include <string.h>

#include "user_socket.h"
#include "vmm/base/unix_socket.h"

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

/* Read into `in`, or write from `out`, by one message, into which `size` bytes fit. */
static int user_access(struct vfio_device *device, const struct user_region_access *access,
		       void *in, const void *out, const struct timespec *until)
{
	struct user_call call = { .command = in ? USER_REGION_READ : USER_REGION_WRITE,
				  .head = access,
				  .head_size = sizeof(*access),
				  .data = out,
				  .data_size = out ? access->count : 0,
				  .reply_min = sizeof(*access) + (in ? access->count : 0),
				  .reply_max = sizeof(*access) + (in ? access->count : 0),
				  .until = until };
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
 * Transfer in as many messages as the server's limit demands. Each message has its own deadline,
 * because a large transfer is no reason to give a device up. But if all of them together take
 * longer than one message may, the rest is not transferred: -ETIMEDOUT.
 */
static int user_transfer(struct vfio_device *device, const struct vfio_region *region,
			 uint64_t offset, char *in, const char *out, size_t size,
			 const struct timespec *until)
{
	const struct timespec own = unix_socket_deadline(USER_TIMEOUT_MS);
	size_t limit = user_device_link(device)->limits.max_transfer;

	if (size > region->size || offset > region->size - size)
		return -EINVAL;
	for (size_t done = 0; done < size;) {
		size_t count = size - done < limit ? size - done : limit;
		struct user_region_access access = { offset + done, region->index,
						     (uint32_t)count };
		int ret = user_access(device, &access, in ? in + done : NULL,
				      out ? out + done : NULL, until);

		if (ret < 0)
			return ret;
		done += count;
		if (done < size && !unix_socket_time_left(until ? until : &own))
			return -ETIMEDOUT;
	}
	return (int)size;
}

int user_region_read(struct vfio_device *device, const struct vfio_region *region, uint64_t offset,
		     void *data, size_t size)
{
	return user_transfer(device, region, offset, data, NULL, size, NULL);
}

int user_region_write(struct vfio_device *device, const struct vfio_region *region, uint64_t offset,
		      const void *data, size_t size)
{
	return user_transfer(device, region, offset, NULL, data, size, NULL);
}

int user_config_read(struct vfio_device *device, unsigned int offset, uint16_t *value,
		     const struct timespec *until)
{
	const struct vfio_region *config = &user_device_of(device)->config;
	int ret = user_transfer(device, config, offset, (char *)value, NULL, sizeof(*value), until);

	return ret < 0 ? ret : 0;
}

int user_config_write(struct vfio_device *device, unsigned int offset, uint16_t value,
		      const struct timespec *until)
{
	const struct vfio_region *config = &user_device_of(device)->config;
	int ret = user_transfer(device, config, offset, NULL, (const char *)&value, sizeof(value),
				until);

	return ret < 0 ? ret : 0;
}
