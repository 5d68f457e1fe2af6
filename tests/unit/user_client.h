/* SPDX-License-Identifier: MIT */
/*
 * A client's whole life with a vfio-user server, by the operations of vfio/backend/backend_user.c:
 * the connection, the demo device behind it, and four pages of memory that it may be given.
 */
#ifndef MINIVMM_TESTS_USER_CLIENT_H
#define MINIVMM_TESTS_USER_CLIENT_H

#include <check.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "guests/demo/demo_regs.h"
#include "user_peer.h"
#include "vfio/vfio.h"

#define PAGE  4096u
#define RAM   0x100000u /* where the client's memory lies for the device */
#define PAGES 4u

/* A client's whole life: what it has of a server. */
struct client {
	struct user_peer peer;
	struct vfio_space space;
	struct vfio_device device;
	struct vfio_region bar0, bar2, config;
	char *ram;
	int ram_fd;
};

static inline int dma_map(struct client *client, bool readonly, int fd)
{
	const struct vfio_dma dma = { .iova = RAM,
				      .size = PAGES * PAGE,
				      .hva = client->ram,
				      .fd = fd,
				      .readonly = readonly };

	return vfio_backend_user.dma_map(&client->space, &dma);
}

static inline void client_init(struct client *client, const struct user_lie *lie)
{
	memset(client, 0, sizeof(*client));
	client->ram_fd = memfd_create("ram", MFD_CLOEXEC);
	ck_assert_int_eq(ftruncate(client->ram_fd, PAGES * PAGE), 0);
	client->ram =
		mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, client->ram_fd, 0);
	user_peer_start(&client->peer, lie);
	client->space = (struct vfio_space){ .backend = &vfio_backend_user };
	client->device = (struct vfio_device){ .backend = &vfio_backend_user,
					       .name = "peer",
					       .kvm_file = -1 };
}

static inline int client_open(struct client *client)
{
	const struct vfio_backend *backend = &vfio_backend_user;
	const struct vfio_space_request server = { "peer", client->peer.client };
	const struct vfio_device_request request = { "peer", -1, -1, -1, NULL };
	int ret = backend->space_open(&client->space, &server);

	if (ret == 0)
		ret = backend->dev_open(&client->space, &client->device, &request);
	if (ret == 0)
		ret = backend->get_region(&client->device, VFIO_PCI_BAR0_REGION_INDEX,
					  &client->bar0);
	if (ret == 0)
		ret = backend->get_region(&client->device,
					  VFIO_PCI_BAR0_REGION_INDEX + DEMO_MEMORY_BAR,
					  &client->bar2);
	if (ret == 0)
		ret = backend->get_region(&client->device, VFIO_PCI_CONFIG_REGION_INDEX,
					  &client->config);
	return ret;
}

static inline void client_close(struct client *client)
{
	vfio_backend_user.dev_close(&client->device);
	vfio_backend_user.dev_close(&client->device);
	vfio_backend_user.space_close(&client->space);
	vfio_backend_user.space_close(&client->space);
	user_peer_join(&client->peer);
	munmap(client->ram, PAGES * PAGE);
	close(client->ram_fd);
}

static inline void client_start(struct client *client)
{
	client_init(client, NULL);
	ck_assert_int_eq(client_open(client), 0);
}

static inline int put(struct client *client, const struct vfio_region *region, uint64_t offset,
		      uint32_t value, size_t size)
{
	return vfio_backend_user.region_write(&client->device, region, offset, &value, size);
}

static inline uint32_t get(struct client *client, const struct vfio_region *region, uint64_t offset,
			   size_t size)
{
	uint32_t value = 0;

	ck_assert_int_eq(
		vfio_backend_user.region_read(&client->device, region, offset, &value, size),
		(int)size);
	return value;
}

#define TRIGGER VFIO_IRQ_SET_ACTION_TRIGGER

static inline int set_irq(struct client *client, uint32_t index, uint32_t action, uint32_t start,
			  uint32_t count, const int *fds)
{
	const struct vfio_irq_request request = { index, action, start, count, fds };

	return vfio_backend_user.set_irqs(&client->device, &request);
}

/* Whether an eventfd rings within so many milliseconds. */
static inline bool rings(int eventfd, int ms)
{
	struct pollfd file = { .fd = eventfd, .events = POLLIN };
	eventfd_t count;

	return poll(&file, 1, ms) == 1 && eventfd_read(eventfd, &count) == 0;
}

#endif
