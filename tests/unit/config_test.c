/* SPDX-License-Identifier: MIT */
/* vfio/vfio_config.c: what the guest sees of a device's registers, and what it may change. */
#include <errno.h>
#include <string.h>

#include "call_log.h"
#include "config_view.h"
#include "stderr_text.h"
#include "unit.h"
#include "vfio/vfio_explain.h"

#define AER_AT 0x100u

/* ---- what may be written ---- */

struct allowed {
	unsigned int offset;
	uint32_t bits;
};

static uint8_t allowed_at(const struct allowed *allowed, size_t count, unsigned int at)
{
	for (size_t i = 0; i < count; i++)
		if (at >= allowed[i].offset && at < allowed[i].offset + 4)
			return (uint8_t)(allowed[i].bits >> (8 * (at - allowed[i].offset)));
	return 0;
}

/*
 * Registers that belong to no capability are the driver's, behind the last capability and before
 * the first one.
 */
static bool in_a_gap(unsigned int at, unsigned int last_cap_end)
{
	return (at >= last_cap_end && at < PCI_CFG_SPACE_SIZE) ||
	       (at >= AER_AT + 0x2c && at < 0x180) || (at >= 0x180 + 64 && at < 0x200) ||
	       at >= 0x200 + 52;
}

/* A guest writes ones everywhere, in every size. Only the bits on the list reach the device. */
START_TEST(rule_15_writes_by_allow_list)
{
	static struct view view;
	static uint8_t before[FAKE_CONFIG];
	unsigned int pm, exp, msi, vendor, size = 1u << _i;

	view_begin(&view);
	pm = view.fake.pm_cap;
	exp = view.fake.exp_cap;
	fake_add_msix(&view.fake, 8, 0x2000, 0x3000);
	msi = fake_add_cap(&view.fake, PCI_CAP_ID_MSI, 12);
	vendor = fake_add_cap(&view.fake, PCI_CAP_ID_VNDR, 4);
	fake_add_ext_cap(&view.fake, AER_AT, PCI_EXT_CAP_ID_ERR);
	fake_add_ext_cap(&view.fake, 0x180, PCI_EXT_CAP_ID_SRIOV);
	fake_add_ext_cap(&view.fake, 0x200, PCI_EXT_CAP_ID_REBAR);
	view.fake.config[0x200 + PCI_REBAR_CTRL] = 6 << PCI_REBAR_CTRL_NBAR_SHIFT;
	ck_assert_int_eq(view_look(&view), 0);
	memcpy(before, view.fake.config, sizeof(before));
	for (unsigned int offset = 0; offset < FAKE_CONFIG; offset += size)
		vfio_config_forward(&view.config, offset, size, UINT32_MAX);
	const struct allowed allowed[] = {
		{ PCI_COMMAND, 0xf9000557 }, /* and the error bits of STATUS, by writing ones */
		{ PCI_CACHE_LINE_SIZE, PCI_BIST_START << 24 },
		{ pm + PCI_PM_CTRL, 0x1e03 },
		{ msi + PCI_MSI_DATA_32, 0xffff0000 }, /* behind its data: no capability's */
		{ vendor, 0xff000000 },                /* behind its length */
		{ exp + PCI_EXP_DEVCTL, 0x000ff9ff },
		{ exp + PCI_EXP_DEVCTL2, 0x135f },
		{ AER_AT + PCI_ERR_UNCOR_STATUS, UINT32_MAX },
		{ AER_AT + PCI_ERR_UNCOR_MASK, UINT32_MAX },
		{ AER_AT + PCI_ERR_UNCOR_SEVER, UINT32_MAX },
		{ AER_AT + PCI_ERR_COR_STATUS, UINT32_MAX },
		{ AER_AT + PCI_ERR_COR_MASK, UINT32_MAX },
		{ AER_AT + PCI_ERR_CAP, PCI_ERR_CAP_ECRC_GENE | PCI_ERR_CAP_ECRC_CHKE },
	};
	for (unsigned int at = 0; at < FAKE_CONFIG; at++) {
		uint8_t changed = before[at] ^ view.fake.config[at];
		uint8_t may = in_a_gap(at, view.fake.last_cap_end)
				      ? 0xff
				      : allowed_at(allowed, UNIT_COUNT(allowed), at);

		ck_assert_msg(!(changed & ~may), "byte %#x: bits %#x changed", at, changed & ~may);
		ck_assert_msg((view.fake.config[at] & may) == may, "byte %#x: dropped", at);
	}
}
END_TEST

