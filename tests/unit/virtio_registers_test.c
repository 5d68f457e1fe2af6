/* SPDX-License-Identifier: MIT */
/* devices/virtio_registers.c: VIRTIO 1.1, 2.1, 3.1.1 and 4.1.4.3, also in hostile hands. */
#include <linux/virtio_config.h>
#include <linux/virtio_pci.h>

#include "call_log.h"
#include "devices/virtio_registers.h"
#include "unit.h"

#define OFFERED (1ull << VIRTIO_F_VERSION_1 | 0x30)
#define READY   (VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER | VIRTIO_CONFIG_S_FEATURES_OK)
#define STATUS  VIRTIO_PCI_COMMON_STATUS

static bool can_start;

static bool start(void *owner)
{
	(void)owner;
	calls_add("start");
	return can_start;
}

static void stop(void *owner)
{
	(void)owner;
	calls_add("stop");
}

static void vector_changed(void *owner, unsigned int queue)
{
	(void)owner;
	calls_add("vector of queue %u", queue);
}

static const struct virtio_registers_ops ops = { start, stop, vector_changed };

static void begin(struct virtio_registers *registers)
{
	can_start = true;
	calls_begin();
	virtio_registers_init(registers, OFFERED, 2, 3, &ops, NULL);
}

/* Access a register with its own size. */
static uint64_t get(struct virtio_registers *registers, unsigned int offset, unsigned int size)
{
	return virtio_registers_read(registers, offset, size);
}

static void choose(struct virtio_registers *registers, uint64_t features)
{
	for (unsigned int half = 0; half < 2; half++) {
		virtio_registers_write(registers, VIRTIO_PCI_COMMON_GFSELECT, 4, half);
		virtio_registers_write(registers, VIRTIO_PCI_COMMON_GF, 4,
				       (uint32_t)(features >> (32 * half)));
	}
	virtio_registers_write(registers, STATUS, 1, READY);
}

START_TEST(features)
{
	struct virtio_registers registers;

	begin(&registers);
	ck_assert_uint_eq(get(&registers, VIRTIO_PCI_COMMON_DF, 4), 0x30);
	virtio_registers_write(&registers, VIRTIO_PCI_COMMON_DFSELECT, 4, 1);
	ck_assert_uint_eq(get(&registers, VIRTIO_PCI_COMMON_DF, 4), 1);
	virtio_registers_write(&registers, VIRTIO_PCI_COMMON_DFSELECT, 4, 2);
	ck_assert_uint_eq(get(&registers, VIRTIO_PCI_COMMON_DF, 4), 0);
	virtio_registers_write(&registers, VIRTIO_PCI_COMMON_DF, 4, 0xffff);
	choose(&registers, OFFERED & ~0x10ull);
	ck_assert_uint_eq(get(&registers, STATUS, 1), READY);
	ck_assert_uint_eq(registers.chosen, OFFERED & ~0x10ull);
	virtio_registers_write(&registers, VIRTIO_PCI_COMMON_GF, 4, 0xffff);
	ck_assert_uint_eq(registers.chosen, OFFERED & ~0x10ull);
}
END_TEST

/*
 * A driver accepts what was not offered, or is from before version 1. FEATURES_OK does not stay
 * set.
 */
static const uint64_t wrong_features[] = { OFFERED | 1, OFFERED | 1ull << 63, 0x30, 0 };

START_TEST(features_refused)
{
	struct virtio_registers registers;

	begin(&registers);
	choose(&registers, wrong_features[_i]);
	ck_assert_uint_eq(get(&registers, STATUS, 1), READY & ~VIRTIO_CONFIG_S_FEATURES_OK);
	virtio_registers_write(&registers, STATUS, 1,
			       VIRTIO_CONFIG_S_DRIVER | VIRTIO_CONFIG_S_DRIVER_OK);
	calls_expect("");
}
END_TEST

