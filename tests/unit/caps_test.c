/* SPDX-License-Identifier: MIT */
/* vfio/vfio_config.c: which capabilities the guest finds, and that its walk along them ends. */
#include <string.h>

#include "config_view.h"
#include "unit.h"

static const struct {
	uint8_t ids[5];
	const char *seen;
} std_lists[] = {
	/* fake_init() starts with power management and PCI Express */
	{ { 0 }, "1 10" },
	{ { PCI_CAP_ID_EA }, "1 10" },
	{ { PCI_CAP_ID_EA, PCI_CAP_ID_MSIX }, "1 10 11" },
	{ { PCI_CAP_ID_EA, PCI_CAP_ID_EA, PCI_CAP_ID_VNDR }, "1 10 9" },
	{ { PCI_CAP_ID_VPD, PCI_CAP_ID_AF, PCI_CAP_ID_EA }, "1 10 3 13" },
};

START_TEST(rule_15_hidden_capability)
{
	static struct view view;
	char text[128];

	view_begin(&view);
	for (unsigned int i = 0; i < 5 && std_lists[_i].ids[i]; i++)
		fake_add_cap(&view.fake, std_lists[_i].ids[i], 24);
	ck_assert_int_eq(view_look(&view), 0);
	view_std_list(&view, text);
	ck_assert_str_eq(text, std_lists[_i].seen);
}
END_TEST

START_TEST(rule_15_only_hidden_capabilities)
{
	static struct view view;
	char text[128];

	view_begin(&view);
	memset(&view.fake.config[0x40], 0, 0xc0);
	view.fake.last_cap = 0;
	fake_add_cap(&view.fake, PCI_CAP_ID_EA, 24);
	fake_add_cap(&view.fake, PCI_CAP_ID_EA, 24);
	ck_assert_int_eq(view_look(&view), 0);
	view_std_list(&view, text);
	ck_assert_str_eq(text, "");
}
END_TEST

#define SHOWN   PCI_EXT_CAP_ID_ERR
#define SHOWN_2 PCI_EXT_CAP_ID_DSN
#define HIDDEN  PCI_EXT_CAP_ID_SRIOV

static const struct {
	uint16_t ids[6];
	const char *seen;
} ext_lists[] = {
	{ { 0 }, "" },
	{ { SHOWN }, "1" },
	{ { SHOWN, HIDDEN }, "1" },
	{ { SHOWN, HIDDEN, SHOWN_2 }, "1 3" },
	{ { SHOWN, HIDDEN, HIDDEN, SHOWN_2, HIDDEN }, "1 3" },
	/* The head cannot be unlinked. It becomes a capability of no kind. */
	{ { HIDDEN }, "" },
	{ { HIDDEN, SHOWN }, "0 1" },
	{ { HIDDEN, HIDDEN, SHOWN, SHOWN_2 }, "0 1 3" },
	{ { HIDDEN, HIDDEN, HIDDEN }, "" },
	{ { PCI_EXT_CAP_ID_ARI, SHOWN, PCI_EXT_CAP_ID_REBAR, PCI_EXT_CAP_ID_ATS, 0x24 }, "0 1" },
	{ { SHOWN, HIDDEN, SHOWN_2, HIDDEN, HIDDEN, SHOWN }, "1 3 1" },
	{ { PCI_EXT_CAP_ID_PASID, PCI_EXT_CAP_ID_PRI, PCI_EXT_CAP_ID_ACS }, "" },
};

START_TEST(rule_15_hidden_extended_capability)
{
	static struct view view;
	char text[128];

	view_begin(&view);
	for (unsigned int i = 0; i < 6 && ext_lists[_i].ids[i]; i++)
		fake_add_ext_cap(&view.fake, PCI_CFG_SPACE_SIZE + 0x80 * i, ext_lists[_i].ids[i]);
	ck_assert_int_eq(view_look(&view), 0);
	view_ext_list(&view, text);
	ck_assert_str_eq(text, ext_lists[_i].seen);
}
END_TEST