static unsigned int vendor_open(struct view *view, unsigned int cap, unsigned int size)
{
	unsigned int open = 0;

	vfio_config_forward(&view->config, cap, 4, UINT32_MAX);
	for (unsigned int at = cap + 4; at < cap + size + 4; at++)
		vfio_config_forward(&view->config, at, 1, 0xa5);
	for (unsigned int at = cap; at < cap + size + 4; at++)
		open += view->fake.config[at] == 0xa5 || view->fake.config[at] == 0xff;
	return open;
}

/* The capability is as long as it says, but never reaches into the next one or past the end. */
static const struct {
	uint8_t says;
	unsigned int next_at, open;
} vendors[] = {
	/* what it does not claim is the driver's as well, but for its header */
	{ 0, 0, 17 }, { 3, 0, 17 }, { 4, 0, 17 }, { 16, 0, 17 }, { 16, 16, 13 }, { 200, 16, 13 },
};

START_TEST(rule_15_vendor_registers_end_where_they_say)
{
	static struct view view;
	unsigned int cap;

	view_begin(&view);
	cap = fake_add_cap(&view.fake, PCI_CAP_ID_VNDR, 16);
	view.fake.config[cap + PCI_CAP_FLAGS] = vendors[_i].says;
	if (vendors[_i].next_at)
		fake_add_cap(&view.fake, PCI_CAP_ID_DBG, 8);
	ck_assert_int_eq(view_look(&view), 0);
	ck_assert_uint_eq(vendor_open(&view, cap, 16), vendors[_i].open);
}
END_TEST

START_TEST(rule_15_extended_vendor_registers_too)
{
	static struct view view;
	uint32_t header = 0x18u << 20;

	view_begin(&view);
	fake_add_ext_cap(&view.fake, 0x100, PCI_EXT_CAP_ID_VNDR);
	fake_add_ext_cap(&view.fake, 0x118, PCI_EXT_CAP_ID_DSN);
	fake_add_ext_cap(&view.fake, 0xff8, PCI_EXT_CAP_ID_VNDR);
	memcpy(&view.fake.config[0x104], &header, 4);
	header = 0xfffu << 20;
	memcpy(&view.fake.config[0xffc], &header, 4);
	ck_assert_int_eq(view_look(&view), 0);
	vfio_config_forward(&view.config, 0x104, 4, UINT32_MAX);
	ck_assert_uint_eq(view_get(&view, 0x104, 4), 0x18u << 20);
	for (unsigned int at = 0x108; at < 0x120; at++)
		vfio_config_forward(&view.config, at, 1, 0x5a);
	for (unsigned int at = 0x108; at < 0x120; at++)
		ck_assert(at < 0x118 ? view.fake.config[at] == 0x5a : view.fake.config[at] != 0x5a);
	vfio_config_forward(&view.config, 0xffc, 4, UINT32_MAX);
	ck_assert_uint_eq(view.fake.config[0xffc], 0);
}
END_TEST

