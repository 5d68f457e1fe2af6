/* SPDX-License-Identifier: MIT */
/*
 * A virtio console with several ports: streams of bytes between minivmm and a program in the guest,
 * each with a flow of its own. Linux shows them as /dev/vportNpM.
 *
 * Owns the ports and the control messages by which driver and device agree on them. One thread of
 * minivmm moves the bytes: it waits for virtio_console_fd(), calls virtio_console_serve(), and then
 * reads and writes.
 *
 * Read beside it: VIRTIO 1.1, 5.3 "Console Device".
 */
#ifndef MINIVMM_VIRTIO_CONSOLE_H
#define MINIVMM_VIRTIO_CONSOLE_H

#include "pci_host.h"

#define VIRTIO_CONSOLE_PORTS 5u

struct virtio_console;

/*
 * Plug a console in. *console belongs to the bus and lives until that is destroyed. 0 or -errno,
 * logged.
 */
int virtio_console_add(struct pci_host *host, struct virtio_console **console);

/* A file that becomes readable when the guest has done something. It stays the console's. */
int virtio_console_fd(const struct virtio_console *console);

/* Handle what the guest has done, and answer its control messages. */
void virtio_console_serve(struct virtio_console *console);

/* Read up to `room` bytes that the guest has written to the port; returns how many. */
size_t virtio_console_read(struct virtio_console *console, unsigned int port, void *data,
			   size_t room);

/*
 * Write bytes for the guest; returns how many it took. It takes none while no program has opened
 * the port.
 */
size_t virtio_console_write(struct virtio_console *console, unsigned int port, const void *data,
			    size_t size);

/* True if a program in the guest has opened the port. */
bool virtio_console_is_open(struct virtio_console *console, unsigned int port);

#endif
