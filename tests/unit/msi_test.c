/* SPDX-License-Identifier: MIT */
/* devices/msi.c: the state machine of PCI Local Bus 3.0, 6.8.1, also in hostile hands. */
#include <string.h>

#include "call_log.h"
#include "devices/msi.h"
#include "unit.h"

#define CAP    0x50u
#define WIDE   PCI_MSI_FLAGS_64BIT
#define MASKED PCI_MSI_FLAGS_MASKBIT
#define ENABLE PCI_MSI_FLAGS_ENABLE

/* A function whose only capability is MSI. `pending` is what its owner answers. */
struct bench {
	struct pci_function function;
	struct msi msi;
	uint32_t pending;
	unsigned int told;
};

static void changed(void *owner)
{
	struct bench *bench = owner;

	bench->told++;
	calls_add("changed");
}

static bool vector_pending(void *owner, unsigned int vector)
{
	const struct bench *bench = owner;

	ck_assert_uint_lt(vector, bench->msi.offered);
	return bench->pending & 1u << vector;
}

static const struct msi_ops ops = { changed, vector_pending };

static void begin(struct bench *bench, uint16_t shape, unsigned int vectors)
{
	memset(bench, 0, sizeof(*bench));
	calls_begin();
	pci_function_init(&bench->function, NULL, "function");
	pci_set_word(&bench->function, CAP + PCI_MSI_FLAGS, shape);
	msi_init(&bench->msi, &bench->function, CAP, vectors, &ops, bench);
	calls_expect("");
}

/* Access it as the function's own config_write and config_read do. */
static void put(struct bench *bench, unsigned int reg, unsigned int size, uint32_t value)
{
	pci_config_write(&bench->function, CAP + reg, size, value);
	msi_config_written(&bench->msi, CAP + reg, size);
}

static uint32_t get(struct bench *bench, unsigned int reg, unsigned int size)
{
	msi_config_reading(&bench->msi, CAP + reg, size);
	return pci_config_read(&bench->function, CAP + reg, size);
}

static const struct {
	uint16_t shape;
	unsigned int size, data, mask; /* mask 0: there is none */
} shapes[] = {
	{ 0, 10, 8, 0 },
	{ WIDE, 14, 12, 0 },
	{ MASKED, 20, 8, 12 },
	{ WIDE | MASKED, 24, 12, 16 },
};

/*
 * Every bit of the capability: which of them a write changes, and that the neighbours are left
 * alone.
 */
START_TEST(shapes_and_their_bits)
{
	unsigned int data = shapes[_i].data, mask = shapes[_i].mask;
	static struct bench bench;

	begin(&bench, shapes[_i].shape, 4);
	ck_assert_uint_eq(msi_capability_size(shapes[_i].shape), shapes[_i].size);
	ck_assert_uint_eq(get(&bench, PCI_MSI_FLAGS, 2), shapes[_i].shape | 2 << 1);
	for (unsigned int reg = 0; reg < 28; reg += 4)
		put(&bench, reg, 4, 0xffffffff);
	ck_assert_uint_eq(get(&bench, 0, 2), 0);
	ck_assert_uint_eq(get(&bench, PCI_MSI_FLAGS, 2),
			  shapes[_i].shape | 2 << 1 | 2 << 4 | ENABLE);
	ck_assert_uint_eq(get(&bench, PCI_MSI_ADDRESS_LO, 4), 0xfffffffc);
	if (shapes[_i].shape & WIDE)
		ck_assert_uint_eq(get(&bench, PCI_MSI_ADDRESS_HI, 4), 0xffffffff);
	ck_assert_uint_eq(get(&bench, data, 4), 0xffff);
	if (mask) {
		ck_assert_uint_eq(get(&bench, mask, 4), 0xf);
		ck_assert_uint_eq(get(&bench, mask + 4, 4), 0); /* read-only, and nothing waits */
	} else {
		ck_assert_uint_eq(get(&bench, data + 4, 4), 0);
	}
	ck_assert_uint_eq(get(&bench, shapes[_i].size & ~3u, 4) & 0xffff0000, 0);
}
END_TEST

static const struct {
	unsigned int given, offered, control;
} queues[] = {
	{ 1, 1, 0 },   { 2, 2, 1 },   { 3, 2, 1 },    { 4, 4, 2 },     { 31, 16, 4 },
	{ 32, 32, 5 }, { 64, 32, 5 }, { 128, 32, 5 }, { 4096, 32, 5 },
};