/* Each byte that the guest reads and that the device has otherwise has a reason in words. */
START_TEST(rule_15_each_difference_is_explained)
{
	static const struct {
		unsigned int offset;
		const char *words;
	} rows[] = {
		{ PCI_COMMAND, "switched on" },
		{ PCI_HEADER_TYPE, "more functions" },
		{ PCI_BASE_ADDRESS_3, "addresses" },
		{ PCI_INTERRUPT_LINE, "number" },
		{ AER_AT + 3, "the list leaves out" },
		{ 0x180, "virtual functions" },
		{ 0x203, "new window" },
	};
	static struct view view;
	unsigned int exp;

	view_begin(&view);
	exp = view.fake.exp_cap;
	memset(&view.fake.config[PCI_COMMAND], 0x07, 1);
	memset(&view.fake.config[PCI_INTERRUPT_LINE], 11, 1);
	fake_add_bar(&view.fake, 0, 0x4000, 0, false);
	fake_add_cap(&view.fake, PCI_CAP_ID_AGP, 12);
	fake_add_cap(&view.fake, PCI_CAP_ID_VNDR, 16);
	fake_add_ext_cap(&view.fake, AER_AT, PCI_EXT_CAP_ID_ERR);
	fake_add_ext_cap(&view.fake, 0x180, PCI_EXT_CAP_ID_SRIOV);
	fake_add_ext_cap(&view.fake, 0x200, PCI_EXT_CAP_ID_REBAR);
	ck_assert_int_eq(view_look(&view), 0);
	for (unsigned int at = 0; at < FAKE_CONFIG; at++)
		if (view_get(&view, at, 1) != view.fake.config[at])
			ck_assert_msg(vfio_explain_read(&view.config, at), "byte %#x", at);
	for (size_t i = 0; i < UNIT_COUNT(rows); i++)
		ck_assert_ptr_nonnull(
			strstr(vfio_explain_read(&view.config, rows[i].offset), rows[i].words));
	ck_assert_ptr_nonnull(
		strstr(vfio_explain_read(&view.config, exp + PCI_EXP_LNKSTA), "no link"));
	ck_assert_ptr_nonnull(
		strstr(vfio_explain_read(&view.config, exp + PCI_EXP_FLAGS), "integrated"));
	ck_assert_ptr_null(vfio_explain_read(&view.config, exp + PCI_EXP_DEVSTA));
	ck_assert_ptr_null(vfio_explain_read(&view.config, 0x300));
}
END_TEST

/* ---- what no capability claims, and what in capabilities concerns the function alone ---- */

/* Where drivers of real devices write, and where nobody may write, on a device that has both. */
static const struct {
	unsigned int at, size;
	bool reaches;
} gaps[] = {
	{ 0xfc, 4, true },   /* be2net switches its interrupts on */
	{ 0xf4, 1, true },   /* the firmware loader of Renesas' xHCI */
	{ 0xff, 1, true },   /* the last byte */
	{ 0x90, 4, true },   /* between two capabilities, behind the end of the first */
	{ 0x8c, 4, false },  /* reserved in it: MSI-X is 12 bytes */
	{ 0x98, 2, false },  /* Debug Port's own */
	{ 0x9c, 2, true },   /* behind it */
	{ 0xa5, 1, false },  /* the last byte of Advanced Features */
	{ 0xa6, 2, true },   /* behind it, in the same dword */
	{ 0xb0, 2, false },  /* MSI's data */
	{ 0xb2, 2, true },   /* behind it, in the same dword: the network cards of the lab */
	{ 0x36, 2, false },  /* reserved in the header */
	{ 0x12c, 4, true },  /* behind AER: what follows the header log is a port's */
	{ 0x128, 4, false }, /* AER's last */
	{ 0x1bc, 4, false }, /* SR-IOV, which is hidden and the host's all the same */
	{ 0x700, 4, true },  /* port logic that no list names */
	{ 0xffe, 2, true },
};

