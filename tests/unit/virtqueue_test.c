/* SPDX-License-Identifier: MIT */
/* devices/virtqueue.c: bytes through a ring, in good hands and in hostile ones. */
#include <linux/virtio_ring.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "devices/virtqueue.h"
#include "plain_ram.h"
#include "unit.h"

#define RAM_SIZE 0x10000u
#define SIZE     8u
#define DESC     0x1000u
#define AVAIL    0x2000u
#define USED     0x3000u
#define DATA     0x4000u

struct rig {
	struct memory memory;
	struct virtqueue queue;
	char *ram;
};

static void begin(struct rig *rig)
{
	struct virtio_ring ring = { .size = SIZE, .kick = -1 };

	memset(rig, 0, sizeof(*rig));
	memory_init(&rig->memory);
	ck_assert_int_eq(plain_ram_add(&rig->memory, 0, RAM_SIZE), 0);
	rig->ram = memory_ram_ptr(&rig->memory, 0, RAM_SIZE);
	ring.descriptors = rig->ram + DESC;
	ring.available = rig->ram + AVAIL;
	ring.used = rig->ram + USED;
	ring.call = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	virtqueue_init(&rig->queue, &rig->memory, &ring);
}

static void end(struct rig *rig)
{
	close(rig->queue.ring.call);
	memory_destroy(&rig->memory);
}

static void describe(struct rig *rig, unsigned int n, uint64_t addr, uint32_t len, uint16_t flags,
		     uint16_t next)
{
	((struct vring_desc *)(rig->ram + DESC))[n] = (struct vring_desc){ addr, len, flags, next };
}

static void offer(struct rig *rig, uint16_t head)
{
	struct vring_avail *available = (void *)(rig->ram + AVAIL);

	available->ring[available->idx % SIZE] = head;
	available->idx++;
}

static const struct vring_used *used(const struct rig *rig)
{
	return (const void *)(rig->ram + USED);
}

static uint16_t available_index(const struct rig *rig)
{
	return ((const struct vring_avail *)(rig->ram + AVAIL))->idx;
}

static bool rang(struct rig *rig)
{
	eventfd_t count;

	virtqueue_notify(&rig->queue);
	return eventfd_read(rig->queue.ring.call, &count) == 0;
}

/* Buffers of one and of two parts come as one stream, in whatever pieces it is read. */
static const size_t rooms[] = { 1, 2, 3, 5, 64 };

START_TEST(reads_a_stream)
{
	char text[64] = "";
	struct rig rig;
	size_t done = 0, n;

	begin(&rig);
	strcpy(rig.ram + DATA, "hello world!");
	describe(&rig, 0, DATA, 5, VRING_DESC_F_NEXT, 3);
	describe(&rig, 3, DATA + 5, 1, 0, 0);
	describe(&rig, 1, DATA + 6, 6, 0, 0);
	ck_assert_uint_eq(virtqueue_read(&rig.queue, text, sizeof(text)), 0);
	ck_assert(!rang(&rig));
	offer(&rig, 0);
	offer(&rig, 1);
	while ((n = virtqueue_read(&rig.queue, text + done, rooms[_i])))
		done += n;
	ck_assert_str_eq(text, "hello world!");
	ck_assert_uint_eq(used(&rig)->idx, 2);
	ck_assert_uint_eq(used(&rig)->ring[0].id, 0);
	ck_assert_uint_eq(used(&rig)->ring[1].id, 1);
	ck_assert(rang(&rig));
	ck_assert(!rang(&rig));
	end(&rig);
}
END_TEST

START_TEST(writes_into_buffers)
{
	struct rig rig;

	begin(&rig);
	ck_assert_uint_eq(virtqueue_write(&rig.queue, "lost", 4), 0);
	describe(&rig, 2, DATA, 4, VRING_DESC_F_WRITE | VRING_DESC_F_NEXT, 4);
	describe(&rig, 4, DATA + 0x100, 4, VRING_DESC_F_WRITE, 0);
	offer(&rig, 2);
	ck_assert_uint_eq(virtqueue_write(&rig.queue, "0123456789", 10), 8);
	ck_assert_mem_eq(rig.ram + DATA, "0123", 5);
	ck_assert_mem_eq(rig.ram + DATA + 0x100, "4567", 5);
	ck_assert_uint_eq(used(&rig)->ring[0].id, 2);
	ck_assert_uint_eq(used(&rig)->ring[0].len, 8);
	offer(&rig, 4);
	ck_assert_uint_eq(virtqueue_write(&rig.queue, "89", 2), 2);
	ck_assert_uint_eq(used(&rig)->ring[1].len, 2);
	end(&rig);
}
END_TEST

