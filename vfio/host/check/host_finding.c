/* SPDX-License-Identifier: MIT */
#include "host_finding.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "host_words_tables.h"
#include "vfio/host/look/host_size.h"
#include "vmm/trace/macros.h"

static const struct {
	const char *name, *brief;
} host_checks[] = {
	[CHECK_KVM] = { "kvm", "no KVM" },
	[CHECK_IOMMU] = { "iommu", "no IOMMU" },
	[CHECK_REMAPPING] = { "remapping", "no remapping" },
	[CHECK_VFIO] = { "vfio", "no VFIO" },
	[CHECK_MEMLOCK] = { "memlock", "memory limit" },
	[CHECK_MEMORY] = { "memory", "no memory" },
	[CHECK_NUMA] = { "numa", "far away" },
	[CHECK_DEVICE] = { "device", "bridge" },
	[CHECK_CONFIG] = { "config", "dead" },
	[CHECK_DRIVER] = { "driver", "not bound" },
	[CHECK_GROUP] = { "group", "group not bound" },
	[CHECK_NODE] = { "node", "no access" },
	[CHECK_RESET] = { "reset", "no reset" },
	[CHECK_BARS] = { "bars", "no room" },
	[CHECK_MSIX] = { "msix", "MSI-X broken" },
	[CHECK_ROM] = { "rom", "no ROM" },
	[CHECK_DISPLAY] = { "display", "in use" },
};

const struct host_words *host_words_find(enum host_found found)
{
	static const struct host_words *const tables[] = {
		host_words_of_host,
		host_words_of_memory,
		host_words_of_access,
		host_words_of_hardware,
	};

	for (size_t i = 0; i < array_size(tables); i++)
		if (tables[i][found].text)
			return &tables[i][found];
	return NULL;
}

const char *host_check_name(enum host_check check)
{
	return host_checks[check].name;
}

/* The host's uses of a device stand together in the list of findings. */
const char *host_found_brief(enum host_found found)
{
	if ((found >= FOUND_USE_MOUNTED && found <= FOUND_USE_OPEN) || found == FOUND_NODE_BUSY ||
	    found == FOUND_NODE_HELD)
		return "in use";
	return host_checks[host_words_find(found)->check].brief;
}

/* ---- facts ---- */

enum fact_kind {
	FACT_TEXT,
	FACT_COUNT,   /* 12 */
	FACT_ID,      /* 8086 */
	FACT_CLASS,   /* 010802 */
	FACT_ADDRESS, /* 0x8000000000 */
	FACT_SIZE,    /* 16 KiB */
	FACT_KIB,     /* 16, if a program wants it so */
	FACT_MIB,     /* the same in whole units */
	FACT_ADD,     /* templates of their own */
	FACT_DEL,
	FACT_WHY,
	FACT_MONITOR_KVM,
	FACT_MONITOR_IOMMU,
};

struct fact {
	const char *name;
	enum fact_kind kind;
	size_t offset; /* in struct host_facts */
};

/* A number may be shown in several forms. */
/* clang-format off */
static const struct fact facts[] = {
#define TEXT(name)               { #name, FACT_TEXT, offsetof(struct host_facts, name) },
#define SHOWN(name, field, kind) { #name, kind, offsetof(struct host_facts, field) },
	HOST_FACT_TEXTS(TEXT)
	SHOWN(vendor, vendor, FACT_ID)
	SHOWN(device, device, FACT_ID)
	SHOWN(class_code, class_code, FACT_CLASS)
	SHOWN(group, group, FACT_COUNT)
	SHOWN(count, count, FACT_COUNT)
	SHOWN(bar, bar, FACT_COUNT)
	SHOWN(size, size, FACT_SIZE)
	SHOWN(size_kib, size, FACT_KIB)
	SHOWN(room, room, FACT_SIZE)
	SHOWN(room_mib, room, FACT_MIB)
	SHOWN(room_kib, room, FACT_KIB)
	SHOWN(need, need, FACT_SIZE)
	SHOWN(need_bytes, need, FACT_COUNT)
	SHOWN(need_kib, need, FACT_KIB)
	SHOWN(need_mib, need, FACT_MIB)
	SHOWN(narrow, narrow, FACT_SIZE)
	SHOWN(wide, wide, FACT_SIZE)
	SHOWN(ports, ports, FACT_COUNT)
	SHOWN(ports_room, room, FACT_COUNT)
	SHOWN(bits, bits, FACT_COUNT)
	SHOWN(end, end, FACT_ADDRESS)
	SHOWN(reach, reach, FACT_ADDRESS)
	SHOWN(offset, offset, FACT_ADDRESS)
	SHOWN(add, parameter, FACT_ADD)
	SHOWN(del, parameter, FACT_DEL)
	SHOWN(why, sharing, FACT_WHY)
	SHOWN(give_kvm, monitor, FACT_MONITOR_KVM)
	SHOWN(give_iommu, monitor, FACT_MONITOR_IOMMU)
#undef TEXT
#undef SHOWN
};
/* clang-format on */

static const struct fact *fact_find(const char *name, size_t length)
{
	for (size_t i = 0; i < array_size(facts); i++)
		if (strlen(facts[i].name) == length && strncmp(facts[i].name, name, length) == 0)
			return &facts[i];
	return NULL;
}

