/* SPDX-License-Identifier: MIT */
/*
 * The server's side of vfio-user: the other end of vfio/backend/backend_user.c.
 *
 * Owns the conversation with one client, and the client's memory that it maps. The device itself
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

/* A region. It is zeroed, with an fd of -1, until the device fills it in. */
struct user_server_region {
	uint64_t size;     /* bytes; 0 if the device has no such region */
	uint64_t mappable; /* this many bytes from its start can be mapped */
	int fd;            /* the file to map; stays the device's */
};

struct user_server_ops {
	uint32_t irqs; /* the device has the kinds VFIO_PCI_*_IRQ_INDEX below this */
	void (*region)(void *owner, uint32_t index, struct user_server_region *region);
	uint32_t (*irq_count)(void *owner, uint32_t kind); /* 0 for an unknown kind */
	/* Access bytes within a region. */
	void (*read)(void *owner, uint32_t region, uint64_t offset, void *data, size_t size);
	void (*write)(void *owner, uint32_t region, uint64_t offset, const void *data, size_t size);
	/*
	 * Carry out `set`. It names vectors that exist, and brings a file for each of them, or
	 * none. The device takes the files that it keeps by user_server_take_fd(). Returns 0 or
	 * -errno.
	 */
	int (*set_irqs)(void *owner, const struct vfio_irq_set *set, struct user_message *message);
	void (*reset)(void *owner);
	/*
	 * A file of the device, or -1, and what is called when it becomes readable. Both may be
	 * NULL.
	 */
	int (*event_fd)(void *owner);
	void (*event)(void *owner);
};

/* Memory of the client that the device may reach. hva is NULL if only messages reach it. */
struct user_server_map {
	uint64_t iova, size;
	char *hva;
};

/* The caller sets the first three members and zeroes the rest. */
struct user_server {
	int socket; /* a connected socket; the server's from now on */
	const struct user_server_ops *ops;
	void *owner; /* passed to the operations */
	struct user_server_map maps[USER_SERVER_MAPS_MAX];
	unsigned int map_count;
	uint16_t next_id;
};

/*
 * Make a socket at `path` for clients to connect to, in the place of what is there. Returns the
 * socket, or -errno.
 */
int user_server_listen(const char *path);

/*
 * Serve the client until it leaves, and close the socket. Returns 0; -EPROTO if the client breaks
 * the protocol; or another -errno.
 */
int user_server_run(struct user_server *server);

/*
 * Take the file number `n` of a message, which is then the caller's to close. -1 if there is
 * none.
 */
int user_server_take_fd(struct user_message *message, unsigned int n);

/*
 * Copy to or from the client's memory: through the shared file if there is one and `messages`
 * does not forbid it, else by messages. May be called only while a command is carried out.
 * Returns false if not all of the memory can be reached.
 */
bool user_server_dma_read(struct user_server *server, uint64_t iova, void *data, size_t size,
			  bool messages);
bool user_server_dma_write(struct user_server *server, uint64_t iova, const void *data, size_t size,
			   bool messages);

#endif
