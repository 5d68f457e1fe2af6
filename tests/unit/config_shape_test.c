/* SPDX-License-Identifier: MIT */
/* vfio/vfio_config.c: what kind of device the guest sees, on a root bus and below a port. */
#include <string.h>

#include "call_log.h"
#include "config_view.h"
#include "unit.h"
#include "vfio/vfio_explain.h"

static void set_flags(struct view *view, uint16_t flags)
{
	memcpy(&view->fake.config[view->fake.exp_cap + PCI_EXP_FLAGS], &flags, 2);
}

static unsigned int type_shown(struct view *view)
{
	return (view_get(view, view->fake.exp_cap + PCI_EXP_FLAGS, 2) & PCI_EXP_FLAGS_TYPE) >> 4;
}

/*
 * Below a port an endpoint has its own link. A device that is no endpoint is given the slowest
 * one.
 */
static const struct {
	uint16_t flags; /* of the device */
	bool listed;
	uint16_t type;   /* for the guest */
	uint32_t lnkcap; /* 0: the device's */
} below_port[] = {
	{ 2 | PCI_EXP_TYPE_ENDPOINT << 4, true, PCI_EXP_TYPE_ENDPOINT, 0 },
	{ 1 | PCI_EXP_TYPE_ENDPOINT << 4, true, PCI_EXP_TYPE_ENDPOINT, 0 },
	{ 2 | PCI_EXP_TYPE_LEG_END << 4, true, PCI_EXP_TYPE_LEG_END, 0 },
	{ 2 | PCI_EXP_TYPE_RC_END << 4, true, PCI_EXP_TYPE_ENDPOINT, 0x11 },
	{ 1 | PCI_EXP_TYPE_RC_END << 4, false, 0, 0 },
	{ 2 | PCI_EXP_TYPE_ENDPOINT << 4 | PCI_EXP_FLAGS_SLOT, true, PCI_EXP_TYPE_ENDPOINT, 0 },
	/* Types of ports and bridges, and of an event collector, in the header of a device. */
	{ 2 | PCI_EXP_TYPE_ROOT_PORT << 4, true, PCI_EXP_TYPE_ENDPOINT, 0x11 },
	{ 2 | PCI_EXP_TYPE_UPSTREAM << 4, true, PCI_EXP_TYPE_ENDPOINT, 0x11 },
	{ 2 | PCI_EXP_TYPE_DOWNSTREAM << 4, true, PCI_EXP_TYPE_ENDPOINT, 0x11 },
	{ 1 | PCI_EXP_TYPE_PCI_BRIDGE << 4, true, PCI_EXP_TYPE_ENDPOINT, 0x11 },
	{ 2 | PCI_EXP_TYPE_PCIE_BRIDGE << 4, true, PCI_EXP_TYPE_ENDPOINT, 0x11 },
	{ 2 | PCI_EXP_TYPE_RC_EC << 4, true, PCI_EXP_TYPE_ENDPOINT, 0x11 },
};

START_TEST(below_a_port_there_is_a_link)
{
	static struct view view;
	uint32_t lnkcap = 0x00123843;
	unsigned int exp;

	view_begin(&view);
	view.below_port = true;
	exp = view.fake.exp_cap;
	set_flags(&view, below_port[_i].flags);
	memcpy(&view.fake.config[exp + PCI_EXP_LNKCAP], &lnkcap, 4);
	ck_assert_int_eq(view_look(&view), 0);
	ck_assert_int_eq(pci_find_capability(&view.function, PCI_CAP_ID_EXP) != 0,
			 below_port[_i].listed);
	if (!below_port[_i].listed)
		return;
	ck_assert_uint_eq(type_shown(&view), below_port[_i].type);
	ck_assert_uint_eq(view_get(&view, exp + PCI_EXP_FLAGS, 2) & PCI_EXP_FLAGS_SLOT, 0);
	if (below_port[_i].lnkcap)
		lnkcap = below_port[_i].lnkcap;
	ck_assert_uint_eq(view_get(&view, exp + PCI_EXP_LNKCAP, 4), lnkcap);
}
END_TEST

