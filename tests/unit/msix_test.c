/* SPDX-License-Identifier: MIT */
/* devices/msix.c: the state machine of PCI Local Bus 3.0, 6.8.2, also in hostile hands. */
#include <errno.h>
#include <linux/pci_regs.h>
#include <string.h>

#include "call_log.h"
#include "devices/msix.h"
#include "unit.h"

#define ENABLE PCI_MSIX_FLAGS_ENABLE
#define MASK   PCI_MSIX_FLAGS_MASKALL

/* The owner writes down what it is told, and knows which vectors have something pending. */
struct owner {
	bool pending[MSIX_VECTORS_MAX];
	unsigned int asked; /* highest vector it was asked for, plus 1 */
};

static void vector_changed(void *owner, unsigned int vector)
{
	(void)owner;
	calls_add("vector %u", vector);
}

static bool vector_pending(void *arg, unsigned int vector)
{
	struct owner *owner = arg;

	if (vector >= owner->asked)
		owner->asked = vector + 1;
	return owner->pending[vector];
}

static void control_changed(void *owner)
{
	(void)owner;
	calls_add("control");
}

static const struct msix_ops ops = { vector_changed, vector_pending, control_changed };
static struct owner owner;

static void begin(struct msix *msix, unsigned int vectors)
{
	memset(&owner, 0, sizeof(owner));
	calls_begin();
	ck_assert_int_eq(msix_init(msix, vectors, &ops, &owner), 0);
	calls_expect("");
}

static void write_entry(struct msix *msix, unsigned int vector, uint64_t address, uint32_t data,
			uint32_t control)
{
	msix_table_write(msix, 16 * vector, 8, address);
	msix_table_write(msix, 16 * vector + 8, 8, data | (uint64_t)control << 32);
}

static const struct {
	unsigned int vectors, table, pba;
} sizes[] = {
	{ 1, 16, 8 },      { 2, 32, 8 },         { 63, 1008, 8 },
	{ 64, 1024, 8 },   { 65, 1040, 16 },     { 128, 2048, 16 },
	{ 129, 2064, 24 }, { 2047, 32752, 256 }, { 2048, 32768, 256 },
};

START_TEST(rule_05_sizes_of_table_and_pba)
{
	struct msix msix;

	begin(&msix, sizes[_i].vectors);
	ck_assert_uint_eq(msix_table_size(&msix), sizes[_i].table);
	ck_assert_uint_eq(msix_pba_size(&msix), sizes[_i].pba);
	msix_destroy(&msix);
	msix_destroy(&msix);
}
END_TEST

START_TEST(starts_masked_and_off)
{
	struct msix msix;

	begin(&msix, 65);
	ck_assert(!msix.enabled && !msix.function_masked);
	for (unsigned int i = 0; i < 65; i++) {
		ck_assert_uint_eq(msix_table_read(&msix, 16 * i, 8), 0);
		ck_assert_uint_eq(msix_table_read(&msix, 16 * i + 8, 8), 1ull << 32);
		ck_assert(!msix_vector_live(&msix, i));
	}
	msix_destroy(&msix);
}
END_TEST

START_TEST(entry_by_dwords_or_quadwords)
{
	struct msix msix;

	begin(&msix, 4);
	write_entry(&msix, 2, 0x11223344fee00010, 0x55667788, 0);
	ck_assert_uint_eq(msix_vector_address(&msix, 2), 0x11223344fee00010);
	ck_assert_uint_eq(msix_vector_data(&msix, 2), 0x55667788);
	ck_assert_uint_eq(msix_table_read(&msix, 32, 4), 0xfee00010);
	ck_assert_uint_eq(msix_table_read(&msix, 36, 4), 0x11223344);
	ck_assert_uint_eq(msix_table_read(&msix, 40, 8), 0x55667788);
	msix_table_write(&msix, 32, 4, 0xaaaaaaa0);
	msix_table_write(&msix, 36, 4, 0xbbbbbbbb);
	msix_table_write(&msix, 40, 4, 0xcccccccc);
	msix_table_write(&msix, 44, 4, 0xffffffff);
	ck_assert_uint_eq(msix_table_read(&msix, 32, 8), 0xbbbbbbbbaaaaaaa0);
	/* Of vector control only the mask sticks. */
	ck_assert_uint_eq(msix_table_read(&msix, 40, 8), 0x1cccccccc);
	/* The neighbours were not touched. */
	ck_assert_uint_eq(msix_table_read(&msix, 16, 8) | msix_table_read(&msix, 48, 8), 0);
	msix_destroy(&msix);
}
END_TEST

/* The owner is told exactly when what it has to do may have changed. */
START_TEST(changes_are_told)
{
	struct msix msix;

	begin(&msix, 3);
	write_entry(&msix, 1, 0xfee00000, 0x41, 0); /* MSI-X is off */
	calls_expect("");
	msix_control_write(&msix, ENABLE);
	calls_expect("control\n");
	ck_assert(msix_vector_live(&msix, 1) && !msix_vector_live(&msix, 0));
	write_entry(&msix, 0, 0xfee00000, 0x42, 1); /* behind its mask */
	calls_expect("");
	msix_table_write(&msix, 12, 4, 0);
	calls_expect("vector 0\n");
	msix_table_write(&msix, 8, 4, 0x43); /* while live */
	calls_expect("vector 0\n");
	msix_table_write(&msix, 12, 4, 1);
	calls_expect("vector 0\n");
	ck_assert(!msix_vector_live(&msix, 0));
	msix_control_write(&msix, ENABLE);
	calls_expect("");
	msix_control_write(&msix, 0);
	calls_expect("control\n");
	ck_assert(!msix_vector_live(&msix, 1));
	msix_destroy(&msix);
}
END_TEST

