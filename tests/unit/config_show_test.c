/* SPDX-License-Identifier: MIT */
/* vmm/cli/config_show.c: both views of a device's registers, and why they differ. */
#include <stdlib.h>
#include <string.h>

#include "fake_backend.h"
#include "unit.h"
#include "vmm/cli/config_show.h"

static void shown_init(struct config_shown *shown, const struct fake_device *fake)
{
	*shown = (struct config_shown){ .name = FAKE_BDF, .size = FAKE_CONFIG };
	memcpy(shown->bytes, fake->config, FAKE_CONFIG);
	for (unsigned int bar = 0; bar < FAKE_BARS; bar++)
		shown->bar_size[bar] = fake->bars[bar].size;
}

static char *show(const struct config_shown *shown,
		  int (*print)(const struct config_shown *shown, FILE *out))
{
	size_t size;
	char *text;
	FILE *out = open_memstream(&text, &size);

	ck_assert_int_eq(print(shown, out), 0);
	fclose(out);
	return text;
}

/*
 * A device as a host has it: switched on, with a BAR that has an address, MSI-X, a serial number
 * and SR-IOV.
 */
static void usual(struct config_shown *shown)
{
	struct fake_device fake;

	fake_init(&fake);
	fake_add_bar(&fake, 0, 0x4000, PCI_BASE_ADDRESS_MEM_TYPE_64, false);
	fake_add_msix(&fake, 8, 0x2000, 0x3000);
	fake_add_ext_cap(&fake, 0x100, PCI_EXT_CAP_ID_DSN);
	fake_add_ext_cap(&fake, 0x140, PCI_EXT_CAP_ID_SRIOV);
	fake.config[PCI_COMMAND] = PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER;
	fake.config[PCI_BASE_ADDRESS_0 + 3] = 0xfe;
	fake.config[PCI_INTERRUPT_LINE] = 11;
	fake.config[fake.pm_cap + PCI_PM_CTRL] = 3;
	fake.config[fake.msix_cap + PCI_MSIX_FLAGS + 1] = PCI_MSIX_FLAGS_ENABLE >> 8;
	fake.config[0x104] = 0x77;
	shown_init(shown, &fake);
	fake_destroy(&fake);
}

static const char *const lines[] = {
	"000    Vendor ID                    0x1b36      the same\n",
	"004    Command                      0x0006      0x0000      MEMORY|MASTER -> 0: "
	"what the guest switched on, whatever the host did before\n",
	"010    BAR 0                        0xfe000004  0x00000004  "
	"the guest's addresses are not the host's\n",
	"03c    Interrupt Line               0x0b        0x00        "
	"the guest's number, not the host's\n",
	"0x0003      0x0000      D3HOT -> 0: asleep while nobody has it open\n",
	"MSI-X: emulated: vectors go to the guest by eventfd, never by the guest's addresses\n",
	"Message Control              0x8007      0x0007      ENABLE|0x7 -> 0x7: vectors go to the",
	"\n100  extended, Device Serial Number: passed: the device's own\n",
	"104    Serial Number low            0x00000077  the same\n",
	"\n140  extended, SR-IOV: hidden: virtual functions appear on the host's bus, not on the "
	"guest's\n",
	"100    ID, Version, Next            0x14010003  0x00010003  "
	"the list leaves out what is hidden\n",
};

/* The line behind that of a register, which says what becomes of a guest's write. */
static const struct {
	const char *name, *writes;
} writes[] = {
	{ "Vendor ID", "dropped: read once at the start; can be overridden" },
	{ "Command",
	  "kept and forwarded 0x0407, forwarded 0x0150, dropped 0xfaa8: the function's own" },
	{ "Status", "forwarded 0xf900, dropped 0x06ff: the function's own switches" },
	{ "BAR 0",
	  "kept 0xffffc000, dropped 0x00003fff: the guest's addresses are not the host's" },
	{ "Expansion ROM", "kept 0xffff0001, dropped 0x0000fffe: the guest's addresses are not" },
	{ "Interrupt Line", "kept: the guest's number, not the host's" },
	{ "Control/Status",
	  "forwarded 0x9e03, dropped 0x61fc: bits that concern the function alone" },
	{ "Serial Number low", "dropped: nothing in it is the guest's to change" },
	{ "+0x8 ", "dropped: virtual functions appear on the host's bus" },
	{ "+0x58 ", "forwarded: no capability claims it: only the device's driver knows it" },
};

