/* SPDX-License-Identifier: MIT */
/*
 * A virtio console and the driver's side of its queues. The machine's KVM is a fake. Rings and
 * buffers are at fixed places of its RAM.
 */
#ifndef MINIVMM_TESTS_CONSOLE_RIG_H
#define MINIVMM_TESTS_CONSOLE_RIG_H

#include "devices/virtio_console.h"
#include "vmm/core/vm.h"

#define RIG_RAM    (1u << 20)
#define RIG_QUEUES 12u
#define RIG_SIZE   16u /* entries of a queue */
#define RIG_BUFFER 64u /* bytes */

/* Queue n has its rings in page 2n of RAM, and its buffers in page 2n + 1. */
struct console_rig {
	struct vm vm;
	struct pci_host host;
	struct virtio_console *console;
	uint64_t bar;
	char *ram;
	uint16_t seen[RIG_QUEUES]; /* how many used buffers the driver has looked at */
};

/* Make a console that has no driver yet. */
void console_rig_open(struct console_rig *rig);

/* Let the driver set up all queues. The device may answer its control messages. */
void console_rig_start(struct console_rig *rig);

void console_rig_close(struct console_rig *rig);

char *console_rig_buffer(struct console_rig *rig, unsigned int queue, unsigned int n);

/* Give buffer `n` to the device: with `size` bytes in it, or empty for the device to fill. */
void console_rig_offer(struct console_rig *rig, unsigned int queue, unsigned int n, uint32_t size);

/* How many buffers of a queue the device has used, and how many bytes it put into one. */
uint16_t console_rig_used(const struct console_rig *rig, unsigned int queue);
uint32_t console_rig_length(const struct console_rig *rig, unsigned int queue, uint16_t at);

/* Let the driver send a control message. Nobody has heard it yet. */
void console_rig_tell(struct console_rig *rig, uint32_t port, uint16_t event, uint16_t value);

#endif
