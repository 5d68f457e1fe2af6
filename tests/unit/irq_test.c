/* SPDX-License-Identifier: MIT */
/* vmm/core/irq.c: what KVM is told, in which order, and that everything is given back. */
#include <errno.h>
#include <fcntl.h>
#include <sys/eventfd.h>
#include <unistd.h>

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

/* Route, irqfd; then only the irqfd goes, and comes back without a new route. */
START_TEST(rule_01_route_before_irqfd)
{
	struct irq_router router;
	struct irq_msi msi;

	begin(&router, GSIS);
	ck_assert_int_eq(irq_msi_init(&router, &msi, 8), 0);
	ck_assert_int_eq(fcntl(msi.eventfd, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
	calls_expect("");
	irq_msi_set_message(&router, &msi, ADDRESS, 0x41);
	calls_expect("");
	ck_assert_int_eq(irq_commit(&router), 0);
	ck_assert_int_eq(irq_msi_unmask(&router, &msi), 0);
	calls_expect("KVM_SET_GSI_ROUTING 24=0xfee00000/0x41\nKVM_IRQFD 24 on\n");
	irq_msi_mask(&router, &msi);
	calls_expect("KVM_IRQFD 24 off\n");
	ck_assert_int_eq(irq_commit(&router), 0);
	ck_assert_int_eq(irq_msi_unmask(&router, &msi), 0);
	calls_expect("KVM_IRQFD 24 on\n");
	irq_msi_destroy(&router, &msi);
	calls_expect("KVM_IRQFD 24 off\n");
	end(&router);
}
END_TEST

START_TEST(rule_08_one_routing_for_many)
{
	struct irq_router router;
	struct irq_msi msi[64];
	uint64_t address;
	uint32_t data;

	begin(&router, GSIS);
	for (unsigned int i = 0; i < 64; i++) {
		ck_assert_int_eq(irq_msi_init(&router, &msi[i], 8), 0);
		irq_msi_set_message(&router, &msi[i], ADDRESS + ((uint64_t)i << 32), i);
	}
	ck_assert_int_eq(irq_commit(&router), 0);
	ck_assert_uint_eq(calls_count("KVM_SET_GSI_ROUTING"), 1);
	for (unsigned int i = 0; i < 64; i++) {
		ck_assert(fake_kvm_route(msi[i].gsi, &address, &data));
		ck_assert_uint_eq(address, ADDRESS + ((uint64_t)i << 32));
		ck_assert_uint_eq(data, i);
	}
	for (unsigned int i = 0; i < 64; i++)
		irq_msi_destroy(&router, &msi[i]);
	end(&router);
}
END_TEST

START_TEST(only_changes_are_told)
{
	struct irq_router router;
	struct irq_msi msi;

	begin(&router, GSIS);
	ck_assert_int_eq(irq_commit(&router), 0);
	ck_assert_int_eq(irq_msi_init(&router, &msi, 8), 0);
	ck_assert_int_eq(irq_commit(&router), 0);
	calls_expect("");
	irq_msi_set_message(&router, &msi, ADDRESS, 1);
	ck_assert_int_eq(irq_commit(&router), 0);
	irq_msi_set_message(&router, &msi, ADDRESS, 1);
	ck_assert_int_eq(irq_commit(&router), 0);
	calls_expect("KVM_SET_GSI_ROUTING 24=0xfee00000/0x1\n");
	irq_msi_set_message(&router, &msi, ADDRESS, 2);
	irq_msi_set_message(&router, &msi, ADDRESS, 3);
	ck_assert_int_eq(irq_commit(&router), 0);
	calls_expect("KVM_SET_GSI_ROUTING 24=0xfee00000/0x3\n");
	/* Unmasking what is unmasked, masking what is masked: nothing. */
	ck_assert_int_eq(irq_msi_unmask(&router, &msi), 0);
	ck_assert_int_eq(irq_msi_unmask(&router, &msi), 0);
	irq_msi_mask(&router, &msi);
	irq_msi_mask(&router, &msi);
	calls_expect("KVM_IRQFD 24 on\nKVM_IRQFD 24 off\n");
	irq_msi_destroy(&router, &msi);
	end(&router);
}
END_TEST

/* Even the message 0, 0 is one that was set. */
START_TEST(message_of_zeros_gets_a_route)
{
	struct irq_router router;
	struct irq_msi msi;

	begin(&router, GSIS);
	ck_assert_int_eq(irq_msi_init(&router, &msi, 8), 0);
	irq_msi_set_message(&router, &msi, 0, 0);
	ck_assert_int_eq(irq_commit(&router), 0);
	ck_assert_int_eq(irq_msi_unmask(&router, &msi), 0);
	calls_expect("KVM_SET_GSI_ROUTING 24=0/0\nKVM_IRQFD 24 on\n");
	irq_msi_destroy(&router, &msi);
	end(&router);
}
END_TEST

START_TEST(refused_routing_is_tried_again)
{
	struct stderr_text caught;
	struct irq_router router;
	struct irq_msi msi;
	int ret;

	begin(&router, GSIS);
	ck_assert_int_eq(irq_msi_init(&router, &msi, 8), 0);
	irq_msi_set_message(&router, &msi, ADDRESS, 1);
	fake_kvm_fail("KVM_SET_GSI_ROUTING", 1, -ENOMEM);
	stderr_begin(&caught);
	ret = irq_commit(&router);
	stderr_end(&caught);
	ck_assert_int_eq(ret, -ENOMEM);
	stderr_holds(&caught, "KVM_SET_GSI_ROUTING: Cannot allocate memory");
	ck_assert_int_eq(irq_commit(&router), 0);
	calls_expect("KVM_SET_GSI_ROUTING fails\nKVM_SET_GSI_ROUTING 24=0xfee00000/0x1\n");
	irq_msi_destroy(&router, &msi);
	end(&router);
}
END_TEST

START_TEST(refused_irqfd_leaves_it_masked)
{
	struct stderr_text caught;
	struct irq_router router;
	struct irq_msi msi;
	int ret;

	begin(&router, GSIS);
	ck_assert_int_eq(irq_msi_init(&router, &msi, 8), 0);
	irq_msi_set_message(&router, &msi, ADDRESS, 1);
	ck_assert_int_eq(irq_commit(&router), 0);
	fake_kvm_fail("KVM_IRQFD", 1, -EBUSY);
	stderr_begin(&caught);
	ret = irq_msi_unmask(&router, &msi);
	stderr_end(&caught);
	ck_assert_int_eq(ret, -EBUSY);
	stderr_holds(&caught, "KVM_IRQFD for GSI 24");
	ck_assert(!msi.unmasked);
	ck_assert_int_eq(irq_msi_unmask(&router, &msi), 0);
	irq_msi_destroy(&router, &msi);
	end(&router);
}
END_TEST

/* GSIs above the pins, each once; one that was given back is given out again. */
START_TEST(gsis_run_out_and_come_back)
{
	struct irq_msi msi[8], extra;
	struct irq_router router;
	uint32_t free_gsi;
	int fd;

	begin(&router, IRQ_LINES_MAX + 8);
	for (unsigned int i = 0; i < 8; i++) {
		ck_assert_int_eq(irq_msi_init(&router, &msi[i], 8), 0);
		ck_assert_uint_ge(msi[i].gsi, IRQ_LINES_MAX);
		for (unsigned int k = 0; k < i; k++)
			ck_assert_uint_ne(msi[i].gsi, msi[k].gsi);
	}
	ck_assert_int_eq(irq_msi_init(&router, &extra, 8), -ENOSPC);
	irq_msi_destroy(&router, &extra);
	free_gsi = msi[3].gsi;
	fd = msi[3].eventfd;
	irq_msi_destroy(&router, &msi[3]);
	ck_assert(!is_open(fd));
	irq_msi_destroy(&router, &msi[3]);
	ck_assert_int_eq(irq_msi_init(&router, &msi[3], 8), 0);
	ck_assert_uint_eq(msi[3].gsi, free_gsi);
	for (unsigned int i = 0; i < 8; i++)
		irq_msi_destroy(&router, &msi[i]);
	end(&router);
}
END_TEST

/* What is destroyed leaves the others' routes alone, and its own goes with the next commit. */
START_TEST(destroy_takes_its_own_route)
{
	struct irq_router router;
	struct irq_msi msi[3];

	begin(&router, GSIS);
	for (unsigned int i = 0; i < 3; i++) {
		ck_assert_int_eq(irq_msi_init(&router, &msi[i], 8), 0);
		irq_msi_set_message(&router, &msi[i], ADDRESS, i + 1);
	}
	ck_assert_int_eq(irq_commit(&router), 0);
	irq_msi_destroy(&router, &msi[0]);
	calls_begin();
	ck_assert_int_eq(irq_commit(&router), 0);
	calls_expect("KVM_SET_GSI_ROUTING 26=0xfee00000/0x3 25=0xfee00000/0x2\n");
	irq_msi_destroy(&router, &msi[1]);
	irq_msi_destroy(&router, &msi[2]);
	end(&router);
}
END_TEST

/* More vectors than the first table holds. */
START_TEST(table_grows)
{
	static struct irq_msi msi[600];
	struct irq_router router;
	uint64_t address;
	uint32_t data;

	begin(&router, GSIS);
	for (unsigned int i = 0; i < 600; i++) {
		ck_assert_int_eq(irq_msi_init(&router, &msi[i], 8), 0);
		irq_msi_set_message(&router, &msi[i], ADDRESS, i);
	}
	ck_assert_int_eq(irq_commit(&router), 0);
	for (unsigned int i = 0; i < 600; i++)
		ck_assert(fake_kvm_route(msi[i].gsi, &address, &data) && data == i);
	for (unsigned int i = 0; i < 600; i++)
		irq_msi_destroy(&router, &msi[i]);
	end(&router);
}
END_TEST

/* Wired-or: the pin is high as long as anybody pulls it. */
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

/* Several devices on one line: each has its own pair, and leaves without the others. */
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

/* ---- relayed by the main loop ---- */

struct relayed {
	struct irq_router router;
	struct loop loop;
	struct irq_relay relay;
	struct irq_msi msi;
	struct loop_source stop;
};

static void stop_ready(void *owner, uint32_t events)
{
	struct relayed *relayed = owner;
	eventfd_t count;

	(void)events;
	eventfd_read(relayed->stop.fd, &count);
	loop_stop(&relayed->loop);
}

static void relayed_begin(struct relayed *relayed)
{
	begin(&relayed->router, GSIS);
	ck_assert_int_eq(loop_init(&relayed->loop), 0);
	relayed->stop = (struct loop_source){ eventfd(0, EFD_CLOEXEC), stop_ready, relayed };
	ck_assert_int_eq(loop_add(&relayed->loop, &relayed->stop), 0);
	irq_relay_init(&relayed->relay, &relayed->router, &relayed->loop, &relayed->msi);
	ck_assert_int_eq(irq_msi_init(&relayed->router, &relayed->msi, 8), 0);
	irq_msi_set_relay(&relayed->msi, &relayed->relay);
}

static void relayed_end(struct relayed *relayed)
{
	irq_msi_destroy(&relayed->router, &relayed->msi);
	close(relayed->stop.fd);
	loop_destroy(&relayed->loop);
	end(&relayed->router);
}

/* The loop serves what is ready. Which comes first is its own business: hence twice. */
static void relayed_turn(struct relayed *relayed)
{
	for (unsigned int i = 0; i < 2; i++) {
		eventfd_write(relayed->stop.fd, 1);
		ck_assert_int_eq(loop_run(&relayed->loop), 0);
	}
}

/* No irqfd and no route: the message is sent by hand, as it is at that moment. */
START_TEST(relay_sends_the_message)
{
	static struct relayed relayed;
	struct irq_msi *msi = &relayed.msi;

	relayed_begin(&relayed);
	ck_assert_int_eq(irq_msi_set_message(&relayed.router, msi, ADDRESS, 0x41), 0);
	ck_assert(irq_msi_has_route(msi));
	ck_assert_int_eq(irq_commit(&relayed.router), 0);
	ck_assert_int_eq(irq_msi_unmask(&relayed.router, msi), 0);
	ck_assert_int_eq(irq_msi_unmask(&relayed.router, msi), 0);
	relayed_turn(&relayed);
	calls_expect("");
	eventfd_write(msi->eventfd, 1);
	relayed_turn(&relayed);
	relayed_turn(&relayed);
	calls_expect("KVM_SIGNAL_MSI 0xfee00000/0x41\n");
	irq_msi_set_message(&relayed.router, msi, ADDRESS, 0x42);
	eventfd_write(msi->eventfd, 1);
	eventfd_write(msi->eventfd, 1);
	relayed_turn(&relayed);
	calls_expect("KVM_SIGNAL_MSI 0xfee00000/0x42\n"); /* once, as by irqfd */
	relayed_end(&relayed);
	calls_expect("");
}
END_TEST

START_TEST(relay_waits_behind_the_mask)
{
	static struct relayed relayed;
	struct irq_msi *msi = &relayed.msi;

	relayed_begin(&relayed);
	irq_msi_set_message(&relayed.router, msi, ADDRESS, 0x41);
	ck_assert_int_eq(irq_msi_unmask(&relayed.router, msi), 0);
	irq_msi_mask(&relayed.router, msi);
	irq_msi_mask(&relayed.router, msi);
	eventfd_write(msi->eventfd, 1);
	relayed_turn(&relayed);
	calls_expect("");
	ck_assert(irq_msi_pending(msi));
	ck_assert_int_eq(irq_msi_unmask(&relayed.router, msi), 0);
	relayed_turn(&relayed);
	calls_expect("KVM_SIGNAL_MSI 0xfee00000/0x41\n");
	ck_assert(!irq_msi_pending(msi));
	relayed_end(&relayed);
}
END_TEST

/* The loop has been woken, and before it comes round the vector is masked, gone, or another. */
START_TEST(relay_woken_too_late)
{
	static struct relayed relayed;
	struct irq_msi *msi = &relayed.msi;

	relayed_begin(&relayed);
	irq_msi_set_message(&relayed.router, msi, ADDRESS, 0x41);
	ck_assert_int_eq(irq_msi_unmask(&relayed.router, msi), 0);
	eventfd_write(msi->eventfd, 1);
	irq_msi_mask(&relayed.router, msi);
	relayed.relay.source.ready(relayed.relay.source.owner, 0);
	ck_assert(irq_msi_pending(msi));
	irq_msi_destroy(&relayed.router, msi);
	relayed.relay.source.ready(relayed.relay.source.owner, 0);
	ck_assert_int_eq(irq_msi_init(&relayed.router, msi, 8), 0);
	irq_msi_set_relay(msi, &relayed.relay);
	irq_msi_set_message(&relayed.router, msi, ADDRESS, 0x43);
	ck_assert_int_eq(irq_msi_unmask(&relayed.router, msi), 0);
	relayed.relay.source.ready(relayed.relay.source.owner, 0);
	calls_expect("");
	eventfd_write(msi->eventfd, 1);
	relayed_turn(&relayed);
	calls_expect("KVM_SIGNAL_MSI 0xfee00000/0x43\n");
	relayed_end(&relayed);
}
END_TEST

UNIT_MAIN("irq", { rule_01_route_before_irqfd, 0 }, { rule_08_one_routing_for_many, 0 },
	  { only_changes_are_told, 0 }, { message_of_zeros_gets_a_route, 0 },
	  { refused_routing_is_tried_again, 0 }, { refused_irqfd_leaves_it_masked, 0 },
	  { gsis_run_out_and_come_back, 0 }, { destroy_takes_its_own_route, 0 }, { table_grows, 0 },
	  { shared_line, 0 }, { rule_07_level_with_resample, 0 }, { rule_07_shared_level, 0 },
	  { refused_level_is_destroyed, 0 }, { relay_sends_the_message, 0 },
	  { relay_waits_behind_the_mask, 0 }, { relay_woken_too_late, 0 })