START_TEST(shows_what_writes_do)
{
	struct config_shown shown;
	char *text, *line;

	usual(&shown);
	shown.bar_size[PCI_BAR_ROM] = 0x10000;
	shown.bytes[0xd4] = shown.bytes[0x148] = 1;
	text = show(&shown, config_show_text);
	line = strstr(text, writes[_i].name);
	ck_assert_msg(line && (line = strchr(line, '\n')), "no %s in:\n%.3000s", writes[_i].name,
		      text);
	ck_assert_msg(strncmp(line + 1, "       a write is ", 18) == 0 &&
			      strncmp(line + 19, writes[_i].writes, strlen(writes[_i].writes)) == 0,
		      "%s: %.200s", writes[_i].name, line + 1);
	free(text);
}
END_TEST

START_TEST(shows_as_text)
{
	struct config_shown shown;
	char *text;

	usual(&shown);
	text = show(&shown, config_show_text);
	ck_assert_msg(strstr(text, lines[_i]), "no `%s` in:\n%.3000s", lines[_i], text);
	free(text);
}
END_TEST

static const char *const pairs[] = {
	"{\"device\":\"0000:01:00.0\",\"size\":4096,\"capabilities\":[",
	"\"name\":\"SR-IOV\",\"extended\":true,\"policy\":\"hidden\",\"why\":\"virtual functions",
	"{\"offset\":0,\"size\":2,\"capability\":null,\"name\":\"Vendor ID\",\"device\":6966,"
	"\"guest\":6966,\"why\":null,\"writes\":{\"forwarded\":0,\"kept\":0,\"dropped\":65535,"
	"\"why\":\"read once at the start; can be overridden\"}}",
	"{\"offset\":4,\"size\":2,\"capability\":null,\"name\":\"Command\",\"device\":6,"
	"\"guest\":0,\"device_bits\":\"MEMORY|MASTER\",\"guest_bits\":\"0\","
	"\"why\":\"what the guest switched",
};

START_TEST(shows_as_json)
{
	struct config_shown shown;
	char *text;

	usual(&shown);
	text = show(&shown, config_show_json);
	ck_assert_msg(strstr(text, pairs[_i]), "no `%s` in:\n%.3000s", pairs[_i], text);
	free(text);
}
END_TEST

/* Without root there is the header alone, which points at capabilities that nobody can read. */
START_TEST(invents_no_capability)
{
	struct config_shown shown;
	char *text;

	usual(&shown);
	shown.size = PCI_STD_HEADER_SIZEOF;
	memset(shown.bytes + shown.size, 0, sizeof(shown.bytes) - shown.size);
	text = show(&shown, config_show_json);
	ck_assert_msg(strstr(text, "\"capabilities\":[],"), "%.3000s", text);
	free(text);
}
END_TEST

/* Every difference has a reason. Whatever the bytes are, the walk ends inside them. */
START_TEST(explains_any_bytes)
{
	static const unsigned int sizes[] = { 64, 256, 4096 };
	struct config_shown shown = { .name = FAKE_BDF };
	uint32_t random = 7 + (uint32_t)_i;
	char *text;

	for (unsigned int i = 0; i < PCI_CONFIG_SIZE; i++) {
		random = random * 1664525u + 1013904223u;
		shown.bytes[i] = (uint8_t)(random >> 24);
	}
	shown.size = sizes[_i % 3];
	for (unsigned int bar = 0; bar < PCI_BARS; bar++)
		shown.bar_size[bar] = random >> (4 * bar) & 1 ? 4096ull << bar : 0;
	text = show(&shown, config_show_json);
	for (const char *row = strstr(text, "\"registers\""); (row = strstr(row, "\"device\":"));
	     row++) {
		unsigned int device, guest;

		ck_assert_int_eq(sscanf(row, "\"device\":%u,\"guest\":%u", &device, &guest), 2);
		if (device != guest)
			ck_assert_msg(strncmp(strstr(row, "\"why\":"), "\"why\":\"", 7) == 0,
				      "%.300s", row);
	}
	free(text);
}
END_TEST