/* On a root bus every device that is no legacy endpoint is integrated, and has no link. */
static const uint16_t integrated[] = {
	2 | PCI_EXP_TYPE_ENDPOINT << 4,   1 | PCI_EXP_TYPE_ENDPOINT << 4,
	2 | PCI_EXP_TYPE_RC_END << 4,     2 | PCI_EXP_TYPE_RC_EC << 4,
	2 | PCI_EXP_TYPE_ROOT_PORT << 4,  2 | PCI_EXP_TYPE_PCI_BRIDGE << 4,
	2 | PCI_EXP_TYPE_DOWNSTREAM << 4, 3 | PCI_EXP_TYPE_ENDPOINT << 4,
};

START_TEST(rule_17_integrated_endpoint)
{
	static struct view view;
	uint16_t version = integrated[_i] & PCI_EXP_FLAGS_VERS;
	unsigned int exp;

	view_begin(&view);
	exp = view.fake.exp_cap;
	set_flags(&view, integrated[_i]);
	ck_assert_int_eq(view_look(&view), 0);
	ck_assert_uint_eq(view_get(&view, PCI_HEADER_TYPE, 1), 0);
	ck_assert_uint_eq(type_shown(&view), PCI_EXP_TYPE_RC_END);
	ck_assert_uint_eq(view_get(&view, exp + PCI_EXP_FLAGS, 2) & PCI_EXP_FLAGS_VERS, version);
	if (integrated[_i] >> 4 == PCI_EXP_TYPE_RC_END)
		return; /* without registers of a link */
	ck_assert_uint_eq(view_get(&view, exp + PCI_EXP_LNKCAP, 4), 0);
	ck_assert_uint_eq(view_get(&view, exp + PCI_EXP_LNKCTL, 2), 0);
	ck_assert_uint_eq(view_get(&view, exp + PCI_EXP_LNKSTA, 2), 0);
	if (version < 2)
		return;
	ck_assert_uint_eq(view_get(&view, exp + PCI_EXP_LNKCAP2, 4), 0);
	ck_assert_uint_eq(view_get(&view, exp + PCI_EXP_LNKCTL2, 4), 0);
}
END_TEST

/*
 * A legacy endpoint, by its version, by its slot bit, and by where in the list it is. On a root
 * bus the guest's list leaves it out.
 */
static const struct {
	uint16_t flags;
	bool below_port;
	unsigned int behind; /* another capability in the device's list, or 0 */
	const char *list;
} legacy[] = {
	{ 2 | PCI_EXP_TYPE_LEG_END << 4, false, 0, "1" },
	{ 1 | PCI_EXP_TYPE_LEG_END << 4, false, 0, "1" },
	{ 0 | PCI_EXP_TYPE_LEG_END << 4, false, 0, "1" },
	{ 2 | PCI_EXP_TYPE_LEG_END << 4 | PCI_EXP_FLAGS_SLOT, false, 0, "1" },
	{ 2 | PCI_EXP_TYPE_LEG_END << 4, false, PCI_CAP_ID_VPD, "1 3" },
	{ 1 | PCI_EXP_TYPE_LEG_END << 4, true, PCI_CAP_ID_VPD, "1 10 3" },
	{ 2 | PCI_EXP_TYPE_LEG_END << 4, true, 0, "1 10" },
	{ 2 | PCI_EXP_TYPE_ENDPOINT << 4, false, 0, "1 10" },
	{ 2 | PCI_EXP_TYPE_RC_END << 4, false, 0, "1 10" },
};

/* The device keeps its own ways of a reset, of which the guest need not know. */
START_TEST(rule_41_legacy_endpoint)
{
	static struct view view;
	unsigned int exp;
	bool hidden;
	char text[128];

	view_begin(&view);
	view.below_port = legacy[_i].below_port;
	exp = view.fake.exp_cap;
	set_flags(&view, legacy[_i].flags);
	if (legacy[_i].behind)
		fake_add_cap(&view.fake, (uint8_t)legacy[_i].behind, 8);
	ck_assert_int_eq(view_look(&view), 0);
	view_std_list(&view, text);
	ck_assert_str_eq(text, legacy[_i].list);
	ck_assert_uint_eq(vfio_config_find_cap(&view.config, false, PCI_CAP_ID_EXP), exp);
	hidden = !strstr(legacy[_i].list, "10");
	calls_begin();
	vfio_config_forward(&view.config, exp + PCI_EXP_DEVCTL, 2, 0xffff);
	ck_assert_uint_eq(calls_count("config"), hidden ? 0 : 1);
	if (hidden)
		ck_assert_ptr_nonnull(strstr(vfio_explain_read(&view.config, exp), "legacy"));
}
END_TEST