START_TEST(rule_31_registers_of_no_capability)
{
	static struct view view;
	uint32_t ones = UINT32_MAX;

	view_begin(&view);
	ck_assert_uint_le(view.fake.last_cap_end, 0x84);
	view.fake.last_cap_end = 0x84;
	ck_assert_uint_eq(fake_add_cap(&view.fake, PCI_CAP_ID_MSIX, 16), 0x84);
	view.fake.last_cap_end = 0x98;
	ck_assert_uint_eq(fake_add_cap(&view.fake, PCI_CAP_ID_DBG, 4), 0x98);
	view.fake.last_cap_end = 0xa0;
	ck_assert_uint_eq(fake_add_cap(&view.fake, PCI_CAP_ID_AF, 8), 0xa0);
	ck_assert_uint_eq(fake_add_cap(&view.fake, PCI_CAP_ID_MSI, 12), 0xa8);
	fake_add_ext_cap(&view.fake, AER_AT, PCI_EXT_CAP_ID_ERR);
	fake_add_ext_cap(&view.fake, 0x180, PCI_EXT_CAP_ID_SRIOV);
	ck_assert_int_eq(view_look(&view), 0);
	memset(&view.fake.config[gaps[_i].at], 0, gaps[_i].size);
	ck_assert_int_eq(vfio_config_forward(&view.config, gaps[_i].at, gaps[_i].size, ones), 0);
	ck_assert(!memcmp(&view.fake.config[gaps[_i].at], &ones, gaps[_i].size) ==
		  gaps[_i].reaches);
	ck_assert_uint_eq(calls_count("config"), gaps[_i].reaches);
}
END_TEST

/* AER is longer if it has a log of TLP prefixes, which it says itself. */
START_TEST(rule_31_aer_with_prefixes)
{
	static struct view view;

	view_begin(&view);
	fake_add_ext_cap(&view.fake, AER_AT, PCI_EXT_CAP_ID_ERR);
	view.fake.config[AER_AT + PCI_ERR_CAP + 1] = 0x08;
	ck_assert_int_eq(view_look(&view), 0);
	ck_assert_uint_eq(view.config.forward[AER_AT + 0x44], 0);
	ck_assert_uint_eq(view.config.forward[AER_AT + 0x48], 0xff);
}
END_TEST

/* A conventional device has no more than 256 bytes, and one without a list has gaps only. */
START_TEST(rule_31_device_without_capabilities)
{
	static struct view view;

	view_begin(&view);
	view.fake.config[PCI_STATUS] = 0;
	view.fake.config_size = PCI_CFG_SPACE_SIZE;
	ck_assert_int_eq(view_look(&view), 0);
	for (unsigned int at = PCI_STD_HEADER_SIZEOF; at < PCI_CFG_SPACE_SIZE; at += 4)
		vfio_config_forward(&view.config, at, 4, 0x5a5a5a5a);
	for (unsigned int at = PCI_STD_HEADER_SIZEOF; at < PCI_CFG_SPACE_SIZE; at++)
		ck_assert_uint_eq(view.fake.config[at], 0x5a);
	calls_begin();
	ck_assert_int_eq(vfio_config_forward(&view.config, 0x100, 4, 0), 0);
	calls_expect("");
}
END_TEST

/* Offsets count from the capability. `bits` of the dword there are the driver's. */
static const struct {
	bool extended;
	uint8_t id;
	unsigned int offset;
	uint32_t bits;
} function_bits[] = {
	{ false, PCI_CAP_ID_PCIX, 0, 0x007f0000 }, /* the command behind ID and link */
	{ true, PCI_EXT_CAP_ID_ERR, PCI_ERR_CAP, PCI_ERR_CAP_ECRC_GENE | PCI_ERR_CAP_ECRC_CHKE },
	{ true, PCI_EXT_CAP_ID_PWR, PCI_PWR_DSR, 0xff },
	{ true, PCI_EXT_CAP_ID_PWR, PCI_PWR_DATA, 0 },
	{ true, PCI_EXT_CAP_ID_DVSEC, 4, 0 },           /* its own header */
	{ true, PCI_EXT_CAP_ID_DVSEC, 8, 0xffff0000 },  /* behind the second one */
	{ true, PCI_EXT_CAP_ID_DVSEC, 12, UINT32_MAX }, /* the last of 16 bytes */
	{ false, PCI_CAP_ID_EXP, PCI_EXP_DEVCTL2, 0x135f },
	{ false, PCI_CAP_ID_PM, PCI_PM_CTRL, PCI_PM_CTRL_STATE_MASK | PCI_PM_CTRL_DATA_SEL_MASK },
};

