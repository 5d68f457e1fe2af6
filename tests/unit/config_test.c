/* SPDX-License-Identifier: MIT */
/* vfio/vfio_config.c: what of a device's configuration space the guest sees, and may change. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "call_log.h"
#include "fake_backend.h"
#include "stderr_text.h"
#include "unit.h"
#include "vfio/vfio_config.h"

#define AER_AT 0x100u

struct view {
	struct fake_device fake;
	struct vfio_device device;
	struct pci_function function;
	struct vfio_config config;
};

/* A device to be changed before it is looked at. */
static void begin(struct view *view)
{
	memset(view, 0, sizeof(*view));
	fake_init(&view->fake);
	view->device = (struct vfio_device){ .backend = &fake_backend, .fd = -1,
					     .name = FAKE_BDF, .priv = &view->fake };
	pci_function_init(&view->function, NULL, "function");
}

static int look(struct view *view)
{
	int ret = vfio_config_init(&view->config, &view->device, &view->function);

	calls_begin();
	return ret;
}

static uint32_t get(struct view *view, unsigned int offset, unsigned int size)
{
	return vfio_config_read(&view->config, &view->function, offset, size);
}

/* ---- the guest's lists ---- */

/* Identifiers in the order of the list, "5 11"; aborts when it does not end. */
static void std_list(struct view *view, char text[128])
{
	unsigned int offset = get(view, PCI_CAPABILITY_LIST, 1) & ~3u;
	size_t length = 0;
	int count = 0;

	text[0] = '\0';
	if (!(get(view, PCI_STATUS, 2) & PCI_STATUS_CAP_LIST))
		return;
	for (; offset; offset = get(view, offset + 1, 1) & ~3u) {
		ck_assert_msg(++count <= 48, "the list never ends");
		if (length < 120)
			length += (size_t)snprintf(text + length, 128 - length, "%s%x",
						   length ? " " : "", get(view, offset, 1));
	}
}

static void ext_list(struct view *view, char text[128])
{
	unsigned int offset = PCI_CFG_SPACE_SIZE;
	size_t length = 0;
	int count = 0;

	text[0] = '\0';
	while (offset >= PCI_CFG_SPACE_SIZE) {
		uint32_t header = get(view, offset, 4);

		ck_assert_msg(++count <= 960, "the list never ends");
		if (header == 0)
			return;
		if (length < 120)
			length += (size_t)snprintf(text + length, 128 - length, "%s%x",
						   length ? " " : "", PCI_EXT_CAP_ID(header));
		offset = PCI_EXT_CAP_NEXT(header);
	}
}

static const struct {
	uint8_t ids[5];
	const char *seen;
} std_lists[] = {
	/* fake_init() starts with power management and PCI Express */
	{ { 0 }, "1 10" },
	{ { PCI_CAP_ID_MSI }, "1 10" },
	{ { PCI_CAP_ID_MSI, PCI_CAP_ID_MSIX }, "1 10 11" },
	{ { PCI_CAP_ID_MSI, PCI_CAP_ID_MSI, PCI_CAP_ID_VNDR }, "1 10 9" },
	{ { PCI_CAP_ID_VPD, PCI_CAP_ID_AF, PCI_CAP_ID_MSI }, "1 10 3 13" },
};

START_TEST(rule_15_hidden_capability)
{
	static struct view view;
	char text[128];

	begin(&view);
	for (unsigned int i = 0; i < 5 && std_lists[_i].ids[i]; i++)
		fake_add_cap(&view.fake, std_lists[_i].ids[i], 24);
	ck_assert_int_eq(look(&view), 0);
	std_list(&view, text);
	ck_assert_str_eq(text, std_lists[_i].seen);
}
END_TEST

START_TEST(rule_15_only_hidden_capabilities)
{
	static struct view view;
	char text[128];

	begin(&view);
	memset(&view.fake.config[0x40], 0, 0xc0);
	view.fake.last_cap = 0;
	fake_add_cap(&view.fake, PCI_CAP_ID_MSI, 24);
	fake_add_cap(&view.fake, PCI_CAP_ID_MSI, 24);
	ck_assert_int_eq(look(&view), 0);
	std_list(&view, text);
	ck_assert_str_eq(text, "");
}
END_TEST

#define SHOWN	PCI_EXT_CAP_ID_ERR
#define SHOWN_2 PCI_EXT_CAP_ID_DSN
#define HIDDEN	PCI_EXT_CAP_ID_SRIOV