START_TEST(offers_a_power_of_two)
{
	static struct bench bench;

	begin(&bench, MASKED, queues[_i].given);
	ck_assert_uint_eq(bench.msi.offered, queues[_i].offered);
	ck_assert_uint_eq(get(&bench, PCI_MSI_FLAGS, 2), MASKED | queues[_i].control << 1);
}
END_TEST

/*
 * However many vectors a guest asks for, it gets at most as many as are offered, and can read how
 * many.
 */
START_TEST(rule_06_queue_is_clamped)
{
	unsigned int offered_shift = (unsigned int)_i / 8, asked_shift = (unsigned int)_i % 8;
	unsigned int shift = asked_shift < offered_shift ? asked_shift : offered_shift;
	static struct bench bench;

	begin(&bench, WIDE, 1u << offered_shift);
	put(&bench, PCI_MSI_FLAGS, 2, asked_shift << 4 | ENABLE);
	ck_assert_uint_eq(bench.msi.vectors, 1u << shift);
	ck_assert_uint_eq(get(&bench, PCI_MSI_FLAGS, 2),
			  WIDE | offered_shift << 1 | shift << 4 | ENABLE);
	for (unsigned int vector = 0; vector < 40; vector++)
		ck_assert(msi_vector_live(&bench.msi, vector) == (vector < 1u << shift));
}
END_TEST

START_TEST(message_of_each_vector)
{
	static struct bench bench;

	begin(&bench, WIDE | MASKED, 8);
	put(&bench, PCI_MSI_ADDRESS_LO, 4, 0xfee01003);
	put(&bench, PCI_MSI_ADDRESS_HI, 4, 0x11);
	put(&bench, PCI_MSI_DATA_64, 2, 0x41b7);
	put(&bench, PCI_MSI_FLAGS, 2, ENABLE | 3 << 4);
	ck_assert_uint_eq(bench.msi.address, 0x11fee01000);
	for (unsigned int vector = 0; vector < 8; vector++)
		ck_assert_uint_eq(msi_vector_data(&bench.msi, vector), 0x41b0 + vector);
	/* The data of a single vector are its own, bit by bit. */
	put(&bench, PCI_MSI_FLAGS, 2, ENABLE);
	ck_assert_uint_eq(msi_vector_data(&bench.msi, 0), 0x41b7);
}
END_TEST

/* The owner is told exactly when what it has to do may have changed. */
START_TEST(changes_are_told)
{
	static struct bench bench;

	begin(&bench, WIDE | MASKED, 4);
	put(&bench, PCI_MSI_ADDRESS_LO, 4, 0xfee00000);
	put(&bench, PCI_MSI_MASK_64, 4, 3);
	put(&bench, PCI_MSI_FLAGS, 2, 2 << 4); /* MSI is off */
	calls_expect("");
	put(&bench, PCI_MSI_FLAGS, 2, 2 << 4 | ENABLE);
	calls_expect("changed\n");
	put(&bench, PCI_MSI_FLAGS, 2, 2 << 4 | ENABLE);
	put(&bench, PCI_MSI_DATA_64 + 2, 2, 0xffff);
	put(&bench, PCI_MSI_PENDING_64, 4, 0xffff);
	calls_expect("");
	put(&bench, PCI_MSI_DATA_64, 2, 0x40);
	calls_expect("changed\n");
	put(&bench, PCI_MSI_ADDRESS_HI, 4, 1);
	calls_expect("changed\n");
	ck_assert(!msi_vector_live(&bench.msi, 1) && msi_vector_live(&bench.msi, 2));
	put(&bench, PCI_MSI_MASK_64, 1, 4);
	calls_expect("changed\n");
	ck_assert(msi_vector_live(&bench.msi, 1) && !msi_vector_live(&bench.msi, 2));
	put(&bench, PCI_MSI_FLAGS, 2, 1 << 4 | ENABLE);
	calls_expect("changed\n");
	put(&bench, PCI_MSI_FLAGS, 2, 0);
	calls_expect("changed\n");
	put(&bench, PCI_MSI_DATA_64, 2, 0x50);
	calls_expect("");
}
END_TEST