/* The device offers so many messages. The host's COMMAND is not the guest's. */
START_TEST(shows_messages_and_command_as_they_will_be)
{
	struct config_shown shown;
	struct fake_device fake;
	unsigned int cap;
	char *text, wanted[80];

	fake_init(&fake);
	cap = fake_add_cap(&fake, PCI_CAP_ID_MSI, 12);
	fake.config[cap + PCI_MSI_FLAGS] = (uint8_t)(_i << 1);
	fake.config[PCI_COMMAND] = PCI_COMMAND_PARITY | PCI_COMMAND_MASTER;
	shown_init(&shown, &fake);
	fake_destroy(&fake);
	text = show(&shown, config_show_json);
	snprintf(wanted, sizeof(wanted), "\"Message Control\",\"device\":%d,\"guest\":%d,", _i << 1,
		 _i << 1);
	ck_assert_msg(strstr(text, wanted), "no %s in:\n%.3000s", wanted, text);
	ck_assert_ptr_nonnull(strstr(text, "\"Command\",\"device\":68,\"guest\":0,"));
	free(text);
}
END_TEST

/*
 * A capability that the kernel hides is not in the guest's list, and its registers are the
 * driver's. `words` is looked for after the line that begins with `from`.
 */
static const struct {
	const char *from, *words;
} kernel_hides[] = {
	{ "\n0a0  Debug Port: hidden: the kernel's vfio-pci does not show it",
	  "forwarded: no cap" },
	{ "\n0b0  Vendor Specific: passed", "the list leaves out" },
	{ "\n100  extended, PASID: hidden: the kernel's", "the list leaves out" },
	{ "\n104  ", "a write is forwarded: no capability claims it" },
	{ "\n140  extended, unknown: hidden: the kernel's", "a write is forwarded: no capability" },
	{ "\n180  extended, Device Serial Number: passed", "a write is dropped" },
	{ "\n200  extended, Precision Time Measurement: hidden", "a write is forwarded" },
};

static void with_what_the_kernel_hides(struct config_shown *shown)
{
	struct fake_device fake;

	fake_init(&fake);
	fake.last_cap_end = 0xa0;
	fake_add_cap(&fake, PCI_CAP_ID_DBG, 8);
	fake.last_cap_end = 0xb0;
	fake_add_cap(&fake, PCI_CAP_ID_VNDR, 8);
	fake_add_cap(&fake, PCI_CAP_ID_SSVID, 8);
	fake_add_ext_cap(&fake, 0x100, PCI_EXT_CAP_ID_PASID);
	fake_add_ext_cap(&fake, 0x140, 0x3ff);
	fake_add_ext_cap(&fake, 0x180, PCI_EXT_CAP_ID_DSN);
	fake_add_ext_cap(&fake, 0x200, PCI_EXT_CAP_ID_PTM);
	fake.config[0x104] = fake.config[0x144] = fake.config[0x204] = 0x77;
	shown_init(shown, &fake);
	fake_destroy(&fake);
}

START_TEST(rule_31_shows_what_the_kernel_hides)
{
	struct config_shown shown;
	char *text, *at;

	with_what_the_kernel_hides(&shown);
	text = show(&shown, config_show_text);
	at = strstr(text, kernel_hides[_i].from);
	ck_assert_msg(at && strstr(at, kernel_hides[_i].words), "no `%s` and `%s` in:\n%s",
		      kernel_hides[_i].from, kernel_hides[_i].words, text);
	free(text);
}
END_TEST

START_TEST(rule_31_shows_what_the_kernel_hides_in_json)
{
	static const char *const rows[] = {
		"\"name\":\"Debug Port\",\"extended\":false,\"policy\":\"hidden\"",
		"\"name\":\"PASID\",\"extended\":true,\"policy\":\"hidden\"",
		/* nothing is left of the first one but the way to the serial number */
		"\"name\":\"ID, Version, Next\",\"device\":335609883,\"guest\":402653184,"
		"\"why\":\"the list leaves out",
		"\"device\":119,\"guest\":119,\"why\":null,\"writes\":{\"forwarded\":4294967295,",
	};
	struct config_shown shown;
	char *text;

	with_what_the_kernel_hides(&shown);
	text = show(&shown, config_show_json);
	for (size_t i = 0; i < UNIT_COUNT(rows); i++)
		ck_assert_msg(strstr(text, rows[i]), "no `%s` in:\n%.400s", rows[i],
			      strstr(text, "ID, Version, Next"));
	free(text);
}
END_TEST

UNIT_MAIN("config_show", { rule_31_shows_what_the_kernel_hides, UNIT_COUNT(kernel_hides) },
	  { rule_31_shows_what_the_kernel_hides_in_json, 0 },
	  { shows_what_writes_do, UNIT_COUNT(writes) }, { shows_as_text, UNIT_COUNT(lines) },
	  { shows_as_json, UNIT_COUNT(pairs) }, { invents_no_capability, 0 },
	  { explains_any_bytes, 300 }, { shows_messages_and_command_as_they_will_be, 6 })