/*
 * Every row of the table says what the capability is and why it is shown or not, and it is the
 * row that is found.
 */
START_TEST(rule_15_every_identifier_has_a_reason)
{
	for (unsigned int id = 0; id < 0x10000; id++) {
		const struct vfio_policy *policy = vfio_policy_find(_i, (uint16_t)id);

		ck_assert(policy->extended == (_i == 1));
		ck_assert(policy->id == id || policy->id == 0);
		ck_assert_uint_gt(strlen(policy->name), 2);
		ck_assert_uint_gt(strlen(policy->why), 7);
	}
}
END_TEST

/* A list is longer than that of any device. It ends, and keeps what it has. */
START_TEST(rule_16_long_list_ends)
{
	static struct view view;
	unsigned int offset = PCI_CFG_SPACE_SIZE, count = 0;

	view_begin(&view);
	for (unsigned int at = 0x100; at < FAKE_CONFIG; at += 16)
		fake_add_ext_cap(&view.fake, at, PCI_EXT_CAP_ID_DSN);
	ck_assert_int_eq(view_look(&view), 0);
	for (; offset; offset = PCI_EXT_CAP_NEXT(view_get(&view, offset, 4)))
		count++;
	ck_assert_uint_eq(count, VFIO_CAPS_MAX - 2); /* two are standard ones */
}
END_TEST

/* The bytes of a list in which something points back. */
static const struct {
	uint8_t head;
	struct {
		uint8_t at, id, next;
	} caps[3];
	const char *seen; /* NULL: any list that ends */
} std_loops[] = {
	{ 0x40, { { 0x40, PCI_CAP_ID_VNDR, 0x40 } }, "9" },
	{ 0x40, { { 0x40, PCI_CAP_ID_VNDR, 0x50 }, { 0x50, PCI_CAP_ID_VNDR, 0x40 } }, "9 9" },
	{ 0x40, { { 0x40, PCI_CAP_ID_EA, 0x40 } }, "" },
	{ 0x40, { { 0x40, PCI_CAP_ID_VNDR, 0x50 }, { 0x50, PCI_CAP_ID_EA, 0x50 } }, "9" },
	{ 0x40, { { 0x40, PCI_CAP_ID_VNDR, 0x50 }, { 0x50, PCI_CAP_ID_EA, 0x40 } }, "9" },
	{ 0x40, { { 0x40, PCI_CAP_ID_EA, 0x50 }, { 0x50, PCI_CAP_ID_EA, 0x40 } }, "" },
	{ 0x40,
	  { { 0x40, PCI_CAP_ID_EA, 0x50 },
	    { 0x50, PCI_CAP_ID_VNDR, 0x60 },
	    { 0x60, PCI_CAP_ID_VNDR, 0x50 } },
	  NULL },
	{ 0x40, { { 0x40, PCI_CAP_ID_VNDR, 0x10 } }, NULL },
	{ 0xff, { { 0xfc, PCI_CAP_ID_MSIX, 0xff } }, NULL },
	{ 0xf4, { { 0xf4, PCI_CAP_ID_MSI, 0 } }, "5" },
	{ 0xf8, { { 0xf8, PCI_CAP_ID_MSI, 0 } }, "" }, /* runs over the end */
	{ 0xfc, { { 0xfc, PCI_CAP_ID_EXP, 0x40 }, { 0x40, PCI_CAP_ID_PM, 0xfc } }, NULL },
};

START_TEST(rule_16_looped_list_ends)
{
	static struct view view;
	char text[128];

	view_begin(&view);
	memset(&view.fake.config[0x40], 0, 0xc0);
	view.fake.config[PCI_CAPABILITY_LIST] = std_loops[_i].head;
	for (unsigned int i = 0; i < 3 && std_loops[_i].caps[i].at; i++) {
		view.fake.config[std_loops[_i].caps[i].at] = std_loops[_i].caps[i].id;
		view.fake.config[std_loops[_i].caps[i].at + 1] = std_loops[_i].caps[i].next;
	}
	ck_assert_int_eq(view_look(&view), 0);
	view_std_list(&view, text);
	if (std_loops[_i].seen)
		ck_assert_str_eq(text, std_loops[_i].seen);
}
END_TEST