START_TEST(rule_32_what_concerns_the_function_alone)
{
	static struct view view;
	unsigned int cap = AER_AT;
	uint32_t dvsec = 16u << 20, now;

	view_begin(&view);
	if (function_bits[_i].extended)
		fake_add_ext_cap(&view.fake, AER_AT, function_bits[_i].id);
	else if (function_bits[_i].id == PCI_CAP_ID_EXP)
		cap = view.fake.exp_cap;
	else if (function_bits[_i].id == PCI_CAP_ID_PM)
		cap = view.fake.pm_cap;
	else
		cap = fake_add_cap(&view.fake, function_bits[_i].id, 8);
	if (function_bits[_i].id == PCI_EXT_CAP_ID_DVSEC)
		memcpy(&view.fake.config[cap + 4], &dvsec, 4);
	ck_assert_int_eq(view_look(&view), 0);
	cap += function_bits[_i].offset;
	memcpy(&dvsec, &view.fake.config[cap], 4);
	vfio_config_forward(&view.config, cap, 4, UINT32_MAX);
	memcpy(&now, &view.fake.config[cap], 4);
	ck_assert_uint_eq(now & ~dvsec & 0x0000ffff, function_bits[_i].bits & 0x0000ffff);
	ck_assert_uint_eq(now & ~dvsec & 0xffff0000, function_bits[_i].bits & 0xffff0000);
}
END_TEST

/*
 * These bits share a register with bits that are forwarded. They are kept as they are, and bits
 * that a 1 clears are written 0.
 */
START_TEST(rule_16_neighbours_keep_their_bits)
{
	static struct view view;
	unsigned int ctrl;

	view_begin(&view);
	view.fake.config[PCI_STATUS] |= 0x08;
	view.fake.config[PCI_STATUS + 1] = 0xf9; /* errors that nobody has cleared yet */
	view.fake.config[PCI_COMMAND] = 0x08;    /* special cycles: not the guest's */
	ck_assert_int_eq(view_look(&view), 0);
	vfio_config_forward(&view.config, PCI_COMMAND, 4, PCI_COMMAND_MEMORY);
	calls_expect("config 0x4.4=0x18000a\n");
	vfio_config_forward(&view.config, PCI_STATUS, 2, 0x0100);
	calls_expect("config 0x6.2=0x118\n");
	vfio_config_forward(&view.config, PCI_COMMAND + 1, 1, 0xff);
	calls_expect("config 0x5.1=0x5\n");
	/* A wake-up event that the host has not seen yet is written 0, which keeps it. */
	ctrl = view.fake.pm_cap + PCI_PM_CTRL;
	view.fake.config[ctrl + 1] = PCI_PM_CTRL_PME_STATUS >> 8;
	vfio_config_forward(&view.config, ctrl, 2, 3);
	ck_assert_uint_eq(fake_config_word(&view.fake, ctrl), 3);
}
END_TEST

START_TEST(reads_are_live_where_the_device_speaks)
{
	static struct view view;
	unsigned int exp;

	view_begin(&view);
	exp = view.fake.exp_cap;
	ck_assert_int_eq(view_look(&view), 0);
	view.fake.config[PCI_STATUS + 1] = 0x81;
	view.fake.config[exp + PCI_EXP_DEVSTA] = 0x2f;
	view.fake.config[0xf0] = 0xa5;
	view.fake.config[PCI_VENDOR_ID] ^= 0xff; /* identity was read once */
	ck_assert_uint_eq(view_get(&view, PCI_STATUS, 2), 0x8100 | PCI_STATUS_CAP_LIST);
	ck_assert_uint_eq(view_get(&view, exp + PCI_EXP_DEVSTA, 2), 0x2f);
	ck_assert_uint_eq(view_get(&view, 0xf0, 1), 0xa5);
	ck_assert_uint_eq(view_get(&view, PCI_VENDOR_ID, 4), 0x00101b36);
}
END_TEST

