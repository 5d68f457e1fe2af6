/* SPDX-License-Identifier: MIT */
#include "walk_space.h"

#define WALK_Q35       0x29c08086u /* QEMU's host bridge: its register with the ECAM's address */
#define WALK_Q35_ECAM  0x60u
#define WALK_ECAM_BITS 0xf0000000u
#define WALK_SHORT     256u
#define WALK_LONG      4096u
#define WALK_CAPS_MAX  48u
#define WALK_MARK      6u

static uint64_t walk_space;    /* the device's registers, in the ECAM */
static unsigned int walk_size; /* how many bytes of them there are */

/* ---- accesses ---- */

static uint64_t walk_ecam(void)
{
	outl(0xcf8, 0x80000000);
	if (inl(0xcfc) != WALK_Q35)
		return BARE_ECAM;
	outl(0xcf8, 0x80000000 | WALK_Q35_ECAM);
	return inl(0xcfc) & WALK_ECAM_BITS;
}

bool walk_begin(void)
{
	walk_space = walk_ecam() + (WALK_SLOT << 15);
	walk_size = walk_read(WALK_SHORT, 4) == UINT32_MAX ? WALK_SHORT : WALK_LONG;
	walk_tell_one("bytes", 0, walk_size);
	if (walk_read(PCI_VENDOR_ID, 2) != 0xffff)
		return true;
	bare_print("bad slot: no device\n");
	return false;
}

uint32_t walk_read(unsigned int offset, unsigned int size)
{
	switch (size) {
	case 1:
		return read8(walk_space + offset);
	case 2:
		return read16(walk_space + offset);
	default:
		return read32(walk_space + offset);
	}
}

void walk_write(unsigned int offset, unsigned int size, uint32_t value)
{
	switch (size) {
	case 1:
		write8(walk_space + offset, (uint8_t)value);
		break;
	case 2:
		write16(walk_space + offset, (uint16_t)value);
		break;
	default:
		write32(walk_space + offset, value);
	}
}

unsigned int walk_find(uint8_t id)
{
	unsigned int offset = walk_read(PCI_CAPABILITY_LIST, 1) & ~3u;

	/* Reading STATUS alone marks the end of a part: see walk_mark(). */
	if (!(walk_read(PCI_COMMAND, 4) >> 16 & PCI_STATUS_CAP_LIST))
		return 0;
	for (unsigned int i = 0; i < WALK_CAPS_MAX && offset >= PCI_STD_HEADER_SIZEOF; i++) {
		if (walk_read(offset, 1) == id)
			return offset;
		offset = walk_read(offset + 1, 1) & ~3u;
	}
	return 0;
}

/* ---- printed lines ---- */

static void walk_digits(uint32_t value, unsigned int count)
{
	char text[9];

	for (unsigned int i = 0; i < count; i++)
		text[i] = "0123456789abcdef"[value >> (4 * (count - 1 - i)) & 0xf];
	text[count] = 0;
	bare_print(text);
}

void walk_tell(const char *word, unsigned int at, const uint32_t *values, unsigned int count)
{
	bare_print(word);
	bare_print(" ");
	walk_digits(at, 3);
	for (unsigned int i = 0; i < count; i++) {
		bare_print(" ");
		walk_digits(values[i], 8);
	}
	bare_print("\n");
}

void walk_tell_one(const char *word, unsigned int at, uint32_t value)
{
	walk_tell(word, at, &value, 1);
}

void walk_mark(const char *part)
{
	for (unsigned int i = 0; i < WALK_MARK; i++)
		walk_read(PCI_STATUS, 2);
	bare_print("part ");
	bare_print(part);
	bare_print("\n");
}

void walk_dump(void)
{
	for (unsigned int at = 0; at < walk_size; at += 4) {
		uint32_t value = walk_read(at, 4);

		if (value)
			walk_tell_one("register", at, value);
	}
}

/* ---- patterns ---- */

enum walk_kind {
	WALK_KEEPS_ALL,
	WALK_KEEPS_NOTHING,
	WALK_OTHER,
};

/* Registers in a row that do the same, told by one line. */
struct walk_run {
	enum walk_kind kind;
	unsigned int first, end;
};

