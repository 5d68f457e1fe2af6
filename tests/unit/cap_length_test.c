/* SPDX-License-Identifier: MIT */
/*
 * vfio/vfio_cap_length.c: where a capability ends. What lies behind it is the driver's. The
 * figures are those that Linux' vfio-pci counts with.
 */
#include "config_view.h"
#include "unit.h"

#define EXP_TYPE(type) ((type) << 4)

/* It is the last one of its list, so only its own length ends it. */
static const struct {
	bool extended;
	uint16_t id;
	struct {
		unsigned int at; /* from the capability */
		uint8_t byte;
	} set[3];
	unsigned int length;
} lengths[] = {
	{ false, PCI_CAP_ID_PM, { { 0 } }, 8 },
	{ false, PCI_CAP_ID_VPD, { { 0 } }, 8 },
	{ false, PCI_CAP_ID_MSI, { { 2, 0 } }, 10 },
	{ false, PCI_CAP_ID_MSI, { { 2, 0x80 } }, 14 },
	{ false, PCI_CAP_ID_MSI, { { 3, 1 } }, 20 },
	{ false, PCI_CAP_ID_MSI, { { 2, 0x80 }, { 3, 1 } }, 24 },
	{ false, PCI_CAP_ID_MSIX, { { 0 } }, 12 },
	{ false, PCI_CAP_ID_PCIX, { { 0 } }, 8 },
	{ false, PCI_CAP_ID_PCIX, { { 3, 0x10 } }, 24 },
	{ false, PCI_CAP_ID_PCIX, { { 3, 0x20 } }, 24 },
	{ false, PCI_CAP_ID_HT, { { 3, 0x00 } }, 28 },
	{ false, PCI_CAP_ID_HT, { { 3, 0x20 } }, 24 },
	{ false, PCI_CAP_ID_HT, { { 3, 0xa8 } }, 24 },
	{ false, PCI_CAP_ID_AGP, { { 0 } }, 12 },
	{ false, PCI_CAP_ID_DBG, { { 0 } }, 4 },
	{ false, PCI_CAP_ID_SSVID, { { 0 } }, 8 },
	{ false, PCI_CAP_ID_AF, { { 0 } }, 6 },
	{ false, PCI_CAP_ID_SATA, { { 4, 0x04 } }, 8 },
	{ false, PCI_CAP_ID_SATA, { { 4, 0x0f } }, 16 },
	{ false, 0, { { 0 } }, 2 },
	/* The length of PCI Express depends on its version, and on whether there is a link. */
	{ false, PCI_CAP_ID_EXP, { { 2, 1 } }, 0x14 },
	{ false, PCI_CAP_ID_EXP, { { 2, 0 } }, 0x14 },
	{ false, PCI_CAP_ID_EXP, { { 2, 1 | EXP_TYPE(PCI_EXP_TYPE_RC_END) } }, 0x0c },
	{ false, PCI_CAP_ID_EXP, { { 2, 2 } }, 0x34 },
	{ false, PCI_CAP_ID_EXP, { { 2, 2 | EXP_TYPE(PCI_EXP_TYPE_RC_END) } }, 0x2c },

	{ true, 0, { { 0 } }, 4 },
	{ true, PCI_EXT_CAP_ID_ERR, { { 0 } }, 0x2c },
	{ true, PCI_EXT_CAP_ID_DSN, { { 0 } }, 12 },
	{ true, PCI_EXT_CAP_ID_PWR, { { 0 } }, 16 },
	/*
	 * One channel and up to seven more, then the arbiter's table at a multiple of 16 bytes.
	 */
	{ true, PCI_EXT_CAP_ID_VC, { { 0 } }, 0x1c },
	{ true, PCI_EXT_CAP_ID_VC, { { 4, 1 } }, 0x28 },
	{ true, PCI_EXT_CAP_ID_VC, { { 4, 7 } }, 0x70 },
	{ true, PCI_EXT_CAP_ID_VC9, { { 4, 1 }, { 8, 2 } }, 0x40 },
	{ true, PCI_EXT_CAP_ID_MFVC, { { 4, 1 }, { 8, 4 } }, 0x50 },
	{ true, PCI_EXT_CAP_ID_VC, { { 4, 1 }, { 8, 0x0e } }, 0x70 },
	{ true, PCI_EXT_CAP_ID_VC, { { 4, 1 }, { 8, 0x01 } }, 0x28 }, /* a fixed arbiter */
	{ true, PCI_EXT_CAP_ID_ACS, { { 0 } }, 8 },
	{ true, PCI_EXT_CAP_ID_ACS, { { 4, 0x20 }, { 5, 1 } }, 12 },
	{ true, PCI_EXT_CAP_ID_ACS, { { 4, 0x20 }, { 5, 33 } }, 16 },
	{ true, PCI_EXT_CAP_ID_ACS, { { 4, 0x20 } }, 40 },
	{ true, PCI_EXT_CAP_ID_ARI, { { 0 } }, 8 },
	{ true, PCI_EXT_CAP_ID_ATS, { { 0 } }, 8 },
	{ true, PCI_EXT_CAP_ID_SRIOV, { { 0 } }, 64 },
	{ true, PCI_EXT_CAP_ID_MCAST, { { 0 } }, 40 },
	{ true, PCI_EXT_CAP_ID_PRI, { { 0 } }, 16 },
	{ true, PCI_EXT_CAP_ID_REBAR, { { 8, 1 << 5 } }, 12 },
	{ true, PCI_EXT_CAP_ID_REBAR, { { 8, 6 << 5 } }, 52 },
	{ true, VFIO_EXT_CAP_VF_REBAR, { { 8, 3 << 5 } }, 28 },
	{ true, PCI_EXT_CAP_ID_DPA, { { 0 } }, 17 },
	{ true, PCI_EXT_CAP_ID_DPA, { { 4, 0x1f } }, 48 },
	{ true, PCI_EXT_CAP_ID_TPH, { { 0 } }, 12 },
	{ true, PCI_EXT_CAP_ID_TPH, { { 5, 2 } }, 14 },
	{ true, PCI_EXT_CAP_ID_TPH, { { 5, 2 }, { 6, 63 } }, 140 },
	{ true, PCI_EXT_CAP_ID_TPH, { { 5, 4 }, { 6, 63 } }, 12 }, /* beside MSI-X's table */
	{ true, PCI_EXT_CAP_ID_LTR, { { 0 } }, 8 },
	{ true, PCI_EXT_CAP_ID_PASID, { { 0 } }, 8 },
};

