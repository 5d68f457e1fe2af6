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
	struct stderr_text caught;
	struct irq_router router;
	uint32_t free_gsi;
	int ret, fd;

	begin(&router, IRQ_LINES_MAX + 8);
	for (unsigned int i = 0; i < 8; i++) {
		ck_assert_int_eq(irq_msi_init(&router, &msi[i], 8), 0);
		ck_assert_uint_ge(msi[i].gsi, IRQ_LINES_MAX);
		for (unsigned int k = 0; k < i; k++)
			ck_assert_uint_ne(msi[i].gsi, msi[k].gsi);
	}
	stderr_begin(&caught);
	ret = irq_msi_init(&router, &extra, 8);
	stderr_end(&caught);
	ck_assert_int_eq(ret, -ENOSPC);
	stderr_holds(&caught, "No space left on device");
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

UNIT_MAIN("irq", { rule_01_route_before_irqfd, 0 }, { rule_08_one_routing_for_many, 0 },
	  { only_changes_are_told, 0 }, { message_of_zeros_gets_a_route, 0 },
	  { refused_routing_is_tried_again, 0 }, { refused_irqfd_leaves_it_masked, 0 },
	  { gsis_run_out_and_come_back, 0 }, { destroy_takes_its_own_route, 0 }, { table_grows, 0 },
	  { shared_line, 0 }, { rule_07_level_with_resample, 0 }, { refused_level_is_destroyed, 0 })