/* The control word can be reached as the dword at +0, the word at +2 or a byte. */
START_TEST(rule_05_control_in_every_size)
{
	static struct bench bench;

	begin(&bench, MASKED, 4);
	put(&bench, 0, 4, (ENABLE | 1u << 4) << 16);
	ck_assert(bench.msi.enabled && bench.msi.vectors == 2);
	put(&bench, PCI_MSI_FLAGS + 1, 1, 0xff);
	put(&bench, 0, 2, 0xffff);
	ck_assert(bench.msi.enabled && bench.msi.vectors == 2);
	put(&bench, PCI_MSI_FLAGS, 1, 0);
	ck_assert(!bench.msi.enabled);
}
END_TEST

START_TEST(pending_shows_behind_a_mask)
{
	static struct bench bench;

	begin(&bench, MASKED, 4);
	bench.pending = 0xd;
	put(&bench, PCI_MSI_MASK_32, 4, 5);
	ck_assert_uint_eq(get(&bench, PCI_MSI_PENDING_32, 4), 0); /* off */
	put(&bench, PCI_MSI_FLAGS, 2, ENABLE | 2 << 4);
	ck_assert_uint_eq(get(&bench, PCI_MSI_PENDING_32, 4), 5);
	ck_assert_uint_eq(get(&bench, PCI_MSI_PENDING_32, 1), 5);
	put(&bench, PCI_MSI_MASK_32, 4, 4); /* unmasked, it is delivered instead */
	ck_assert_uint_eq(get(&bench, PCI_MSI_PENDING_32, 4), 4);
	put(&bench, PCI_MSI_FLAGS, 2, ENABLE); /* only vector 0 is in use now */
	ck_assert_uint_eq(get(&bench, PCI_MSI_PENDING_32, 4), 0);
}
END_TEST

START_TEST(reset_is_power_on)
{
	static struct bench bench;
	struct msi none = { 0 };

	begin(&bench, WIDE | MASKED, 4);
	for (unsigned int reg = 0; reg < 24; reg += 4)
		put(&bench, reg, 4, 0xffffffff);
	calls_begin();
	msi_reset(&bench.msi);
	calls_expect("changed\n");
	ck_assert(!bench.msi.enabled);
	ck_assert_uint_eq(get(&bench, PCI_MSI_FLAGS, 2), WIDE | MASKED | 2 << 1);
	for (unsigned int reg = 4; reg < 24; reg += 4)
		ck_assert_uint_eq(get(&bench, reg, 4), 0);
	msi_reset(&bench.msi);
	calls_expect("");
	/* The function has no such capability. */
	msi_reset(&none);
	msi_config_written(&none, 0, 4);
	msi_config_reading(&none, 0, 4);
	ck_assert(!msi_vector_live(&none, 0));
}
END_TEST

/*
 * After any write anywhere, the state is one that the specification has, and the owner is told no
 * more than that.
 */
START_TEST(rule_29_random_walk)
{
	static struct bench bench;
	uint32_t seed = 5;

	begin(&bench, shapes[_i].shape, 8);
	for (unsigned int round = 0; round < 200000; round++) {
		unsigned int size = 1u << (seed >> 8 & 3) % 3;
		unsigned int offset = (CAP - 8 + (seed >> 16 & 0x2f)) & ~(size - 1);

		pci_config_write(&bench.function, offset, size, seed * 2654435761u);
		msi_config_written(&bench.msi, offset, size);
		msi_config_reading(&bench.msi, offset, size);
		ck_assert_uint_le(bench.msi.vectors, 8);
		ck_assert_uint_eq(bench.msi.address & 3, 0);
		ck_assert_uint_eq(bench.msi.mask & ~0xffu, 0);
		ck_assert_uint_eq(bench.function.config[CAP + PCI_MSI_FLAGS] & PCI_MSI_FLAGS_QMASK,
				  3 << 1);
		seed = seed * 1664525 + 1013904223;
	}
	ck_assert_uint_gt(bench.told, 100);
}
END_TEST

UNIT_MAIN("msi", { shapes_and_their_bits, UNIT_COUNT(shapes) },
	  { offers_a_power_of_two, UNIT_COUNT(queues) }, { rule_06_queue_is_clamped, 6 * 8 },
	  { message_of_each_vector, 0 }, { changes_are_told, 0 },
	  { rule_05_control_in_every_size, 0 }, { pending_shows_behind_a_mask, 0 },
	  { reset_is_power_on, 0 }, { rule_29_random_walk, UNIT_COUNT(shapes) })