START_TEST(starts_once_and_stops)
{
	struct virtio_registers registers;

	begin(&registers);
	choose(&registers, OFFERED);
	virtio_registers_write(&registers, STATUS, 1, READY | VIRTIO_CONFIG_S_DRIVER_OK);
	virtio_registers_write(&registers, STATUS, 1, READY | VIRTIO_CONFIG_S_DRIVER_OK);
	virtio_registers_write(&registers, STATUS, 1, VIRTIO_CONFIG_S_DRIVER);
	ck_assert_uint_eq(get(&registers, STATUS, 1), READY | VIRTIO_CONFIG_S_DRIVER_OK);
	virtio_registers_write(&registers, STATUS, 1, 0);
	virtio_registers_write(&registers, STATUS, 1, 0);
	ck_assert_uint_eq(get(&registers, STATUS, 1), 0);
	ck_assert_uint_eq(registers.chosen, 0);
	calls_expect("start\nstop\n");
}
END_TEST

/* The device says that it cannot. After a reset the driver may try again. */
START_TEST(cannot_start)
{
	struct virtio_registers registers;

	begin(&registers);
	can_start = false;
	choose(&registers, OFFERED);
	virtio_registers_write(&registers, STATUS, 1, READY | VIRTIO_CONFIG_S_DRIVER_OK);
	ck_assert_uint_eq(get(&registers, STATUS, 1),
			  READY | VIRTIO_CONFIG_S_DRIVER_OK | VIRTIO_CONFIG_S_NEEDS_RESET);
	virtio_registers_write(&registers, STATUS, 1, 0);
	ck_assert_uint_eq(get(&registers, STATUS, 1), 0);
	calls_expect("start\nstop\n");
}
END_TEST

START_TEST(queues)
{
	struct virtio_registers registers;

	begin(&registers);
	ck_assert_uint_eq(get(&registers, VIRTIO_PCI_COMMON_NUMQ, 2), 2);
	virtio_registers_write(&registers, VIRTIO_PCI_COMMON_Q_SELECT, 2, 1);
	ck_assert_uint_eq(get(&registers, VIRTIO_PCI_COMMON_Q_SIZE, 2), VIRTIO_QUEUE_SIZE_MAX);
	ck_assert_uint_eq(get(&registers, VIRTIO_PCI_COMMON_Q_NOFF, 2), 1);
	for (unsigned int size = 0; size < 3; size++) /* 0, not a power of two, too many */
		virtio_registers_write(&registers, VIRTIO_PCI_COMMON_Q_SIZE, 2,
				       (const uint16_t[]){ 0, 48, 512 }[size]);
	ck_assert_uint_eq(get(&registers, VIRTIO_PCI_COMMON_Q_SIZE, 2), VIRTIO_QUEUE_SIZE_MAX);
	virtio_registers_write(&registers, VIRTIO_PCI_COMMON_Q_SIZE, 2, 64);
	virtio_registers_write(&registers, VIRTIO_PCI_COMMON_Q_DESCLO, 4, 0x1000);
	virtio_registers_write(&registers, VIRTIO_PCI_COMMON_Q_DESCHI, 4, 0x1);
	virtio_registers_write(&registers, VIRTIO_PCI_COMMON_Q_AVAILLO, 4, 0x2000);
	virtio_registers_write(&registers, VIRTIO_PCI_COMMON_Q_USEDHI, 4, 0x3);
	virtio_registers_write(&registers, VIRTIO_PCI_COMMON_Q_ENABLE, 2, 1);
	/* From here on all of it holds. */
	virtio_registers_write(&registers, VIRTIO_PCI_COMMON_Q_ENABLE, 2, 0);
	virtio_registers_write(&registers, VIRTIO_PCI_COMMON_Q_SIZE, 2, 32);
	virtio_registers_write(&registers, VIRTIO_PCI_COMMON_Q_DESCLO, 4, 0x9000);
	ck_assert_uint_eq(get(&registers, VIRTIO_PCI_COMMON_Q_ENABLE, 2), 1);
	ck_assert_uint_eq(registers.queues[1].size, 64);
	ck_assert_uint_eq(registers.queues[1].descriptors, 0x100001000);
	ck_assert_uint_eq(registers.queues[1].available, 0x2000);
	ck_assert_uint_eq(registers.queues[1].used, 0x300000000);
	ck_assert_uint_eq(get(&registers, VIRTIO_PCI_COMMON_Q_DESCHI, 4), 1);
	ck_assert_uint_eq(get(&registers, VIRTIO_PCI_COMMON_Q_AVAILLO, 4), 0x2000);
	ck_assert_uint_eq(get(&registers, VIRTIO_PCI_COMMON_Q_USEDHI, 4), 3);
	ck_assert(!registers.queues[0].enabled);
}
END_TEST

