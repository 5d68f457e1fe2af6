/* SPDX-License-Identifier: MIT */
/* devices/virtio_console.c: ports, as a driver meets them. */
#include <linux/virtio_console.h>
#include <poll.h>
#include <string.h>

#include "console_rig.h"
#include "unit.h"

/* Let the driver send a control message, which the console hears. */
static void tell(struct console_rig *rig, uint32_t port, uint16_t event, uint16_t value)
{
	console_rig_tell(rig, port, event, value);
	virtio_console_serve(rig->console);
}

/* Read the next control message that the driver got. */
static void expect(struct console_rig *rig, uint32_t port, uint16_t event, uint16_t value)
{
	uint16_t at = rig->seen[2]++;
	struct virtio_console_control message;

	ck_assert_uint_gt(console_rig_used(rig, 2), at);
	ck_assert_uint_eq(console_rig_length(rig, 2, at), sizeof(message));
	memcpy(&message, console_rig_buffer(rig, 2, at), sizeof(message));
	ck_assert_uint_eq(message.id, port);
	ck_assert_uint_eq(message.event, event);
	ck_assert_uint_eq(message.value, value);
}

START_TEST(ports_are_agreed_on)
{
	struct console_rig rig;

	console_rig_open(&rig);
	console_rig_start(&rig);
	tell(&rig, 0xffffffff, VIRTIO_CONSOLE_DEVICE_READY, 1);
	for (uint32_t port = 0; port < VIRTIO_CONSOLE_PORTS; port++)
		expect(&rig, port, VIRTIO_CONSOLE_PORT_ADD, 1);
	tell(&rig, 4, VIRTIO_CONSOLE_PORT_READY, 1);
	expect(&rig, 4, VIRTIO_CONSOLE_PORT_OPEN, 1);
	ck_assert(!virtio_console_is_open(rig.console, 4));
	tell(&rig, 4, VIRTIO_CONSOLE_PORT_OPEN, 1);
	ck_assert(virtio_console_is_open(rig.console, 4));
	tell(&rig, 4, VIRTIO_CONSOLE_PORT_OPEN, 0);
	ck_assert(!virtio_console_is_open(rig.console, 4));
	/* The ports do not exist, or nobody knows the events. */
	tell(&rig, VIRTIO_CONSOLE_PORTS, VIRTIO_CONSOLE_PORT_READY, 1);
	tell(&rig, 0xffffffff, VIRTIO_CONSOLE_PORT_OPEN, 1);
	tell(&rig, 0, 0x1234, 1);
	ck_assert_uint_eq(console_rig_used(&rig, 2), rig.seen[2]);
	console_rig_close(&rig);
}
END_TEST

START_TEST(bytes_both_ways)
{
	unsigned int port = (unsigned int)_i, queue = port ? 2 * port + 2 : 0;
	struct pollfd file;
	struct console_rig rig;
	char text[8] = "";

	console_rig_open(&rig);
	console_rig_start(&rig);
	file = (struct pollfd){ .fd = virtio_console_fd(rig.console), .events = POLLIN };
	virtio_console_serve(rig.console);
	ck_assert_int_eq(poll(&file, 1, 0), 0);
	strcpy(console_rig_buffer(&rig, queue + 1, 0), "hello");
	console_rig_offer(&rig, queue + 1, 0, 5);
	ck_assert_int_eq(poll(&file, 1, 0), 1);
	ck_assert_uint_eq(virtio_console_read(rig.console, port, text, sizeof(text)), 5);
	ck_assert_str_eq(text, "hello");
	/* Nothing goes to a port that no program has opened. */
	console_rig_offer(&rig, queue, 0, 0);
	console_rig_offer(&rig, queue, 1, 0);
	ck_assert_uint_eq(virtio_console_write(rig.console, port, "abc", 3), 0);
	tell(&rig, port, VIRTIO_CONSOLE_PORT_OPEN, 1);
	ck_assert_uint_eq(virtio_console_write(rig.console, port, "abc", 3), 3);
	ck_assert_mem_eq(console_rig_buffer(&rig, queue, 0), "abc", 3);
	/* As much as fits into one buffer, and no more. */
	ck_assert_uint_eq(virtio_console_write(rig.console, port, rig.ram, 100), 64);
	ck_assert_uint_eq(virtio_console_write(rig.console, port, "abc", 3), 0);
	console_rig_close(&rig);
}
END_TEST

/* A driver that goes takes its ports along. The next one starts anew. */
START_TEST(driver_comes_and_goes)
{
	struct console_rig rig;
	char byte;

	console_rig_open(&rig);
	ck_assert_uint_eq(virtio_console_read(rig.console, 0, &byte, 1), 0);
	for (unsigned int i = 0; i < 2; i++) {
		memset(rig.ram, 0, RIG_RAM);
		memset(rig.seen, 0, sizeof(rig.seen));
		console_rig_start(&rig);
		tell(&rig, 0, VIRTIO_CONSOLE_DEVICE_READY, 1);
		expect(&rig, 0, VIRTIO_CONSOLE_PORT_ADD, 1);
		tell(&rig, 1, VIRTIO_CONSOLE_PORT_OPEN, 1);
		ck_assert(virtio_console_is_open(rig.console, 1));
		pci_host_reset(&rig.host);
		ck_assert(!virtio_console_is_open(rig.console, 1));
		ck_assert_uint_eq(virtio_console_write(rig.console, 1, "a", 1), 0);
		virtio_console_serve(rig.console);
	}
	console_rig_close(&rig);
}
END_TEST

UNIT_MAIN("virtio_console", { ports_are_agreed_on, 0 }, { bytes_both_ways, VIRTIO_CONSOLE_PORTS },
	  { driver_comes_and_goes, 0 })