START_TEST(rule_31_where_a_capability_ends)
{
	static struct view view;
	unsigned int cap = 0x200, end;

	view_begin(&view);
	if (lengths[_i].extended) {
		fake_add_ext_cap(&view.fake, 0x100, PCI_EXT_CAP_ID_DSN);
		fake_add_ext_cap(&view.fake, cap, lengths[_i].id);
	} else {
		cap = fake_add_cap(&view.fake, (uint8_t)lengths[_i].id, 64);
	}
	for (unsigned int i = 0; i < 3; i++)
		view.fake.config[cap + lengths[_i].set[i].at] |= lengths[_i].set[i].byte;
	ck_assert_int_eq(view_look(&view), 0);
	end = cap + lengths[_i].length;
	ck_assert_ptr_nonnull(vfio_caps_at(&view.config.caps, end - 1));
	ck_assert_ptr_null(vfio_caps_at(&view.config.caps, end));
	view.fake.config[end] = 0;
	ck_assert_int_eq(vfio_config_forward(&view.config, end, 1, 0xa5), 0);
	ck_assert_uint_eq(view.fake.config[end], 0xa5);
}
END_TEST

/*
 * However long a capability says that it is, it ends with the space, and nothing is read past
 * that.
 */
START_TEST(rule_31_length_past_the_end)
{
	static const struct {
		uint16_t id;
		unsigned int at;
	} rows[] = {
		{ PCI_EXT_CAP_ID_TPH, 0xff8 },   { PCI_EXT_CAP_ID_VC, 0xff4 },
		{ PCI_EXT_CAP_ID_ACS, 0xffc },   { PCI_EXT_CAP_ID_REBAR, 0xffc },
		{ PCI_EXT_CAP_ID_DVSEC, 0xffc }, { PCI_EXT_CAP_ID_ERR, 0xffc },
	};
	static struct view view;

	for (size_t i = 0; i < UNIT_COUNT(rows); i++) {
		view_begin(&view);
		fake_add_ext_cap(&view.fake, 0x100, PCI_EXT_CAP_ID_DSN);
		fake_add_ext_cap(&view.fake, rows[i].at, rows[i].id);
		for (unsigned int at = rows[i].at + 4; at < PCI_CONFIG_SIZE; at++)
			view.fake.config[at] = 0xff;
		ck_assert_int_eq(view_look(&view), 0);
		ck_assert_ptr_nonnull(vfio_caps_at(&view.config.caps, PCI_CONFIG_SIZE - 1));
	}
}
END_TEST

UNIT_MAIN("cap_length", { rule_31_where_a_capability_ends, UNIT_COUNT(lengths) },
	  { rule_31_length_past_the_end, 0 })
