/* SPDX-License-Identifier: MIT */
/*
 * The server's side of vfio-user: the other end of vfio/backend/backend_user.c.
 *
 * Owns the conversation with one client, and the client's memory that it maps. What the device is,
 * stands behind a table of operations.
 *
 * Read beside it: docs/interop/vfio-user.rst of the QEMU project.
 */
#ifndef MINIVMM_USER_SERVER_H
#define MINIVMM_USER_SERVER_H

#include <linux/vfio.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vfio/backend/user_message.h"

#define USER_SERVER_MAPS_MAX 16u

/* A region, zeroed but for fd, which is -1, until the device fills it in. */
struct user_server_region {
	uint64_t size;     /* 0: the device has none */
	uint64_t mappable; /* so many bytes from its start can be mapped */
	int fd;            /* of what; stays the device's */
};

struct user_server_ops {
	uint32_t irqs; /* VFIO_PCI_*_IRQ_INDEX below this are there */
	void (*region)(void *owner, uint32_t index, struct user_server_region *region);
	uint32_t (*irq_count)(void *owner, uint32_t kind); /* 0 for a kind that it does not know */
	/* Accesses within a region. */
	void (*read)(void *owner, uint32_t region, uint64_t offset, void *data, size_t size);
	void (*write)(void *owner, uint32_t region, uint64_t offset, const void *data, size_t size);
	/*
	 * `set` names vectors that there are, and there is a file for each of them, or none. The
	 * device takes those that it keeps by user_server_take_fd(). 0 or -errno.
	 */
	int (*set_irqs)(void *owner, const struct vfio_irq_set *set, struct user_message *message);
	void (*reset)(void *owner);
	/* A file, or -1, whose becoming readable the device wants to hear of; may be NULL both. */
	int (*event_fd)(void *owner);
	void (*event)(void *owner);
};

/* Memory of the client that the device may reach; hva is NULL where only messages reach it. */
struct user_server_map {
	uint64_t iova, size;
	char *hva;
};

/* The caller sets the first three, and zeroes the rest. */
struct user_server {
	int socket; /* connected; the server's from now on */
	const struct user_server_ops *ops;
	void *owner; /* the device, for its operations */
	struct user_server_map maps[USER_SERVER_MAPS_MAX];
	unsigned int map_count;
	uint16_t next_id;
};

/* A socket at `path`, in the place of what is there, for clients to connect to; or -errno. */
int user_server_listen(const char *path);

/*
 * Serve the client until it leaves, and close the socket. 0; -EPROTO when the client breaks the
 * protocol; or -errno.
 */
int user_server_run(struct user_server *server);

/* The nth file of a message: the caller's from now on. -1 if there is none. */
int user_server_take_fd(struct user_message *message, unsigned int n);

/*
 * The client's memory, by the shared file where there is one and `messages` does not forbid it. To
 * be called while a command is carried out. False if not all of it can be reached.
 */
bool user_server_dma_read(struct user_server *server, uint64_t iova, void *data, size_t size,
			  bool messages);
bool user_server_dma_write(struct user_server *server, uint64_t iova, const void *data, size_t size,
			   bool messages);

#endif