static const struct {
	struct {
		uint16_t at, id, next;
	} caps[3];
} ext_loops[] = {
	{ { { 0x100, SHOWN, 0x100 } } },
	{ { { 0x100, HIDDEN, 0x100 } } },
	{ { { 0x100, SHOWN, 0x200 }, { 0x200, HIDDEN, 0x200 } } },
	{ { { 0x100, SHOWN, 0x200 }, { 0x200, HIDDEN, 0x100 } } },
	{ { { 0x100, HIDDEN, 0x200 }, { 0x200, SHOWN, 0x100 } } },
	{ { { 0x100, HIDDEN, 0x200 }, { 0x200, HIDDEN, 0x100 } } },
	{ { { 0x100, SHOWN, 0x200 }, { 0x200, SHOWN_2, 0x300 }, { 0x300, SHOWN_2, 0x200 } } },
	{ { { 0x100, SHOWN, 0xffc }, { 0xffc, SHOWN, 0xffc } } },
	{ { { 0x100, 0xffff, 0xffc }, { 0xffc, 0xffff, 0xffc } } },
	{ { { 0x100, SHOWN, 0x40 } } },
};

START_TEST(rule_16_looped_extended_list_ends)
{
	static struct view view;
	char text[128];

	view_begin(&view);
	for (unsigned int i = 0; i < 3 && ext_loops[_i].caps[i].at; i++) {
		uint32_t header = ext_loops[_i].caps[i].id | 1u << 16 |
				  (uint32_t)ext_loops[_i].caps[i].next << 20;

		memcpy(&view.fake.config[ext_loops[_i].caps[i].at], &header, 4);
	}
	ck_assert_int_eq(view_look(&view), 0);
	view_ext_list(&view, text);
	ck_assert_ptr_null(strstr(text, "10")); /* SR-IOV */
}
END_TEST

/*
 * Configuration spaces that nobody thought of. The lists of the guest end, and they lack what is
 * to be hidden.
 */
START_TEST(rule_16_any_bytes)
{
	static struct view view;
	uint32_t seed = 7;
	char text[128];

	for (unsigned int round = 0; round < 4000; round++) {
		view_begin(&view);
		for (unsigned int i = 0; i < FAKE_CONFIG; i++) {
			seed = seed * 1664525 + 1013904223;
			view.fake.config[i] = (uint8_t)(seed >> 24);
		}
		/* Often there is a list at all, and its identifiers mean something. */
		view.fake.config[PCI_STATUS] |= PCI_STATUS_CAP_LIST;
		view.fake.config[PCI_HEADER_TYPE] &= 0x80;
		for (unsigned int i = 0x40; i < 0x100; i += 4)
			view.fake.config[i] %= 0x15;
		for (unsigned int i = 0x100; i < FAKE_CONFIG; i += 4) {
			view.fake.config[i] %= 0x30;
			view.fake.config[i + 1] = 0;
		}
		if (fake_config_word(&view.fake, PCI_VENDOR_ID) == 0xffff)
			continue;
		ck_assert_int_eq(view_look(&view), 0);
		view_std_list(&view, text);
		view_ext_list(&view, text);
	}
}
END_TEST

/* ---- capabilities that lie in each other's way ---- */

/*
 * There are two of them. The second one is inside the first, or the first one reaches over the
 * end.
 */