START_TEST(no_such_queue)
{
	struct virtio_registers registers;

	begin(&registers);
	virtio_registers_write(&registers, VIRTIO_PCI_COMMON_Q_SELECT, 2, _i ? 0xffff : 2);
	for (unsigned int offset = VIRTIO_PCI_COMMON_Q_SIZE; offset < VIRTIO_REGISTERS_SIZE;
	     offset++) {
		virtio_registers_write(&registers, offset, 2, 1);
		virtio_registers_write(&registers, offset, 4, 1);
	}
	ck_assert_uint_eq(get(&registers, VIRTIO_PCI_COMMON_Q_SIZE, 2), 0);
	ck_assert_uint_eq(get(&registers, VIRTIO_PCI_COMMON_Q_ENABLE, 2), 0);
	ck_assert_uint_eq(get(&registers, VIRTIO_PCI_COMMON_Q_MSIX, 2), VIRTIO_MSI_NO_VECTOR);
	calls_expect("");
}
END_TEST

START_TEST(vectors)
{
	struct virtio_registers registers;

	begin(&registers);
	ck_assert_uint_eq(get(&registers, VIRTIO_PCI_COMMON_MSIX, 2), VIRTIO_MSI_NO_VECTOR);
	virtio_registers_write(&registers, VIRTIO_PCI_COMMON_MSIX, 2, 2);
	ck_assert_uint_eq(get(&registers, VIRTIO_PCI_COMMON_MSIX, 2), 2);
	virtio_registers_write(&registers, VIRTIO_PCI_COMMON_MSIX, 2, 3);
	ck_assert_uint_eq(get(&registers, VIRTIO_PCI_COMMON_MSIX, 2), VIRTIO_MSI_NO_VECTOR);
	virtio_registers_write(&registers, VIRTIO_PCI_COMMON_Q_MSIX, 2, 1);
	ck_assert_uint_eq(get(&registers, VIRTIO_PCI_COMMON_Q_MSIX, 2), 1);
	virtio_registers_write(&registers, VIRTIO_PCI_COMMON_Q_MSIX, 2, 7);
	ck_assert_uint_eq(get(&registers, VIRTIO_PCI_COMMON_Q_MSIX, 2), VIRTIO_MSI_NO_VECTOR);
	calls_expect("vector of queue 0\nvector of queue 0\n");
}
END_TEST

/* Any other access than to a whole register reads all-ones and changes nothing. */
START_TEST(whole_registers_only)
{
	struct virtio_registers registers;

	begin(&registers);
	for (unsigned int offset = 0; offset < 2 * VIRTIO_REGISTERS_SIZE; offset++)
		for (unsigned int size = 1; size <= 8; size *= 2) {
			bool is_register =
				virtio_registers_name(offset) &&
				virtio_registers_read(&registers, offset, size) != UINT64_MAX;

			if (!is_register)
				virtio_registers_write(&registers, offset, size, UINT64_MAX);
		}
	ck_assert_uint_eq(get(&registers, VIRTIO_PCI_COMMON_Q_SELECT, 1), UINT64_MAX);
	ck_assert_uint_eq(registers.status, 0);
	ck_assert_uint_eq(registers.queue_select, 0);
	ck_assert_uint_eq(registers.chosen, 0);
	calls_expect("");
}
END_TEST

UNIT_MAIN("virtio_registers", { features, 0 }, { features_refused, UNIT_COUNT(wrong_features) },
	  { starts_once_and_stops, 0 }, { cannot_start, 0 }, { queues, 0 }, { no_such_queue, 2 },
	  { vectors, 0 }, { whole_registers_only, 0 })
