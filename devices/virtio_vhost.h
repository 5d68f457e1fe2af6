/* SPDX-License-Identifier: MIT */
/*
 * Virtio devices whose work a vhost-user server does: disks, shared folders, network cards.
 *
 * Owns the differences between the three kinds (which features are passed on, where the
 * configuration space is, how many queues there are), and hands guest RAM and queues to the server.
 * If the server is lost, the guest is stopped with VM_EVENT_DEVICE_LOST.
 *
 * Read beside it: VIRTIO 1.1, 5.1 (network), 5.2 (block), 5.11 (file system).
 */
#ifndef MINIVMM_VIRTIO_VHOST_H
#define MINIVMM_VIRTIO_VHOST_H

#include <stdbool.h>
#include <time.h>

#include "pci_host.h"

#define VIRTIO_VHOST_TAG_MAX 36 /* bytes of a shared folder's tag */

enum virtio_vhost_kind {
	VIRTIO_VHOST_BLK,
	VIRTIO_VHOST_FS,
	VIRTIO_VHOST_NET,
	VIRTIO_VHOST_KINDS,
};

/* "blk", "fs", "net". */
extern const char *const virtio_vhost_names[VIRTIO_VHOST_KINDS];

struct virtio_vhost_options {
	enum virtio_vhost_kind kind;
	const char *name;        /* for messages; must live as long as the device */
	const char *tag;         /* of a shared folder: the name by which the guest mounts it */
	unsigned int boot_place; /* see struct pci_function */
	bool *lost; /* set when the server is lost; lives longer than the device. NULL: none */
};

struct virtio_vhost;

/*
 * Add a device whose server is at the other end of `fd`, a connected socket that belongs to the
 * device from now on, also on failure. Guest RAM must be shareable (ram_bank.h). *added, which the
 * bus owns, is for the calls below. 0 or -errno, logged.
 */
int virtio_vhost_add(struct pci_host *host, const struct virtio_vhost_options *options, int fd,
		     struct virtio_vhost **added);

/* minivmm ends: see vhost_user_hurry(). */
void virtio_vhost_hurry(struct virtio_vhost *vhost, const struct timespec *last);

/* True if a request waits for the server for too long. */
bool virtio_vhost_is_stalled(struct virtio_vhost *vhost);

#endif