/* Bits of a capability's registers that the patterns leave alone. */
static const struct {
	uint8_t id, offset;
	uint32_t bits;
} walk_actions[] = {
	{ PCI_CAP_ID_EXP, PCI_EXP_DEVCTL, PCI_EXP_DEVCTL_BCR_FLR },
	{ PCI_CAP_ID_AF, PCI_AF_CTRL, PCI_AF_CTRL_FLR },
	{ PCI_CAP_ID_PM, PCI_PM_CTRL, PCI_PM_CTRL_STATE_MASK },
	{ PCI_CAP_ID_MSI, 0, PCI_MSI_FLAGS_ENABLE << 16 },
	{ PCI_CAP_ID_MSIX, 0, (uint32_t)PCI_MSIX_FLAGS_ENABLE << 16 },
};
#define WALK_ACTIONS (sizeof(walk_actions) / sizeof(walk_actions[0]))

static unsigned int walk_action_places[WALK_ACTIONS];

static void walk_find_actions(void)
{
	for (unsigned int i = 0; i < WALK_ACTIONS; i++) {
		unsigned int cap = walk_find(walk_actions[i].id);

		walk_action_places[i] = cap ? cap + walk_actions[i].offset : 0;
	}
}

/* The bits of the register at `at`, of any width, that may be written as ones. */
static uint32_t walk_allowed(unsigned int at, unsigned int size)
{
	uint32_t allowed = UINT32_MAX;

	for (unsigned int i = 0; i < WALK_ACTIONS; i++)
		if (walk_action_places[i] && walk_action_places[i] == (at & ~3u))
			allowed &= ~walk_actions[i].bits;
	allowed >>= 8 * (at & 3);
	return size == 4 ? allowed : allowed & ((1u << (8 * size)) - 1);
}

static void walk_end_run(const char *word, const struct walk_run *run)
{
	static const char *const kinds[] = { "all", "nothing" };

	if (run->kind == WALK_OTHER || run->first == run->end)
		return;
	bare_print(word);
	bare_print(" ");
	bare_print(kinds[run->kind]);
	walk_tell_one("", run->first, run->end - 1);
}

/* `values` holds the register before, after each pattern, and put back. */
#define WALK_PATTERNS 4u
static enum walk_kind walk_judge(const uint32_t *values, const uint32_t *written)
{
	bool all = true, nothing = true;

	for (unsigned int i = 0; i < WALK_PATTERNS; i++) {
		all = all && values[1 + i] == written[i];
		nothing = nothing && values[1 + i] == values[0];
	}
	if (values[1 + WALK_PATTERNS] != values[0])
		return WALK_OTHER;
	return all ? WALK_KEEPS_ALL : nothing ? WALK_KEEPS_NOTHING : WALK_OTHER;
}

static void walk_try_register(unsigned int at, unsigned int size, const char *word,
			      struct walk_run *run)
{
	static const uint32_t patterns[WALK_PATTERNS] = { 0xffffffff, 0, 0xaaaaaaaa, 0x55555555 };
	uint32_t values[2 + WALK_PATTERNS], written[WALK_PATTERNS];
	enum walk_kind kind;

	values[0] = walk_read(at, size);
	for (unsigned int i = 0; i < WALK_PATTERNS; i++) {
		written[i] = patterns[i] & walk_allowed(at, size);
		walk_write(at, size, written[i]);
		values[1 + i] = walk_read(at, size);
	}
	walk_write(at, size, values[0]);
	values[1 + WALK_PATTERNS] = walk_read(at, size);
	kind = walk_judge(values, written);
	if (kind != run->kind) {
		walk_end_run(word, run);
		*run = (struct walk_run){ kind, at, at };
	}
	run->end = at + size;
	if (kind == WALK_OTHER)
		walk_tell(word, at, values, 2 + WALK_PATTERNS);
}

void walk_patterns(unsigned int size)
{
	static const char *const words[] = { "", "byte", "word", "", "dword" };
	struct walk_run run = { WALK_OTHER, 0, 0 };

	walk_find_actions();
	for (unsigned int at = 0; at < walk_size; at += size)
		walk_try_register(at, size, words[size], &run);
	walk_end_run(words[size], &run);
}