static const char *fact_text(const struct host_facts *values, const struct fact *fact)
{
	return *(const char *const *)((const char *)values + fact->offset);
}

static uint64_t fact_number(const struct host_facts *values, const struct fact *fact)
{
	return *(const uint64_t *)((const char *)values + fact->offset);
}

static bool fact_is_missing(const struct host_facts *values, const struct fact *fact)
{
	const char *text;

	if (fact->kind != FACT_TEXT && fact->kind != FACT_ADD && fact->kind != FACT_DEL)
		return false;
	text = fact_text(values, fact);
	return !text || !text[0];
}

/* ---- templates ---- */

static void words_expand(const struct host_facts *values, const char *text, const char *end,
			 FILE *out);

static void words_expand_all(const struct host_facts *values, const char *text, FILE *out)
{
	words_expand(values, text, text + strlen(text), out);
}

/* Find another template by its name, or NULL. */
static const char *fact_template(const struct host_facts *values, const struct fact *fact)
{
	switch (fact->kind) {
	case FACT_ADD:
		return host_loader_words[values->loader].add;
	case FACT_DEL:
		return host_loader_words[values->loader].del;
	case FACT_WHY:
		return host_sharing_words[values->sharing];
	case FACT_MONITOR_KVM:
		return host_monitor_words[values->monitor].kvm;
	case FACT_MONITOR_IOMMU:
		return host_monitor_words[values->monitor].iommu;
	default:
		return NULL;
	}
}

static void fact_write_number(uint64_t number, enum fact_kind kind, FILE *out)
{
	char size[HOST_SIZE_MAX];

	if (kind == FACT_ID)
		fprintf(out, "%04" PRIx64, number);
	else if (kind == FACT_CLASS)
		fprintf(out, "%06" PRIx64, number);
	else if (kind == FACT_ADDRESS)
		fprintf(out, "%#" PRIx64, number);
	else if (kind == FACT_KIB)
		fprintf(out, "%" PRIu64, (number + 1023) >> 10);
	else if (kind == FACT_MIB)
		fprintf(out, "%" PRIu64, number >> 20);
	else if (kind == FACT_COUNT)
		fprintf(out, "%" PRIu64, number);
	else
		fputs(host_format_size(number, size), out);
}

static void fact_write(const struct host_facts *values, const struct fact *fact, FILE *out)
{
	const char *template = fact_template(values, fact);

	if (template)
		words_expand_all(values, template, out);
	else if (fact->kind == FACT_TEXT)
		fputs(fact_text(values, fact), out);
	else
		fact_write_number(fact_number(values, fact), fact->kind, out);
}

/*
 * Find the fact named at `text`, which begins with "{"; *next is the text behind "}". NULL if
 * there is no such fact.
 */
static const struct fact *words_next_fact(const char *text, const char *end, const char **next)
{
	const char *close = memchr(text, '}', (size_t)(end - text));

	*next = close ? close + 1 : end;
	return close ? fact_find(text + 1, (size_t)(close - text - 1)) : NULL;
}

/* Returns whether all facts of a part of a template are there. */
static bool words_are_complete(const struct host_facts *values, const char *text, const char *end)
{
	while ((text = memchr(text, '{', (size_t)(end - text)))) {
		const struct fact *fact = words_next_fact(text, end, &text);

		if (!fact || fact_is_missing(values, fact))
			return false;
	}
	return true;
}

static const char *words_expand_option(const struct host_facts *values, const char *text,
				       const char *end, FILE *out)
{
	const char *close = memchr(text, ']', (size_t)(end - text));

	if (!close)
		return end;
	if (words_are_complete(values, text + 1, close))
		words_expand(values, text + 1, close, out);
	return close + 1;
}

static void words_expand(const struct host_facts *values, const char *text, const char *end,
			 FILE *out)
{
	while (text < end) {
		if (*text == '[') {
			text = words_expand_option(values, text, end, out);
		} else if (*text == '{') {
			const struct fact *fact = words_next_fact(text, end, &text);

			if (fact && !fact_is_missing(values, fact))
				fact_write(values, fact, out);
		} else {
			fputc(*text++, out);
		}
	}
}

int host_template_is_known(const char *template)
{
	const char *end = template + strlen(template), *text = template;

	while ((text = memchr(text, '{', (size_t)(end - text))))
		if (!words_next_fact(text, end, &text))
			return 0;
	return 1;
}

static char *words_render(const struct host_facts *values, const char *template)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	words_expand_all(values, template, out);
	fclose(out);
	return text;
}

char *host_finding_text(const struct host_finding *finding)
{
	return words_render(&finding->facts, host_words_find(finding->found)->text);
}

char *host_finding_fix(const struct host_finding *finding, unsigned int number)
{
	const struct host_words *words = host_words_find(finding->found);

	for (unsigned int i = 0; i < HOST_FIXES_MAX && words->fixes[i]; i++) {
		const char *fix = words->fixes[i];

		if (words_are_complete(&finding->facts, fix, fix + strlen(fix)) && number-- == 0)
			return words_render(&finding->facts, fix);
	}
	return NULL;
}