/* The only capability of a device is left out, and so is its list. */
START_TEST(rule_41_nothing_else_in_the_list)
{
	static struct view view;
	char text[128];

	view_begin(&view);
	view.fake.config[PCI_CAPABILITY_LIST] = (uint8_t)view.fake.exp_cap;
	set_flags(&view, 2 | PCI_EXP_TYPE_LEG_END << 4);
	ck_assert_int_eq(view_look(&view), 0);
	view_std_list(&view, text);
	ck_assert_str_eq(text, "");
}
END_TEST

/*
 * There are 4096 bytes without a single extended capability. All of them are the device's, also
 * the first ones.
 */
START_TEST(rule_31_no_extended_list)
{
	static struct view view;
	uint32_t first = _i ? UINT32_MAX : 0;

	view_begin(&view);
	memcpy(&view.fake.config[PCI_CFG_SPACE_SIZE], &first, 4);
	ck_assert_int_eq(view_look(&view), 0);
	for (unsigned int at = PCI_CFG_SPACE_SIZE; at < PCI_CFG_SPACE_EXP_SIZE; at += 4) {
		vfio_config_forward(&view.config, at, 4, 0x5a5a0000 + at);
		ck_assert_uint_eq(view_get(&view, at, 4), 0x5a5a0000 + at);
	}
}
END_TEST

/* Kinds whose length no specification or kernel tells; with another capability behind, or none. */
static const struct {
	bool extended;
	uint16_t id;
} lengthless[] = {
	{ false, 4 },    { false, 6 },    { false, 0x0b }, { false, 0x0c }, { false, 0x0f },
	{ false, 0x14 }, { false, 0x15 }, { false, 0x7f }, { true, 5 },     { true, 6 },
	{ true, 7 },     { true, 0x0c },  { true, 0x14 },  { true, 0x19 },  { true, 0x1d },
	{ true, 0x21 },  { true, 0x26 },  { true, 0x27 },  { true, 0x2a },  { true, 0x2f },
	{ true, 0x30 },  { true, 0x31 },  { true, 0x7ff },
};

/* Its place in the list is ours; what follows is as much the driver's as what is in no list. */
START_TEST(rule_31_capability_of_unknown_length)
{
	bool extended = lengthless[_i / 2].extended, followed = _i % 2;
	unsigned int header = extended ? 4 : 2, cap = 0x180, next = 0x1c0, end = 0x1000;
	static struct view view;

	view_begin(&view);
	fake_add_ext_cap(&view.fake, PCI_CFG_SPACE_SIZE, PCI_EXT_CAP_ID_DSN);
	if (extended) {
		fake_add_ext_cap(&view.fake, cap, lengthless[_i / 2].id);
		if (followed)
			fake_add_ext_cap(&view.fake, next, PCI_EXT_CAP_ID_DSN);
	} else {
		cap = fake_add_cap(&view.fake, (uint8_t)lengthless[_i / 2].id, 0x20);
		next = followed ? fake_add_cap(&view.fake, PCI_CAP_ID_VPD, 8) : 0;
		end = PCI_CFG_SPACE_SIZE;
	}
	ck_assert_int_eq(view_look(&view), 0);
	for (unsigned int at = cap; at < (followed ? next : end); at++)
		ck_assert_uint_eq(view.config.forward[at], at < cap + header ? 0 : 0xff);
	if (followed)
		ck_assert_uint_eq(view.config.forward[next], 0);
}
END_TEST

UNIT_MAIN("config_shape", { below_a_port_there_is_a_link, UNIT_COUNT(below_port) },
	  { rule_17_integrated_endpoint, UNIT_COUNT(integrated) },
	  { rule_41_legacy_endpoint, UNIT_COUNT(legacy) }, { rule_41_nothing_else_in_the_list, 0 },
	  { rule_31_no_extended_list, 2 },
	  { rule_31_capability_of_unknown_length, 2 * UNIT_COUNT(lengthless) })
