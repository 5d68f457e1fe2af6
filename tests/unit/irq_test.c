/* SPDX-License-Identifier: MIT */
/*
 * vmm/core/irq.c: what KVM is told of GSIs, routes and lines, and that everything is given back.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "call_log.h"
#include "fake_kvm.h"
#include "stderr_text.h"
#include "unit.h"
#include "vmm/core/irq.h"

#define VM_FD   1000 /* only the fake ever sees it */
#define GSIS    4096
#define ADDRESS 0xfee00000ull

static void begin(struct irq_router *router, uint32_t gsis)
{
	fake_kvm_begin();
	ck_assert_int_eq(irq_router_init(router, VM_FD, gsis), 0);
}

static void end(struct irq_router *router)
{
	irq_router_destroy(router);
	irq_router_destroy(router);
	fake_kvm_end();
}

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

/*
 * There are a route and an irqfd. Then only the irqfd goes, and it comes back without a new
 * route.
 */
static uint32_t route(struct irq_router *router, uint32_t data)
{
	const struct irq_message message = { ADDRESS, data, 8 };
	uint32_t gsi = irq_alloc_gsi(router);

	ck_assert_uint_ge(gsi, IRQ_LINES_MAX);
	ck_assert_int_eq(irq_set_route(router, gsi, &message), 0);
	return gsi;
}

START_TEST(rule_08_one_routing_for_many)
{
	struct irq_router router;
	uint32_t gsi[64], data;
	uint64_t address;

	begin(&router, GSIS);
	for (unsigned int i = 0; i < 64; i++) {
		struct irq_message message = { ADDRESS + ((uint64_t)i << 12), i, 8 };

		gsi[i] = irq_alloc_gsi(&router);
		ck_assert_int_eq(irq_set_route(&router, gsi[i], &message), 0);
	}
	calls_expect("");
	ck_assert_int_eq(irq_commit(&router), 0);
	ck_assert_uint_eq(calls_count("KVM_SET_GSI_ROUTING"), 1);
	for (unsigned int i = 0; i < 64; i++) {
		ck_assert(fake_kvm_route(gsi[i], &address, &data));
		ck_assert_uint_eq(address, ADDRESS + ((uint64_t)i << 12));
		ck_assert_uint_eq(data, i);
	}
	end(&router);
}
END_TEST

START_TEST(only_changes_are_told)
{
	struct irq_message message = { ADDRESS, 1, 8 };
	struct irq_router router;
	uint32_t gsi;

	begin(&router, GSIS);
	ck_assert_int_eq(irq_commit(&router), 0);
	calls_expect("");
	gsi = route(&router, 1);
	ck_assert_int_eq(irq_commit(&router), 0);
	ck_assert_int_eq(irq_set_route(&router, gsi, &message), 0);
	ck_assert_int_eq(irq_commit(&router), 0);
	calls_expect("KVM_SET_GSI_ROUTING 24=0xfee00000/0x1\n");
	message.data = 2;
	irq_set_route(&router, gsi, &message);
	message.data = 3;
	irq_set_route(&router, gsi, &message);
	ck_assert_int_eq(irq_commit(&router), 0);
	calls_expect("KVM_SET_GSI_ROUTING 24=0xfee00000/0x3\n");
	end(&router);
}
END_TEST

/*
 * Destinations above 255 stand in bits 5 to 11 of the address. KVM takes them in its high half,
 * where nothing that the guest wrote may be left.
 */
static const struct {
	uint64_t written, routed;
} destinations[] = {
	{ 0xfee00000, 0xfee00000 },
	{ 0xfeeff00c, 0xfeeff00c },
	{ 0xfee2c020, 0x100fee2c000 },  /* CPU 300 */
	{ 0xfeefffe4, 0x7f00feeff004 }, /* CPU 32767 */
	{ 0xffffffff00000000 | 0xfee00000, 0xfee00000 },
};