/* The register reads the same as a whole and byte by byte. */
START_TEST(rule_16_every_size_reads_the_same)
{
	static struct view view;

	view_begin(&view);
	fake_add_msix(&view.fake, 8, 0x2000, 0x3000);
	for (unsigned int i = 0x90; i < FAKE_CONFIG; i++)
		view.fake.config[i] = (uint8_t)(i * 7);
	fake_add_ext_cap(&view.fake, AER_AT, PCI_EXT_CAP_ID_ERR);
	ck_assert_int_eq(view_look(&view), 0);
	for (unsigned int offset = 0; offset < FAKE_CONFIG; offset++) {
		uint32_t byte = view_get(&view, offset, 1);

		ck_assert_uint_eq(byte,
				  view_get(&view, offset & ~1u, 2) >> (8 * (offset & 1)) & 0xff);
		ck_assert_uint_eq(byte,
				  view_get(&view, offset & ~3u, 4) >> (8 * (offset & 3)) & 0xff);
	}
}
END_TEST

/*
 * A bit that the device lacks reads as zero. A bit that it has, such as those for parity and MWI,
 * reaches it.
 */
START_TEST(rule_32_command_is_the_devices)
{
	static struct view view;

	view_begin(&view);
	ck_assert_int_eq(view_look(&view), 0);
	pci_config_write(&view.function, PCI_COMMAND, 2, 0xffff);
	ck_assert_uint_eq(view_get(&view, PCI_COMMAND, 2), PCI_COMMAND_IO | PCI_COMMAND_MEMORY |
								   PCI_COMMAND_MASTER |
								   PCI_COMMAND_INTX_DISABLE);
	vfio_config_forward(&view.config, PCI_COMMAND, 2, PCI_COMMAND_INVALIDATE);
	ck_assert_uint_eq(fake_config_word(&view.fake, PCI_COMMAND), PCI_COMMAND_INVALIDATE);
	ck_assert(view_get(&view, PCI_COMMAND, 2) & PCI_COMMAND_INVALIDATE);
}
END_TEST

/* Drivers of disk controllers reset them by a self-test, and wait until the bit is clear. */
START_TEST(rule_32_self_test_is_the_devices)
{
	static struct view view;

	view_begin(&view);
	view.fake.config[PCI_CACHE_LINE_SIZE] = 0x10;
	view.fake.config[PCI_BIST] = PCI_BIST_CAPABLE;
	ck_assert_int_eq(view_look(&view), 0);
	vfio_config_forward(&view.config, _i ? PCI_CACHE_LINE_SIZE : PCI_BIST, _i ? 4 : 1,
			    _i ? UINT32_MAX : 0xff);
	ck_assert_uint_eq(view.fake.config[PCI_BIST], PCI_BIST_CAPABLE | PCI_BIST_START);
	ck_assert_uint_eq(view_get(&view, PCI_BIST, 1), PCI_BIST_CAPABLE | PCI_BIST_START);
	ck_assert_uint_eq(view.fake.config[PCI_CACHE_LINE_SIZE], 0x10);
	view.fake.config[PCI_BIST] = PCI_BIST_CAPABLE;
	ck_assert_uint_eq(view_get(&view, PCI_BIST, 1), PCI_BIST_CAPABLE);
}
END_TEST