START_TEST(function_mask_covers_all)
{
	struct msix msix;

	begin(&msix, 3);
	msix_control_write(&msix, ENABLE | MASK);
	calls_expect("control\n");
	write_entry(&msix, 0, 0xfee00000, 0x41, 0);
	write_entry(&msix, 2, 0xfee00000, 0x42, 0);
	ck_assert(!msix_vector_live(&msix, 0) && !msix_vector_live(&msix, 2));
	calls_begin();
	msix_control_write(&msix, ENABLE);
	calls_expect("control\n");
	ck_assert(msix_vector_live(&msix, 0) && msix_vector_live(&msix, 2));
	ck_assert(!msix_vector_live(&msix, 1));
	msix_control_write(&msix, ENABLE | MASK);
	calls_expect("control\n");
	ck_assert(!msix_vector_live(&msix, 0));
	/* A write of the mask alone, while MSI-X is off, concerns nobody. */
	msix_control_write(&msix, MASK);
	calls_expect("control\n");
	msix_control_write(&msix, 0);
	calls_expect("");
	msix_destroy(&msix);
}
END_TEST

/* Bits of the control word that are not ENABLE and MASKALL change nothing. */
START_TEST(control_has_two_bits)
{
	struct msix msix;

	begin(&msix, 3);
	msix_control_write(&msix, (uint16_t) ~(ENABLE | MASK));
	calls_expect("");
	ck_assert(!msix.enabled && !msix.function_masked);
	msix_control_write(&msix, 0xffff);
	calls_expect("control\n");
	ck_assert(msix.enabled && msix.function_masked && msix.vectors == 3);
	msix_destroy(&msix);
}
END_TEST

START_TEST(pending_shows_behind_a_mask)
{
	struct msix msix;

	begin(&msix, 65);
	owner.pending[3] = owner.pending[64] = true;
	ck_assert_uint_eq(msix_pba_read(&msix, 0, 8), 0); /* off */
	msix_control_write(&msix, ENABLE);
	ck_assert_uint_eq(msix_pba_read(&msix, 0, 8), 1u << 3);
	ck_assert_uint_eq(msix_pba_read(&msix, 0, 4), 1u << 3);
	ck_assert_uint_eq(msix_pba_read(&msix, 4, 4), 0);
	ck_assert_uint_eq(msix_pba_read(&msix, 8, 8), 1);
	ck_assert_uint_eq(msix_pba_read(&msix, 12, 4), 0);
	ck_assert_uint_eq(owner.asked, 65); /* never past the last vector */
	/* A vector that is unmasked is delivered instead. One that is masked again shows. */
	write_entry(&msix, 3, 0xfee00000, 0x41, 0);
	ck_assert_uint_eq(msix_pba_read(&msix, 0, 8), 0);
	msix_control_write(&msix, ENABLE | MASK);
	ck_assert_uint_eq(msix_pba_read(&msix, 0, 8), 1u << 3);
	msix_destroy(&msix);
}
END_TEST

START_TEST(reset_is_power_on)
{
	struct msix msix;

	begin(&msix, 5);
	msix_control_write(&msix, ENABLE | MASK);
	write_entry(&msix, 4, 0xfee00000, 0x41, 0);
	calls_begin();
	msix_reset(&msix);
	calls_expect("control\n");
	ck_assert(!msix.enabled && !msix.function_masked);
	ck_assert_uint_eq(msix_table_read(&msix, 64, 8), 0);
	ck_assert_uint_eq(msix_table_read(&msix, 72, 8), 1ull << 32);
	msix_reset(&msix);
	calls_expect("");
	msix_destroy(&msix);
}
END_TEST

static bool defined(uint64_t offset, unsigned int size, uint64_t limit)
{
	return (size == 4 || size == 8) && offset % size == 0 && offset < limit &&
	       size <= limit - offset;
}

/*
 * Every size at every offset around table and PBA. What the specification does not define reads
 * as all-ones, changes nothing and tells nobody.
 */
START_TEST(rule_29_every_size_every_offset)
{
	static const uint64_t far[] = { UINT64_MAX,        UINT64_MAX - 7,    UINT32_MAX,
					1ull << 32,        (1ull << 32) + 16, 1ull << 36,
					0xfffffffffffffff0 };
	struct msix msix;

	begin(&msix, 65);
	msix_control_write(&msix, ENABLE);
	for (uint64_t i = 0; i < 1100 + UNIT_COUNT(far); i++)
		for (unsigned int size = 1; size <= 8; size++) {
			uint64_t offset = i < 1100 ? i : far[i - 1100];
			uint32_t table[65 * 4];
			uint64_t pba;

			memcpy(table, msix.table, sizeof(table));
			calls_begin();
			pba = msix_pba_read(&msix, offset, size);
			ck_assert_uint_eq(pba, defined(offset, size, 16) ? 0 : UINT64_MAX);
			if (defined(offset, size, sizeof(table)))
				continue;
			ck_assert_uint_eq(msix_table_read(&msix, offset, size), UINT64_MAX);
			msix_table_write(&msix, offset, size, 0);
			ck_assert_uint_eq(calls_count(""), 0);
			ck_assert_int_eq(memcmp(table, msix.table, sizeof(table)), 0);
		}
	msix_destroy(&msix);
}
END_TEST

UNIT_MAIN("msix", { rule_05_sizes_of_table_and_pba, UNIT_COUNT(sizes) },
	  { starts_masked_and_off, 0 }, { entry_by_dwords_or_quadwords, 0 },
	  { changes_are_told, 0 }, { function_mask_covers_all, 0 }, { control_has_two_bits, 0 },
	  { pending_shows_behind_a_mask, 0 }, { reset_is_power_on, 0 },
	  { rule_29_every_size_every_offset, 0 })