START_TEST(long_destinations)
{
	const struct irq_message message = { destinations[_i].written, 0x41, 8 };
	struct irq_router router;
	uint64_t address;
	uint32_t data;
	uint32_t gsi;

	begin(&router, GSIS);
	gsi = irq_alloc_gsi(&router);
	ck_assert_int_eq(irq_set_route(&router, gsi, &message), 0);
	ck_assert_int_eq(irq_commit(&router), 0);
	ck_assert(fake_kvm_route(gsi, &address, &data));
	ck_assert_uint_eq(address, destinations[_i].routed);
	end(&router);
}
END_TEST

/* Even 0, 0 is a message. */
START_TEST(message_of_zeros_gets_a_route)
{
	const struct irq_message message = { 0, 0, 0 };
	struct irq_router router;

	begin(&router, GSIS);
	ck_assert_int_eq(irq_set_route(&router, irq_alloc_gsi(&router), &message), 0);
	ck_assert_int_eq(irq_commit(&router), 0);
	calls_expect("KVM_SET_GSI_ROUTING 24=0/0\n");
	end(&router);
}
END_TEST

START_TEST(refused_routing_is_tried_again)
{
	struct stderr_text caught;
	struct irq_router router;
	int ret;

	begin(&router, GSIS);
	route(&router, 1);
	fake_kvm_fail("KVM_SET_GSI_ROUTING", 1, -ENOMEM);
	stderr_begin(&caught);
	ret = irq_commit(&router);
	stderr_end(&caught);
	ck_assert_int_eq(ret, -ENOMEM);
	stderr_holds(&caught, "KVM_SET_GSI_ROUTING: Cannot allocate memory");
	ck_assert_int_eq(irq_commit(&router), 0);
	calls_expect("KVM_SET_GSI_ROUTING fails\nKVM_SET_GSI_ROUTING 24=0xfee00000/0x1\n");
	end(&router);
}
END_TEST

/*
 * Each GSI above the pins is given out once. The lowest one that was given back is given out
 * again. If there is none, this is said once.
 */
START_TEST(gsis_run_out_and_come_back)
{
	struct irq_router router;
	struct stderr_text caught;

	begin(&router, IRQ_LINES_MAX + 8);
	for (uint32_t i = 0; i < 8; i++)
		ck_assert_uint_eq(irq_alloc_gsi(&router), IRQ_LINES_MAX + i);
	stderr_begin(&caught);
	ck_assert_uint_eq(irq_alloc_gsi(&router), 0);
	ck_assert_uint_eq(irq_alloc_gsi(&router), 0);
	stderr_end(&caught);
	stderr_holds(&caught, "all 32 routes of KVM are in use");
	ck_assert_ptr_eq(strchr(caught.text, '\n'), strrchr(caught.text, '\n'));
	irq_free_gsi(&router, 0);
	irq_free_gsi(&router, IRQ_LINES_MAX + 5);
	irq_free_gsi(&router, IRQ_LINES_MAX + 3);
	ck_assert_uint_eq(irq_alloc_gsi(&router), IRQ_LINES_MAX + 3);
	ck_assert_uint_eq(irq_alloc_gsi(&router), IRQ_LINES_MAX + 5);
	end(&router);
}
END_TEST

/* A route that is freed leaves the others alone, and goes with the next commit. */
START_TEST(freed_gsi_takes_its_own_route)
{
	struct irq_router router;
	uint32_t gsi[3];

	begin(&router, GSIS);
	for (unsigned int i = 0; i < 3; i++)
		gsi[i] = route(&router, i + 1);
	ck_assert_int_eq(irq_commit(&router), 0);
	calls_begin();
	irq_free_gsi(&router, gsi[0]);
	ck_assert_int_eq(irq_commit(&router), 0);
	calls_expect("KVM_SET_GSI_ROUTING 26=0xfee00000/0x3 25=0xfee00000/0x2\n");
	irq_free_gsi(&router, gsi[2]); /* whose entry has moved */
	ck_assert_int_eq(irq_commit(&router), 0);
	calls_expect("KVM_SET_GSI_ROUTING 25=0xfee00000/0x2\n");
	end(&router);
}
END_TEST