static const struct {
	uint16_t ids[6];
	const char *seen;
} ext_lists[] = {
	{ { 0 }, "" },
	{ { SHOWN }, "1" },
	{ { SHOWN, HIDDEN }, "1" },
	{ { SHOWN, HIDDEN, SHOWN_2 }, "1 3" },
	{ { SHOWN, HIDDEN, HIDDEN, SHOWN_2, HIDDEN }, "1 3" },
	/* The head cannot be unlinked: it turns into a capability of no kind. */
	{ { HIDDEN }, "" },
	{ { HIDDEN, SHOWN }, "0 1" },
	{ { HIDDEN, HIDDEN, SHOWN, SHOWN_2 }, "0 1 3" },
	{ { HIDDEN, HIDDEN, HIDDEN }, "" },
	{ { PCI_EXT_CAP_ID_ARI, SHOWN, PCI_EXT_CAP_ID_REBAR, PCI_EXT_CAP_ID_ATS, 0x24 }, "0 1" },
	{ { PCI_EXT_CAP_ID_PASID, PCI_EXT_CAP_ID_PRI, PCI_EXT_CAP_ID_ACS }, "" },
};

START_TEST(rule_15_hidden_extended_capability)
{
	static struct view view;
	char text[128];

	begin(&view);
	for (unsigned int i = 0; i < 6 && ext_lists[_i].ids[i]; i++)
		fake_add_ext_cap(&view.fake, AER_AT + 0x80 * i, ext_lists[_i].ids[i]);
	ck_assert_int_eq(look(&view), 0);
	ext_list(&view, text);
	ck_assert_str_eq(text, ext_lists[_i].seen);
}
END_TEST

/* Bytes of a list in which something points back. */
static const struct {
	uint8_t head;
	struct {
		uint8_t at, id, next;
	} caps[3];
	const char *seen; /* NULL: any list that ends */
} std_loops[] = {
	{ 0x40, { { 0x40, PCI_CAP_ID_VNDR, 0x40 } }, "9" },
	{ 0x40, { { 0x40, PCI_CAP_ID_VNDR, 0x50 }, { 0x50, PCI_CAP_ID_VNDR, 0x40 } }, "9 9" },
	{ 0x40, { { 0x40, PCI_CAP_ID_MSI, 0x40 } }, "" },
	{ 0x40, { { 0x40, PCI_CAP_ID_VNDR, 0x50 }, { 0x50, PCI_CAP_ID_MSI, 0x50 } }, "9" },
	{ 0x40, { { 0x40, PCI_CAP_ID_VNDR, 0x50 }, { 0x50, PCI_CAP_ID_MSI, 0x40 } }, "9" },
	{ 0x40, { { 0x40, PCI_CAP_ID_MSI, 0x50 }, { 0x50, PCI_CAP_ID_MSI, 0x40 } }, "" },
	{ 0x40,
	  { { 0x40, PCI_CAP_ID_MSI, 0x50 },
	    { 0x50, PCI_CAP_ID_VNDR, 0x60 },
	    { 0x60, PCI_CAP_ID_VNDR, 0x50 } },
	  NULL },
	{ 0x40, { { 0x40, PCI_CAP_ID_VNDR, 0x10 } }, NULL },
	{ 0xff, { { 0xfc, PCI_CAP_ID_MSIX, 0xff } }, NULL },
	{ 0xfc, { { 0xfc, PCI_CAP_ID_EXP, 0x40 }, { 0x40, PCI_CAP_ID_PM, 0xfc } }, NULL },
};

START_TEST(rule_16_looped_list_ends)
{
	static struct view view;
	char text[128];

	begin(&view);
	memset(&view.fake.config[0x40], 0, 0xc0);
	view.fake.config[PCI_CAPABILITY_LIST] = std_loops[_i].head;
	for (unsigned int i = 0; i < 3 && std_loops[_i].caps[i].at; i++) {
		view.fake.config[std_loops[_i].caps[i].at] = std_loops[_i].caps[i].id;
		view.fake.config[std_loops[_i].caps[i].at + 1] = std_loops[_i].caps[i].next;
	}
	ck_assert_int_eq(look(&view), 0);
	std_list(&view, text);
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

	begin(&view);
	for (unsigned int i = 0; i < 3 && ext_loops[_i].caps[i].at; i++) {
		uint32_t header = ext_loops[_i].caps[i].id | 1u << 16 |
				  (uint32_t)ext_loops[_i].caps[i].next << 20;

		memcpy(&view.fake.config[ext_loops[_i].caps[i].at], &header, 4);
	}
	ck_assert_int_eq(look(&view), 0);
	ext_list(&view, text);
	ck_assert_ptr_null(strstr(text, "10")); /* SR-IOV */
}
END_TEST