static const struct {
	unsigned int at, second_at;
	uint8_t id, second;
	const char *seen;
} crowded[] = {
	{ 0x80, 0x84, PCI_CAP_ID_PM, PCI_CAP_ID_VNDR, "9" },
	{ 0x80, 0x84, PCI_CAP_ID_VPD, PCI_CAP_ID_MSIX, "11" },
	{ 0x80, 0x88, PCI_CAP_ID_MSIX, PCI_CAP_ID_VPD, "3" },
	{ 0x80, 0x88, PCI_CAP_ID_MSI, PCI_CAP_ID_PM, "1" }, /* 14 bytes */
	{ 0x80, 0x90, PCI_CAP_ID_MSI, PCI_CAP_ID_PM, "5 1" },
	{ 0x80, 0x84, PCI_CAP_ID_AF, PCI_CAP_ID_PM, "1" },
	{ 0x80, 0x88, PCI_CAP_ID_EXP, PCI_CAP_ID_PM, "1" },
	{ 0x80, 0x90, PCI_CAP_ID_EXP, PCI_CAP_ID_PM, "10 1" },
	{ 0x80, 0xac, PCI_CAP_ID_EXP, PCI_CAP_ID_PM, "10 1" },
	{ 0x80, 0xb0, PCI_CAP_ID_EXP, PCI_CAP_ID_MSIX, "10 11" },
	{ 0xfc, 0x80, PCI_CAP_ID_PM, PCI_CAP_ID_VPD, "3" },
	{ 0xf8, 0x80, PCI_CAP_ID_MSIX, PCI_CAP_ID_VPD, "3" },
	{ 0xfc, 0x80, PCI_CAP_ID_AF, PCI_CAP_ID_VPD, "3" },
	{ 0xfc, 0x80, PCI_CAP_ID_EXP, PCI_CAP_ID_VPD, "3" },
	{ 0xe0, 0x80, PCI_CAP_ID_EXP, PCI_CAP_ID_VPD, "10 3" },
	{ 0xfc, 0x80, PCI_CAP_ID_VNDR, PCI_CAP_ID_VPD, "9 3" },
};

/*
 * Each stays what it is, wherever the device is in the guest. A capability that has no room is
 * not shown.
 */
START_TEST(rule_31_overlapping_capabilities)
{
	unsigned int row = (unsigned int)_i / 2, second = crowded[row].second_at;
	static struct view view;
	char text[128];

	view_begin(&view);
	view.below_port = _i % 2;
	memset(&view.fake.config[0x40], 0, 0xc0);
	view.fake.config[PCI_CAPABILITY_LIST] = (uint8_t)crowded[row].at;
	view.fake.config[crowded[row].at] = crowded[row].id;
	view.fake.config[crowded[row].at + 1] = (uint8_t)second;
	view.fake.config[crowded[row].at + 2] = crowded[row].id == PCI_CAP_ID_MSI ? 0x80 : 2;
	view.fake.config[second] = crowded[row].second;
	view.fake.config[second + 2] = 7;
	fake_add_ext_cap(&view.fake, 0x100, PCI_EXT_CAP_ID_DSN);
	ck_assert_int_eq(view_look(&view), 0);
	view_std_list(&view, text);
	ck_assert_str_eq(text, crowded[row].seen);
	ck_assert_uint_eq(view_get(&view, second, 1), crowded[row].second);
	ck_assert_uint_eq(view_get(&view, second + 2, 1), 7);
	ck_assert_uint_eq(view.config.forward[second] | view.config.forward[second + 1], 0);
	view_ext_list(&view, text);
	ck_assert_str_eq(text, "3");
	ck_assert_uint_eq(view.config.forward[0x100] | view.config.forward[0x104], 0);
}
END_TEST

/*
 * minivmm follows one capability of each such kind. A second one would reach the device past
 * minivmm, so there is one only.
 */
