/* SPDX-License-Identifier: MIT */
/* vmm/trace/trace_json.c: whatever happens, and whatever names things have, the file is JSON. */
#include <ctype.h>
#include <errno.h>
#include <linux/kvm.h>

#include "fake_kvm.h"
#include "trace_file.h"
#include "unit.h"
#include "vfio_rig.h"
#include "vmm/core/kvm_calls.h"

/* ---- a reader of JSON; NULL where it is none ---- */

static const char *json_value(const char *at);

static const char *json_blank(const char *at)
{
	while (at && isspace((unsigned char)*at))
		at++;
	return at;
}

static const char *json_string(const char *at)
{
	if (*at++ != '"')
		return NULL;
	for (; *at != '"'; at++) {
		if ((unsigned char)*at < 0x20 || (unsigned char)*at >= 0x7f)
			return NULL;
		if (*at == '\\' && !strchr("\"\\u", *++at))
			return NULL;
	}
	return at + 1;
}

static const char *json_list(const char *at, char end, bool object)
{
	at = json_blank(at + 1);
	if (*at == end)
		return at + 1;
	for (;; at++) {
		if (object) {
			at = json_string(json_blank(at));
			if (!at || *at++ != ':')
				return NULL;
		}
		at = json_blank(json_value(json_blank(at)));
		if (!at || *at == end)
			return at ? at + 1 : NULL;
		if (*at != ',')
			return NULL;
	}
}

static const char *json_value(const char *at)
{
	const char *start = at;

	if (*at == '"')
		return json_string(at);
	if (*at == '[' || *at == '{')
		return json_list(at, *at == '[' ? ']' : '}', *at == '{');
	while (isdigit((unsigned char)*at) || (*at && strchr("+-.e", *at)))
		at++;
	return at > start ? at : NULL;
}

static void expect_json(const struct trace_file *caught)
{
	const char *end = json_blank(json_value(caught->text));

	ck_assert_msg(end && !*end, "not JSON: %s", caught->text);
}

static unsigned int count(const struct trace_file *caught, const char *words)
{
	unsigned int found = 0;

	for (const char *at = caught->text; (at = strstr(at, words)); at++)
		found++;
	return found;
}

START_TEST(nothing_is_json)
{
	static struct trace_file caught;

	trace_file_begin(&caught, ".json", TRACE_TOPICS_ALL);
	trace_file_end(&caught);
	expect_json(&caught);
}
END_TEST

START_TEST(a_start_is_json)
{
	static struct trace_file caught;
	static struct rig rig;

	rig_init_usual(&rig);
	trace_file_begin(&caught, ".json", TRACE_TOPICS_ALL);
	trace_phase("open devices");
	ck_assert_int_eq(rig_open(&rig), 0);
	trace_phase("the guest runs");
	rig_switch_on(&rig);
	for (unsigned int vector = 0; vector < 3; vector++)
		rig_msix_entry(&rig, vector, 0x40 + vector, false);
	rig_msix_control(&rig, PCI_MSIX_FLAGS_ENABLE);
	rig_close(&rig);
	trace_file_end(&caught);
	expect_json(&caught);
	ck_assert_uint_eq(count(&caught, "\"cat\":\"phase\",\"ph\":\"X\""), 2);
	ck_assert_uint_eq(count(&caught, "\"name\":\"config write\""), 2);
	ck_assert_uint_eq(count(&caught, "\"name\":\"KVM_SET_GSI_ROUTING\""), 1);
	/* One call sets three routes. Each has a key of its own. */
	ck_assert_uint_eq(count(&caught, "\"GSI\":\"24 -> "), 1);
	ck_assert_uint_eq(count(&caught, "\"GSI 2\":\"25 -> "), 1);
	ck_assert_uint_eq(count(&caught, "\"GSI 3\":\"26 -> "), 1);
}
END_TEST

START_TEST(odd_names_are_json)
{
	static struct trace_file caught;
	struct trace_span span;

	trace_file_begin(&caught, ".json", TRACE_TOPICS_ALL);
	trace_begin(&span, TRACE_TOPIC_bar, "a \"name\"", "back\\slash\n\t\x7f\xc3\xa4");
	ck_assert(span.on);
	trace_put(&span.fields, "\"", "%s", "\"},{\x01");
	trace_end(&span);
	trace_file_end(&caught);
	expect_json(&caught);
	ck_assert_uint_eq(count(&caught, "\"a \\\"name\\\"\""), 1);
	ck_assert_uint_eq(count(&caught, "back\\\\slash\\u000a\\u0009\\u007f\\u00c3\\u00a4"), 1);
}
END_TEST

/* Only what was asked for is there. What happens inside a span that is left out is not lost. */
START_TEST(leaves_out)
{
	static struct trace_file caught;
	static struct rig rig;

	rig_init_usual(&rig);
	trace_file_begin(&caught, ".json", 1u << TRACE_TOPIC_irq);
	ck_assert_int_eq(rig_open(&rig), 0);
	rig_switch_on(&rig);
	rig_msix_entry(&rig, 0, 0x40, false);
	rig_msix_control(&rig, PCI_MSIX_FLAGS_ENABLE);
	rig_close(&rig);
	trace_file_end(&caught);
	expect_json(&caught);
	ck_assert_uint_eq(count(&caught, "\"cat\":\"config\""), 0);
	ck_assert_uint_eq(count(&caught, "\"cat\":\"memory\""), 0);
	ck_assert_uint_ge(count(&caught, "\"name\":\"KVM_IRQFD\""), 2);
}
END_TEST

/* An interrupt counter is written at the end even if it moved only once. */
START_TEST(writes_counters)
{
	static struct trace_file caught;
	struct kvm_irq_level level = { .irq = 3, .level = 1 };

	fake_kvm_begin();
	trace_file_begin(&caught, ".json", TRACE_TOPICS_ALL);
	for (unsigned int i = 0; i < 7; i++)
		trace_ioctl(-1, KVM_IRQ_LINE, &level);
	trace_file_end(&caught);
	fake_kvm_end();
	expect_json(&caught);
	ck_assert_uint_eq(count(&caught, "\"args\":{\"line\":7}"), 1);
}
END_TEST

START_TEST(refuses_a_file_that_cannot_be)
{
	struct trace_options options = { .file = "/nowhere/trace.json",
					 .topics = TRACE_TOPICS_ALL };

	ck_assert_int_eq(trace_open(&options), -ENOENT);
	ck_assert(!trace_wants(UINT32_MAX));
}
END_TEST

UNIT_MAIN("trace_json", { nothing_is_json, 0 }, { a_start_is_json, 0 }, { odd_names_are_json, 0 },
	  { leaves_out, 0 }, { writes_counters, 0 }, { refuses_a_file_that_cannot_be, 0 })