/* Configuration spaces nobody thought of: the guest's lists end, and hide what is to be hidden. */
START_TEST(rule_16_any_bytes)
{
	static struct view view;
	uint32_t seed = 7;
	char text[128];

	for (unsigned int round = 0; round < 400; round++) {
		begin(&view);
		for (unsigned int i = 0; i < FAKE_CONFIG; i++) {
			seed = seed * 1664525 + 1013904223;
			view.fake.config[i] = (uint8_t)(seed >> 24);
		}
		/* Often a list at all, and identifiers that mean something. */
		view.fake.config[PCI_STATUS] |= PCI_STATUS_CAP_LIST;
		for (unsigned int i = 0x40; i < 0x100; i += 4)
			view.fake.config[i] %= 0x15;
		for (unsigned int i = 0x100; i < FAKE_CONFIG; i += 4) {
			view.fake.config[i] %= 0x30;
			view.fake.config[i + 1] = 0;
		}
		if (fake_config_word(&view.fake, PCI_VENDOR_ID) == 0xffff)
			continue;
		ck_assert_int_eq(look(&view), 0);
		std_list(&view, text);
		ext_list(&view, text);
	}
}
END_TEST

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

/* All ones everywhere, in every size: only the bits on the list reach the device. */
START_TEST(rule_15_writes_by_allow_list)
{
	static struct view view;
	static uint8_t before[FAKE_CONFIG];
	unsigned int pm, exp, size = 1u << _i;

	begin(&view);
	pm = view.fake.pm_cap;
	exp = view.fake.last_cap;
	fake_add_msix(&view.fake, 8, 0x2000, 0x3000);
	fake_add_cap(&view.fake, PCI_CAP_ID_MSI, 24);
	fake_add_cap(&view.fake, PCI_CAP_ID_VNDR, 16);
	fake_add_ext_cap(&view.fake, AER_AT, PCI_EXT_CAP_ID_ERR);
	fake_add_ext_cap(&view.fake, 0x180, PCI_EXT_CAP_ID_SRIOV);
	fake_add_ext_cap(&view.fake, 0x200, PCI_EXT_CAP_ID_REBAR);
	ck_assert_int_eq(look(&view), 0);
	memcpy(before, view.fake.config, sizeof(before));
	for (unsigned int offset = 0; offset < FAKE_CONFIG; offset += size)
		vfio_config_forward(&view.config, offset, size, UINT32_MAX);
	const struct allowed allowed[] = {
		{ PCI_COMMAND, 0xf9000547 }, /* and the error bits of STATUS, by writing ones */
		{ pm + PCI_PM_CTRL, 0x3 },
		{ exp + PCI_EXP_DEVCTL, 0x000fffff },
		{ exp + PCI_EXP_DEVCTL2, 0xffff },
		{ AER_AT + PCI_ERR_UNCOR_STATUS, UINT32_MAX },
		{ AER_AT + PCI_ERR_UNCOR_MASK, UINT32_MAX },
		{ AER_AT + PCI_ERR_UNCOR_SEVER, UINT32_MAX },
		{ AER_AT + PCI_ERR_COR_STATUS, UINT32_MAX },
		{ AER_AT + PCI_ERR_COR_MASK, UINT32_MAX },
	};
	for (unsigned int at = 0; at < FAKE_CONFIG; at++) {
		uint8_t changed = before[at] ^ view.fake.config[at];
		uint8_t may = allowed_at(allowed, UNIT_COUNT(allowed), at);

		ck_assert_msg(!(changed & ~may), "byte %#x: bits %#x changed", at, changed & ~may);
		ck_assert_msg((view.fake.config[at] & may) == may, "byte %#x: dropped", at);
	}
}
END_TEST