START_TEST(power_on_values)
{
	static struct view view;

	view_begin(&view);
	view.fake.config[PCI_COMMAND] = 0x07; /* as the host's driver left it */
	view.fake.config[PCI_ROM_ADDRESS] = 0x01;
	ck_assert_int_eq(view_look(&view), 0);
	ck_assert_uint_eq(view_get(&view, PCI_COMMAND, 2), 0);
	ck_assert_uint_eq(view_get(&view, PCI_ROM_ADDRESS, 4), 0);
	ck_assert_uint_eq(view_get(&view, PCI_CLASS_REVISION, 4), 0x01080202);
}
END_TEST

/* Each identity is set by itself, and the registers beside it stay as the device has them. */
START_TEST(identity_overrides)
{
	static const struct {
		unsigned int offset;
		uint32_t value, seen;
	} rows[VFIO_IDS] = {
		[VFIO_ID_VENDOR] = { PCI_VENDOR_ID, 0x8086, 0x00108086 },
		[VFIO_ID_DEVICE] = { PCI_VENDOR_ID, 0xabcd, 0xabcd1b36 },
		[VFIO_ID_SUB_VENDOR] = { PCI_SUBSYSTEM_VENDOR_ID, 0x1043, 0x00001043 },
		[VFIO_ID_SUB_DEVICE] = { PCI_SUBSYSTEM_VENDOR_ID, 0x8554, 0x85540000 },
		[VFIO_ID_CLASS] = { PCI_CLASS_REVISION, 0x030000, 0x03000002 },
	};
	static struct view view;
	struct vfio_id_override ids[VFIO_IDS] = { { false, 0 } };

	view_begin(&view);
	ck_assert_int_eq(view_look(&view), 0);
	ids[_i] = (struct vfio_id_override){ true, rows[_i].value };
	vfio_config_override(&view.function, ids);
	ck_assert_uint_eq(view_get(&view, rows[_i].offset, 4), rows[_i].seen);
	if (_i > VFIO_ID_DEVICE)
		ck_assert_uint_eq(view_get(&view, PCI_VENDOR_ID, 4), 0x00101b36);
	calls_expect("");
}
END_TEST

START_TEST(no_capabilities_at_all)
{
	static struct view view;
	char text[128];

	view_begin(&view);
	view.fake.config[PCI_STATUS] = 0; /* what is in the pointer then means nothing */
	ck_assert_int_eq(view_look(&view), 0);
	view_std_list(&view, text);
	ck_assert_str_eq(text, "");
	ck_assert_uint_eq(view_get(&view, PCI_CAPABILITY_LIST, 1), 0);
	ck_assert_uint_eq(pci_find_capability(&view.function, PCI_CAP_ID_PM), 0);
}
END_TEST

START_TEST(rule_31_conventional_device)
{
	static struct view view;

	view_begin(&view);
	view.fake.config_size = PCI_CFG_SPACE_SIZE;
	memset(&view.fake.config[PCI_CFG_SPACE_SIZE], 0x5a, FAKE_CONFIG - PCI_CFG_SPACE_SIZE);
	ck_assert_int_eq(view_look(&view), 0);
	for (unsigned int at = PCI_CFG_SPACE_SIZE; at < PCI_CONFIG_SIZE; at += 4)
		ck_assert_uint_eq(view_get(&view, at, 4), UINT32_MAX);
	vfio_config_forward(&view.config, 0x104, 4, UINT32_MAX);
	calls_expect("");
}
END_TEST

/* ---- dead devices ---- */

/*
 * A server may claim to be a bridge or a CardBus bridge, which is refused. The bit for more
 * functions does not make a device one.
 */
START_TEST(a_bridge_is_refused)
{
	static const uint8_t types[] = { PCI_HEADER_TYPE_NORMAL | 0x80, PCI_HEADER_TYPE_BRIDGE,
					 PCI_HEADER_TYPE_CARDBUS, 0x7f, 0xff };
	static struct view view;
	struct stderr_text caught;
	int ret;

	view_begin(&view);
	view.fake.config[PCI_HEADER_TYPE] = types[_i];
	stderr_begin(&caught);
	ret = view_look(&view);
	stderr_end(&caught);
	ck_assert_int_eq(ret, _i ? -EINVAL : 0);
	if (_i)
		stderr_holds(&caught, "only devices of type 0 can be passed through");
}
END_TEST