START_TEST(driver_looks_by_itself)
{
	struct rig rig;
	char byte;

	begin(&rig);
	((struct vring_avail *)(rig.ram + AVAIL))->flags = VRING_AVAIL_F_NO_INTERRUPT;
	describe(&rig, 0, DATA, 1, 0, 0);
	offer(&rig, 0);
	ck_assert_uint_eq(virtqueue_read(&rig.queue, &byte, 1), 1);
	ck_assert(!rang(&rig));
	end(&rig);
}
END_TEST

/* The counters run over. */
START_TEST(goes_round)
{
	struct rig rig;
	char byte;

	begin(&rig);
	describe(&rig, 0, DATA, 1, 0, 0);
	for (unsigned int i = 0; i < 70000; i++) {
		rig.ram[DATA] = (char)i;
		offer(&rig, 0);
		ck_assert_uint_eq(virtqueue_read(&rig.queue, &byte, 1), 1);
		ck_assert_int_eq(byte, (char)i);
	}
	ck_assert_uint_eq(used(&rig)->idx, (uint16_t)70000);
	end(&rig);
}
END_TEST

/* Nothing of these can be read or written, and each is given back. */
static const struct {
	uint64_t addr;
	uint32_t len;
	uint16_t flags, next, head;
} hostile[] = {
	{ RAM_SIZE, 1, 0, 0, 0 },
	{ RAM_SIZE - 4, 8, 0, 0, 0 },
	{ UINT64_MAX, 16, 0, 0, 0 },
	{ UINT64_MAX - 7, 8, 0, 0, 0 },
	{ DATA, 0, 0, 0, 0 },
	{ DATA, UINT32_MAX, 0, 0, 0 },
	{ DATA, 0, VRING_DESC_F_NEXT, 0, 0 },      /* a circle of nothing */
	{ DATA, 0, VRING_DESC_F_NEXT, 0xffff, 0 }, /* goes on outside of the table */
	{ DATA, 4, 0, 0, SIZE },                   /* begins there */
	{ DATA, 4, 0, 0, 0xffff },
};

START_TEST(hostile_buffers)
{
	char bytes[64] = "";
	struct rig rig;
	size_t n;

	begin(&rig);
	describe(&rig, 0, hostile[_i].addr, hostile[_i].len, hostile[_i].flags, hostile[_i].next);
	offer(&rig, hostile[_i].head);
	n = virtqueue_read(&rig.queue, bytes, sizeof(bytes));
	ck_assert_uint_eq(n, hostile[_i].len == UINT32_MAX ? sizeof(bytes) : 0);
	if (n == 0)
		ck_assert_uint_eq(used(&rig)->idx, 1);
	offer(&rig, hostile[_i].head);
	ck_assert_uint_eq(virtqueue_write(&rig.queue, bytes, sizeof(bytes)), 0);
	end(&rig);
}
END_TEST

/* More buffers are on offer than the ring can hold. */
START_TEST(too_much_on_offer)
{
	struct rig rig;
	char byte;

	begin(&rig);
	describe(&rig, 0, DATA, 1, 0, 0);
	((struct vring_avail *)(rig.ram + AVAIL))->idx = SIZE + 1;
	ck_assert_uint_eq(virtqueue_read(&rig.queue, &byte, 1), 0);
	ck_assert_uint_eq(virtqueue_write(&rig.queue, &byte, 1), 0);
	ck_assert_uint_eq(used(&rig)->idx, 0);
	end(&rig);
}
END_TEST

/* The used ring lies on the available one. Each buffer that comes back looks like one more. */
START_TEST(rings_overlap)
{
	static char bytes[1024];
	struct rig rig;

	begin(&rig);
	rig.queue.ring.used = rig.queue.ring.available;
	describe(&rig, 0, DATA, 0, 0, 0);
	offer(&rig, 0);
	ck_assert_uint_eq(virtqueue_read(&rig.queue, bytes, sizeof(bytes)), 0);
	ck_assert_uint_eq(available_index(&rig), 1 + SIZE);
	end(&rig);
}
END_TEST

/* A chain in a circle is followed once around, which bounds its bytes. */
START_TEST(circle)
{
	static char bytes[1024];
	struct rig rig;

	begin(&rig);
	describe(&rig, 0, DATA, 16, VRING_DESC_F_NEXT, 1);
	describe(&rig, 1, DATA, 16, VRING_DESC_F_NEXT, 0);
	offer(&rig, 0);
	ck_assert_uint_eq(virtqueue_read(&rig.queue, bytes, sizeof(bytes)), 16 * SIZE);
	ck_assert_uint_eq(used(&rig)->idx, 1);
	end(&rig);
}
END_TEST

UNIT_MAIN("virtqueue", { reads_a_stream, UNIT_COUNT(rooms) }, { writes_into_buffers, 0 },
	  { driver_looks_by_itself, 0 }, { goes_round, 0 },
	  { hostile_buffers, UNIT_COUNT(hostile) }, { too_much_on_offer, 0 }, { rings_overlap, 0 },
	  { circle, 0 })