/* Of what shares a register with what is forwarded: kept as it is; w1c bits are written 0. */
START_TEST(rule_16_neighbours_keep_their_bits)
{
	static struct view view;

	begin(&view);
	view.fake.config[PCI_STATUS] |= 0x08;
	view.fake.config[PCI_STATUS + 1] = 0xf9; /* errors that nobody has cleared yet */
	view.fake.config[PCI_COMMAND] = 0x08;	 /* special cycles: not the guest's */
	ck_assert_int_eq(look(&view), 0);
	vfio_config_forward(&view.config, PCI_COMMAND, 4, PCI_COMMAND_MEMORY);
	calls_expect("config 0x4.4=0x18000a\n");
	vfio_config_forward(&view.config, PCI_STATUS, 2, 0x0100);
	calls_expect("config 0x6.2=0x118\n");
	vfio_config_forward(&view.config, PCI_COMMAND + 1, 1, 0xff);
	calls_expect("config 0x5.1=0x5\n");
}
END_TEST

START_TEST(reads_are_live_where_the_device_speaks)
{
	static struct view view;
	unsigned int exp;

	begin(&view);
	exp = view.fake.last_cap;
	ck_assert_int_eq(look(&view), 0);
	view.fake.config[PCI_STATUS + 1] = 0x81;
	view.fake.config[exp + PCI_EXP_DEVSTA] = 0x2f;
	view.fake.config[0xf0] = 0xa5;
	view.fake.config[PCI_VENDOR_ID] ^= 0xff; /* identity was read once */
	ck_assert_uint_eq(get(&view, PCI_STATUS, 2), 0x8100 | PCI_STATUS_CAP_LIST);
	ck_assert_uint_eq(get(&view, exp + PCI_EXP_DEVSTA, 2), 0x2f);
	ck_assert_uint_eq(get(&view, 0xf0, 1), 0xa5);
	ck_assert_uint_eq(get(&view, PCI_VENDOR_ID, 4), 0x00101b36);
}
END_TEST

/* Read as a whole or byte by byte: the same. */
START_TEST(rule_16_every_size_reads_the_same)
{
	static struct view view;

	begin(&view);
	fake_add_msix(&view.fake, 8, 0x2000, 0x3000);
	for (unsigned int i = 0x90; i < FAKE_CONFIG; i++)
		view.fake.config[i] = (uint8_t)(i * 7);
	fake_add_ext_cap(&view.fake, AER_AT, PCI_EXT_CAP_ID_ERR);
	ck_assert_int_eq(look(&view), 0);
	for (unsigned int offset = 0; offset < FAKE_CONFIG; offset++) {
		uint32_t byte = get(&view, offset, 1);

		ck_assert_uint_eq(byte, get(&view, offset & ~1u, 2) >> (8 * (offset & 1)) & 0xff);
		ck_assert_uint_eq(byte, get(&view, offset & ~3u, 4) >> (8 * (offset & 3)) & 0xff);
	}
}
END_TEST

/* ---- the shape of the device ---- */

START_TEST(rule_17_integrated_endpoint)
{
	static struct view view;
	unsigned int exp;

	begin(&view);
	exp = view.fake.last_cap;
	ck_assert_int_eq(look(&view), 0);
	ck_assert_uint_eq(get(&view, PCI_HEADER_TYPE, 1), 0);
	ck_assert_uint_eq((get(&view, exp + PCI_EXP_FLAGS, 2) & PCI_EXP_FLAGS_TYPE) >> 4,
			  PCI_EXP_TYPE_RC_END);
	ck_assert_uint_eq(get(&view, exp + PCI_EXP_FLAGS, 2) & PCI_EXP_FLAGS_VERS, 2);
	ck_assert_uint_eq(get(&view, exp + PCI_EXP_LNKCAP, 4), 0);
	ck_assert_uint_eq(get(&view, exp + PCI_EXP_LNKCTL, 2), 0);
	ck_assert_uint_eq(get(&view, exp + PCI_EXP_LNKSTA, 2), 0);
	ck_assert_uint_eq(get(&view, exp + PCI_EXP_LNKCAP2, 4), 0);
	ck_assert_uint_eq(get(&view, exp + PCI_EXP_LNKCTL2, 4), 0);
}
END_TEST

START_TEST(power_on_values)
{
	static struct view view;

	begin(&view);
	view.fake.config[PCI_COMMAND] = 0x07; /* as the host's driver left it */
	view.fake.config[PCI_ROM_ADDRESS] = 0x01;
	ck_assert_int_eq(look(&view), 0);
	ck_assert_uint_eq(get(&view, PCI_COMMAND, 2), 0);
	ck_assert_uint_eq(get(&view, PCI_ROM_ADDRESS, 4), 0);
	ck_assert_uint_eq(get(&view, PCI_CLASS_REVISION, 4), 0x01080202);
}
END_TEST