START_TEST(rule_18_device_is_gone)
{
	static struct view view;
	struct stderr_text caught;
	int ret;

	view_begin(&view);
	view.fake.death = FAKE_GONE;
	stderr_begin(&caught);
	ret = view_look(&view);
	stderr_end(&caught);
	ck_assert_int_eq(ret, -ENODEV);
	stderr_holds(&caught, "minivmm: error: " FAKE_BDF ": ");
	stderr_holds(&caught, "all-ones");
	stderr_holds(&caught, "  fix: ");
}
END_TEST

START_TEST(errors_are_passed_on)
{
	static const char *const operations[] = { "get_region", "region_read" };
	static struct view view;
	struct stderr_text caught;
	int ret;

	view_begin(&view);
	fake_fail(&view.fake, operations[_i], 1, -EIO);
	stderr_begin(&caught);
	ret = view_look(&view);
	stderr_end(&caught);
	ck_assert_int_eq(ret, -EIO);
	stderr_holds(&caught, "minivmm: error: " FAKE_BDF ": ");
	stderr_holds(&caught, "Input/output error");
}
END_TEST

/*
 * The device dies while the guest runs. Its registers read as ones, minivmm's own read as before,
 * and writes go nowhere.
 */
START_TEST(rule_16_dies_while_in_use)
{
	static struct view view;
	char text[128];

	view_begin(&view);
	fake_add_ext_cap(&view.fake, AER_AT, PCI_EXT_CAP_ID_ERR);
	ck_assert_int_eq(view_look(&view), 0);
	view.fake.death = _i ? FAKE_BROKEN : FAKE_GONE;
	view_std_list(&view, text);
	ck_assert_str_eq(text, "1 10");
	view_ext_list(&view, text);
	ck_assert_str_eq(text, "1");
	ck_assert_uint_eq(view_get(&view, 0xf0, 4), UINT32_MAX);
	ck_assert_uint_eq(view_get(&view, view.fake.pm_cap + PCI_PM_CTRL, 2), 0xffff);
	for (unsigned int offset = 0; offset < FAKE_CONFIG; offset += 4) {
		view_get(&view, offset, 4);
		vfio_config_forward(&view.config, offset, 4, UINT32_MAX);
	}
	ck_assert_uint_eq(view.fake.config[PCI_COMMAND], 0);
}
END_TEST

UNIT_MAIN("config", { rule_15_writes_by_allow_list, 3 },
	  { rule_15_vendor_registers_end_where_they_say, UNIT_COUNT(vendors) },
	  { rule_15_extended_vendor_registers_too, 0 }, { rule_15_each_difference_is_explained, 0 },
	  { rule_31_registers_of_no_capability, UNIT_COUNT(gaps) },
	  { rule_31_aer_with_prefixes, 0 }, { rule_31_device_without_capabilities, 0 },
	  { rule_32_what_concerns_the_function_alone, UNIT_COUNT(function_bits) },
	  { rule_16_neighbours_keep_their_bits, 0 }, { reads_are_live_where_the_device_speaks, 0 },
	  { rule_16_every_size_reads_the_same, 0 },

	  { power_on_values, 0 }, { rule_32_self_test_is_the_devices, 2 },
	  { rule_32_command_is_the_devices, 0 }, { identity_overrides, VFIO_IDS },
	  { no_capabilities_at_all, 0 }, { rule_31_conventional_device, 0 },
	  { a_bridge_is_refused, 5 }, { rule_18_device_is_gone, 0 }, { errors_are_passed_on, 2 },
	  { rule_16_dies_while_in_use, 2 })