START_TEST(rule_31_second_one_of_its_kind)
{
	static const struct {
		uint8_t id;
		const char *seen;
	} rows[] = {
		{ PCI_CAP_ID_PM, "1 10" },      { PCI_CAP_ID_EXP, "1 10" },
		{ PCI_CAP_ID_AF, "1 10 13" },   { PCI_CAP_ID_MSI, "1 10 5" },
		{ PCI_CAP_ID_MSIX, "1 10 11" }, { PCI_CAP_ID_VNDR, "1 10 9 9" },
	};
	static struct view view;
	unsigned int second, length = PCI_CAP_EXP_ENDPOINT_SIZEOF_V2;
	char text[128];

	view_begin(&view);
	if (rows[_i].id != PCI_CAP_ID_PM && rows[_i].id != PCI_CAP_ID_EXP)
		fake_add_cap(&view.fake, rows[_i].id, 24);
	second = fake_add_cap(&view.fake, rows[_i].id, length);
	if (rows[_i].id == PCI_CAP_ID_EXP)
		memcpy(&view.fake.config[second + 2], &view.fake.config[view.fake.exp_cap + 2],
		       length - 2);
	ck_assert_int_eq(view_look(&view), 0);
	view_std_list(&view, text);
	ck_assert_str_eq(text, rows[_i].seen);
	vfio_config_forward(&view.config, second + 4, 2, 0xffff);
	ck_assert_uint_eq(calls_count("config"), rows[_i].id == PCI_CAP_ID_VNDR);
}
END_TEST

/* An integrated endpoint has no link registers, and the next capability lies in their place. */
START_TEST(rule_31_next_capability_where_a_link_would_be)
{
	static struct view view;
	unsigned int exp, next;
	char text[128];

	view_begin(&view);
	view.below_port = true;
	exp = view.fake.exp_cap;
	view.fake.config[exp + PCI_EXP_FLAGS] = 2 | PCI_EXP_TYPE_RC_END << 4;
	view.fake.last_cap_end = exp + 0x2c;
	next = fake_add_cap(&view.fake, PCI_CAP_ID_VNDR, 16);
	ck_assert_uint_eq(next, exp + PCI_EXP_LNKCAP2);
	view.fake.config[next + PCI_CAP_FLAGS] = 16;
	ck_assert_int_eq(view_look(&view), 0);
	view_std_list(&view, text);
	ck_assert_str_eq(text, "1 10 9");
	ck_assert_uint_eq(view_get(&view, next + PCI_CAP_FLAGS, 1), 16);
	ck_assert_uint_eq(view_get(&view, exp + PCI_EXP_LNKCAP, 4), 0x11);
}
END_TEST

/* Virtual functions of Intel's 82599 say version 0. Windows accepts only versions that exist. */
START_TEST(rule_31_express_of_version_0)
{
	static struct view view;

	view_begin(&view);
	view.below_port = _i;
	view.fake.config[view.fake.exp_cap + PCI_EXP_FLAGS] = PCI_EXP_TYPE_ENDPOINT << 4;
	ck_assert_int_eq(view_look(&view), 0);
	ck_assert_uint_eq(
		view_get(&view, view.fake.exp_cap + PCI_EXP_FLAGS, 1) & PCI_EXP_FLAGS_VERS, 1);
}
END_TEST

UNIT_MAIN("caps", { rule_15_hidden_capability, UNIT_COUNT(std_lists) },
	  { rule_15_only_hidden_capabilities, 0 },
	  { rule_15_hidden_extended_capability, UNIT_COUNT(ext_lists) },
	  { rule_15_every_identifier_has_a_reason, 2 }, { rule_16_long_list_ends, 0 },
	  { rule_16_looped_list_ends, UNIT_COUNT(std_loops) },
	  { rule_16_looped_extended_list_ends, UNIT_COUNT(ext_loops) }, { rule_16_any_bytes, 0 },
	  { rule_31_overlapping_capabilities, 2 * UNIT_COUNT(crowded) },
	  { rule_31_second_one_of_its_kind, 6 },
	  { rule_31_next_capability_where_a_link_would_be, 0 }, { rule_31_express_of_version_0, 2 })