START_TEST(no_capabilities_at_all)
{
	static struct view view;
	char text[128];

	begin(&view);
	view.fake.config[PCI_STATUS] = 0; /* what is in the pointer then means nothing */
	ck_assert_int_eq(look(&view), 0);
	std_list(&view, text);
	ck_assert_str_eq(text, "");
	ck_assert_uint_eq(get(&view, PCI_CAPABILITY_LIST, 1), 0);
	ck_assert_uint_eq(pci_find_capability(&view.function, PCI_CAP_ID_PM), 0);
}
END_TEST

START_TEST(conventional_device)
{
	static struct view view;
	char text[128];

	begin(&view);
	view.fake.config_size = PCI_CFG_SPACE_SIZE;
	memset(&view.fake.config[PCI_CFG_SPACE_SIZE], 0x5a, FAKE_CONFIG - PCI_CFG_SPACE_SIZE);
	ck_assert_int_eq(look(&view), 0);
	ext_list(&view, text);
	ck_assert_str_eq(text, "");
	ck_assert_uint_ne(get(&view, 0x200, 4), 0x5a5a5a5a);
	vfio_config_forward(&view.config, 0x104, 4, UINT32_MAX);
	calls_expect("");
}
END_TEST

/* ---- dead devices ---- */

START_TEST(rule_18_device_is_gone)
{
	static struct view view;
	struct stderr_text caught;
	int ret;

	begin(&view);
	view.fake.death = FAKE_GONE;
	stderr_begin(&caught);
	ret = look(&view);
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

	begin(&view);
	fake_fail(&view.fake, operations[_i], 1, -EIO);
	stderr_begin(&caught);
	ret = look(&view);
	stderr_end(&caught);
	ck_assert_int_eq(ret, -EIO);
	stderr_holds(&caught, "minivmm: error: " FAKE_BDF ": ");
	stderr_holds(&caught, "Input/output error");
}
END_TEST

/* Dies while the guest runs: the device's registers read as ones, ours as before, writes go nowhere. */
START_TEST(rule_16_dies_while_in_use)
{
	static struct view view;
	char text[128];

	begin(&view);
	fake_add_ext_cap(&view.fake, AER_AT, PCI_EXT_CAP_ID_ERR);
	ck_assert_int_eq(look(&view), 0);
	view.fake.death = _i ? FAKE_BROKEN : FAKE_GONE;
	std_list(&view, text);
	ck_assert_str_eq(text, "1 10");
	ext_list(&view, text);
	ck_assert_str_eq(text, "1");
	ck_assert_uint_eq(get(&view, 0xf0, 4), UINT32_MAX);
	ck_assert_uint_eq(get(&view, view.fake.pm_cap + PCI_PM_CTRL, 2), 0xffff);
	for (unsigned int offset = 0; offset < FAKE_CONFIG; offset += 4) {
		get(&view, offset, 4);
		vfio_config_forward(&view.config, offset, 4, UINT32_MAX);
	}
	ck_assert_uint_eq(view.fake.config[PCI_COMMAND], 0);
}
END_TEST

UNIT_MAIN("config", { rule_15_hidden_capability, UNIT_COUNT(std_lists) },
	  { rule_15_only_hidden_capabilities, 0 },
	  { rule_15_hidden_extended_capability, UNIT_COUNT(ext_lists) },
	  { rule_16_looped_list_ends, UNIT_COUNT(std_loops) },
	  { rule_16_looped_extended_list_ends, UNIT_COUNT(ext_loops) },
	  { rule_16_any_bytes, 0 }, { rule_15_writes_by_allow_list, 3 },
	  { rule_16_neighbours_keep_their_bits, 0 }, { reads_are_live_where_the_device_speaks, 0 },
	  { rule_16_every_size_reads_the_same, 0 }, { rule_17_integrated_endpoint, 0 },
	  { power_on_values, 0 }, { no_capabilities_at_all, 0 }, { conventional_device, 0 },
	  { rule_18_device_is_gone, 0 }, { errors_are_passed_on, 2 },
	  { rule_16_dies_while_in_use, 2 })