/* More vectors than the first table holds. */
START_TEST(table_grows)
{
	struct irq_router router;
	uint32_t gsi[600], data;
	uint64_t address;

	begin(&router, GSIS);
	for (unsigned int i = 0; i < 600; i++)
		gsi[i] = route(&router, i);
	ck_assert_int_eq(irq_commit(&router), 0);
	for (unsigned int i = 0; i < 600; i++)
		ck_assert(fake_kvm_route(gsi[i], &address, &data) && data == i);
	end(&router);
}
END_TEST

/* The line is wired-or: the pin is high as long as anybody pulls it. */
START_TEST(shared_line)
{
	struct irq_line a = { .gsi = 16 }, b = { .gsi = 16 }, other = { .gsi = 17 };
	struct irq_router router;

	begin(&router, GSIS);
	irq_line_set(&router, &a, true);
	ck_assert(fake_kvm_pin(16));
	irq_line_set(&router, &b, true);
	irq_line_set(&router, &a, false);
	irq_line_set(&router, &a, false);
	ck_assert(fake_kvm_pin(16));
	ck_assert(!fake_kvm_pin(17));
	irq_line_set(&router, &other, true);
	irq_line_set(&router, &b, false);
	ck_assert(!fake_kvm_pin(16));
	ck_assert(fake_kvm_pin(17));
	calls_begin();
	irq_line_set(&router, &other, true);
	calls_expect("");
	end(&router);
}
END_TEST

START_TEST(rule_07_level_with_resample)
{
	struct irq_level level = { .trigger = -1, .resample = -1 };
	struct irq_router router;
	int trigger, resample;

	begin(&router, GSIS);
	irq_level_destroy(&router, &level);
	calls_expect("");
	ck_assert_int_eq(irq_level_init(&router, &level, 17), 0);
	calls_expect("KVM_IRQFD 17 on resample\n");
	trigger = level.trigger;
	resample = level.resample;
	ck_assert_int_ne(trigger, resample);
	irq_level_destroy(&router, &level);
	irq_level_destroy(&router, &level);
	calls_expect("KVM_IRQFD 17 off\n");
	ck_assert(!is_open(trigger) && !is_open(resample));
	end(&router);
}
END_TEST

/* Several devices are on one line. Each has its own pair, and leaves without the others. */
START_TEST(rule_07_shared_level)
{
	struct irq_level a = { .trigger = -1, .resample = -1 }, b = a;
	struct irq_router router;

	begin(&router, GSIS);
	ck_assert_int_eq(irq_level_init(&router, &a, 17), 0);
	ck_assert_int_eq(irq_level_init(&router, &b, 17), 0);
	calls_expect("KVM_IRQFD 17 on resample\nKVM_IRQFD 17 on resample\n");
	irq_level_destroy(&router, &a);
	ck_assert(fake_kvm_plugged(17));
	ck_assert(is_open(b.trigger) && is_open(b.resample));
	irq_level_destroy(&router, &b);
	ck_assert(!fake_kvm_plugged(17));
	end(&router);
}
END_TEST

START_TEST(refused_level_is_destroyed)
{
	struct irq_level level = { .trigger = -1, .resample = -1 };
	struct stderr_text caught;
	struct irq_router router;
	int ret;

	begin(&router, GSIS);
	fake_kvm_fail("KVM_IRQFD", 1, -EINVAL);
	stderr_begin(&caught);
	ret = irq_level_init(&router, &level, 17);
	stderr_end(&caught);
	ck_assert_int_eq(ret, -EINVAL);
	stderr_holds(&caught, "resample for GSI 17");
	ck_assert_int_eq(level.trigger, -1);
	ck_assert_int_eq(level.resample, -1);
	end(&router);
}
END_TEST

UNIT_MAIN("irq", { rule_08_one_routing_for_many, 0 }, { only_changes_are_told, 0 },
	  { long_destinations, UNIT_COUNT(destinations) }, { message_of_zeros_gets_a_route, 0 },
	  { refused_routing_is_tried_again, 0 }, { gsis_run_out_and_come_back, 0 },
	  { freed_gsi_takes_its_own_route, 0 }, { table_grows, 0 }, { shared_line, 0 },
	  { rule_07_level_with_resample, 0 }, { rule_07_shared_level, 0 },
	  { refused_level_is_destroyed, 0 })
