/* SPDX-License-Identifier: MIT */
/*
 * devices/irq_vector.c: by which way an interrupt reaches the guest, what masking costs, and that
 * no interrupt is lost.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "call_log.h"
#include "devices/irq_vector.h"
#include "fake_kvm.h"
#include "stderr_text.h"
#include "unit.h"

#define VM_FD   1000 /* only the fake ever sees it */
#define GSIS    4096
#define ADDRESS 0xfee00000ull
#define ON      "KVM_IRQFD 24 on\n"
#define OFF     "KVM_IRQFD 24 off\n"
#define SENT    "KVM_SIGNAL_MSI 0xfee00000/0x41\n"

struct bench {
	struct irq_router router;
	struct loop loop;
	pthread_mutex_t lock;
	struct irq_vector_group group;
	struct irq_vector vector;
	struct loop_source stop;
	unsigned int told; /* how often that some are pending, or none */
	bool any;
};

static void stop_ready(void *owner, uint32_t events)
{
	struct bench *bench = owner;
	eventfd_t count;

	(void)events;
	eventfd_read(bench->stop.fd, &count);
	loop_stop(&bench->loop);
}

static void pending_told(void *owner, bool any)
{
	struct bench *bench = owner;

	bench->told++;
	bench->any = any;
}

/* Make one masked vector that has a message. */
static void begin(struct bench *bench, uint32_t gsis, bool relayed)
{
	*bench = (struct bench){ .lock = PTHREAD_MUTEX_INITIALIZER };
	fake_kvm_begin();
	ck_assert_int_eq(irq_router_init(&bench->router, VM_FD, gsis), 0);
	ck_assert_int_eq(loop_init(&bench->loop), 0);
	bench->stop = (struct loop_source){ eventfd(0, EFD_CLOEXEC), stop_ready, bench, "bench",
					    "the stop" };
	ck_assert_int_eq(loop_add(&bench->loop, &bench->stop), 0);
	bench->group =
		(struct irq_vector_group){ &bench->router, &bench->loop, &bench->lock, 8, relayed,
					   pending_told,   bench,        "card",       0 };
	irq_vector_setup(&bench->vector, &bench->group);
	ck_assert_int_eq(irq_vector_init(&bench->vector), 0);
	ck_assert_int_eq(irq_vector_unmask(&bench->vector), -EINVAL);
	irq_vector_set_message(&bench->vector, ADDRESS, 0x41);
	calls_expect("");
}

static void end(struct bench *bench)
{
	irq_vector_destroy(&bench->vector);
	irq_vector_destroy(&bench->vector);
	ck_assert_uint_eq(bench->group.pending_count, 0);
	close(bench->stop.fd);
	loop_destroy(&bench->loop);
	irq_router_destroy(&bench->router);
	fake_kvm_end();
}

static void unmask(struct bench *bench)
{
	ck_assert_int_eq(irq_vector_unmask(&bench->vector), 0);
}

static void fire(struct bench *bench)
{
	eventfd_write(bench->vector.eventfd, 1);
}

/*
 * Let the loop serve what is ready. The loop decides which of two comes first, so this runs it
 * twice.
 */
static void turn(struct bench *bench)
{
	for (unsigned int i = 0; i < 2; i++) {
		eventfd_write(bench->stop.fd, 1);
		ck_assert_int_eq(loop_run(&bench->loop), 0);
	}
}

/* Let the loop come round to the vector, whatever it was woken for. */
static void ready(struct bench *bench)
{
	bench->vector.source.ready(bench->vector.source.owner, 0);
}

/* The kernel does this while the irqfd is plugged, and when it is unplugged. */
static void kvm_takes(struct bench *bench)
{
	loop_take_event(bench->vector.eventfd);
}

/* The vector is unmasked and masked once. From here on it goes by the loop's way. */
static void begin_masked(struct bench *bench)
{
	begin(bench, GSIS, false);
	unmask(bench);
	irq_vector_mask(&bench->vector);
	calls_begin();
}

START_TEST(rule_01_route_before_irqfd)
{
	static struct bench bench;

	begin(&bench, GSIS, false);
	ck_assert_int_eq(fcntl(bench.vector.eventfd, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
	unmask(&bench);
	unmask(&bench);
	calls_expect("KVM_SET_GSI_ROUTING 24=0xfee00000/0x41\n" ON);
	/* A new message for a live vector changes the route alone. */
	irq_vector_set_message(&bench.vector, ADDRESS, 0x99);
	unmask(&bench);
	calls_expect("KVM_SET_GSI_ROUTING 24=0xfee00000/0x99\n");
	irq_vector_mask(&bench.vector);
	irq_vector_mask(&bench.vector);
	calls_expect(OFF);
	end(&bench);
}
END_TEST

/* The first mask of a vector costs one call. A thousand pairs around nothing cost none. */
START_TEST(rule_45_pairs_around_nothing_cost_nothing)
{
	static struct bench bench;

	begin(&bench, GSIS, false);
	unmask(&bench);
	calls_begin();
	for (unsigned int i = 0; i < 1000; i++) {
		irq_vector_mask(&bench.vector);
		irq_vector_set_message(&bench.vector, ADDRESS, 0x41 + i % 2);
		unmask(&bench);
		turn(&bench);
	}
	calls_expect(OFF);
	end(&bench);
}
END_TEST

/*
 * An interrupt that comes behind the mask is noted and shown. Later one call sends it, with the
 * message of that time.
 */
START_TEST(rule_45_pair_around_an_interrupt_costs_one_call)
{
	static struct bench bench;

	begin_masked(&bench);
	for (unsigned int i = 0; i < 100; i++) {
		fire(&bench);
		ck_assert(irq_vector_pending(&bench.vector)); /* before the loop looks, too */
		if (i % 2)
			turn(&bench);
		calls_expect("");
		ck_assert(irq_vector_pending(&bench.vector));
		if (i == 99)
			irq_vector_set_message(&bench.vector, ADDRESS, 0x77);
		unmask(&bench);
		turn(&bench);
		calls_expect(i == 99 ? "KVM_SIGNAL_MSI 0xfee00000/0x77\n" : SENT);
		ck_assert(!irq_vector_pending(&bench.vector));
		irq_vector_mask(&bench.vector);
		ck_assert(!irq_vector_pending(&bench.vector));
	}
	ck_assert(!bench.any && bench.told);
	end(&bench);
}
END_TEST

/* Interrupts that come behind the mask become one. A device that goes on is not listened to. */
START_TEST(rule_45_a_storm_behind_the_mask)
{
	static struct bench bench;

	begin_masked(&bench);
	for (unsigned int i = 0; i < 3 * IRQ_VECTOR_PATIENCE; i++) {
		fire(&bench);
		turn(&bench);
		ck_assert_int_eq(bench.vector.listening, i + 1 < IRQ_VECTOR_PATIENCE);
	}
	ck_assert_uint_eq(bench.told, 1);
	unmask(&bench);
	turn(&bench);
	calls_expect(SENT);
	fire(&bench);
	turn(&bench);
	calls_expect(SENT);
	end(&bench);
}
END_TEST

/* If the guest leaves the vector alone, KVM listens again. If it does not, KVM does not. */
START_TEST(rule_45_back_to_kvm)
{
	static struct bench bench;

	begin_masked(&bench);
	irq_vector_set_message(&bench.vector, ADDRESS, 0x42);
	unmask(&bench);
	for (unsigned int i = 0; i < IRQ_VECTOR_PATIENCE; i++) {
		calls_expect("");
		fire(&bench);
		turn(&bench);
		ck_assert_uint_eq(calls_count("KVM_SIGNAL_MSI 0xfee00000/0x42"), 1);
		if (i + 1 < IRQ_VECTOR_PATIENCE)
			calls_begin();
	}
	calls_expect("KVM_SIGNAL_MSI 0xfee00000/0x42\nKVM_SET_GSI_ROUTING 24=0xfee00000/0x42\n" ON);
	/*
	 * An old kernel wakes the loop as well. The loop then stops listening, and nothing is
	 * sent twice.
	 */
	fire(&bench);
	turn(&bench);
	calls_expect("");
	ck_assert(!bench.vector.listening);
	kvm_takes(&bench);
	irq_vector_mask(&bench.vector);
	fire(&bench);
	turn(&bench);
	calls_expect(OFF);
	ck_assert(irq_vector_pending(&bench.vector));
	unmask(&bench);
	calls_expect("KVM_SIGNAL_MSI 0xfee00000/0x42\n");
	end(&bench);
}
END_TEST

/* Two came behind the mask. The loop has seen the first of them, and not yet the second. */
START_TEST(rule_45_two_behind_the_mask_are_one)
{
	static struct bench bench;

	begin_masked(&bench);
	fire(&bench);
	turn(&bench);
	fire(&bench);
	unmask(&bench);
	turn(&bench);
	calls_expect(SENT);
	end(&bench);
}
END_TEST

/* KVM refuses the vector on its way back. It stays with the loop, and loses nothing. */
START_TEST(rule_45_refused_on_the_way_back)
{
	static const char *const refused[] = { "KVM_IRQFD", "KVM_SET_GSI_ROUTING" };
	static struct bench bench;
	struct stderr_text caught;

	begin_masked(&bench);
	irq_vector_set_message(&bench.vector, ADDRESS, 0x42);
	unmask(&bench);
	fake_kvm_fail(refused[_i], 1, -ENOMEM);
	stderr_begin(&caught);
	for (unsigned int i = 0; i < 2 * IRQ_VECTOR_PATIENCE; i++) {
		fire(&bench);
		turn(&bench);
	}
	stderr_end(&caught);
	stderr_holds(&caught, refused[_i]);
	ck_assert_uint_eq(calls_count("KVM_SIGNAL_MSI"), 2 * IRQ_VECTOR_PATIENCE);
	end(&bench);
}
END_TEST

/* The loop has been woken. Before it comes round, the vector is masked, gone, or another one. */
START_TEST(rule_45_woken_too_late)
{
	static struct bench bench;

	begin_masked(&bench);
	unmask(&bench);
	fire(&bench);
	irq_vector_mask(&bench.vector);
	ready(&bench);
	ck_assert(irq_vector_pending(&bench.vector));
	irq_vector_destroy(&bench.vector);
	ready(&bench);
	ck_assert(!irq_vector_pending(&bench.vector));
	ck_assert_int_eq(irq_vector_init(&bench.vector), 0);
	ready(&bench);
	irq_vector_set_message(&bench.vector, ADDRESS, 0x43);
	unmask(&bench);
	ready(&bench);
	irq_vector_mask(&bench.vector);
	unmask(&bench);
	ready(&bench);
	ck_assert_uint_eq(calls_count("KVM_SIGNAL_MSI"), 0);
	fire(&bench);
	turn(&bench);
	ck_assert_uint_eq(calls_count("KVM_SIGNAL_MSI 0xfee00000/0x43"), 1);
	end(&bench);
}
END_TEST

/*
 * The vector was signalled before it was ever unmasked. If the device did it, KVM finds it in the
 * eventfd. If minivmm did it, it is sent.
 */
START_TEST(signalled_before_the_first_unmask)
{
	static struct bench bench;

	begin(&bench, GSIS, false);
	if (_i)
		irq_vector_raise(&bench.vector);
	else
		fire(&bench);
	ck_assert(irq_vector_pending(&bench.vector));
	unmask(&bench);
	ck_assert_uint_eq(calls_count("KVM_SIGNAL_MSI"), _i);
	ck_assert_int_eq(loop_take_event(bench.vector.eventfd), !_i);
	calls_begin();
	irq_vector_raise(&bench.vector);
	calls_expect(SENT);
	end(&bench);
}
END_TEST

START_TEST(refused_irqfd_leaves_it_masked)
{
	static struct bench bench;
	struct stderr_text caught;
	int ret;

	begin(&bench, GSIS, false);
	fake_kvm_fail("KVM_IRQFD", 1, -EBUSY);
	stderr_begin(&caught);
	ret = irq_vector_unmask(&bench.vector);
	stderr_end(&caught);
	ck_assert_int_eq(ret, -EBUSY);
	stderr_holds(&caught, "KVM_IRQFD for GSI 24");
	fire(&bench);
	ck_assert(irq_vector_pending(&bench.vector));
	unmask(&bench);
	end(&bench);
}
END_TEST

/*
 * KVM cannot unplug the irqfd. The vector stays as it is, unmasked, and the next mask tries
 * again.
 */
START_TEST(refused_unplug_leaves_it_unmasked)
{
	static struct bench bench;
	struct stderr_text caught;

	begin(&bench, GSIS, false);
	unmask(&bench);
	fake_kvm_fail("KVM_IRQFD", 1, -EINVAL);
	stderr_begin(&caught);
	irq_vector_mask(&bench.vector);
	stderr_end(&caught);
	stderr_holds(&caught, "unplug GSI 24");
	calls_begin();
	unmask(&bench);
	calls_expect("");
	irq_vector_mask(&bench.vector);
	calls_expect(OFF);
	end(&bench);
}
END_TEST

/*
 * KVM has no GSI or no route left. The vector works all the same, if more slowly, until KVM has
 * one.
 */
START_TEST(without_a_gsi_by_the_loop)
{
	static struct bench bench;
	struct stderr_text caught;
	uint32_t last;

	begin(&bench, IRQ_LINES_MAX + 25, false); /* 40 pins are in the table, no 41st entry fits */
	irq_vector_destroy(&bench.vector);
	bench.router.gsi_max = _i ? bench.router.table->nr : IRQ_LINES_MAX + 1;
	last = irq_alloc_gsi(&bench.router);
	if (_i)
		irq_free_gsi(&bench.router, last);
	ck_assert_int_eq(irq_vector_init(&bench.vector), 0);
	stderr_begin(&caught);
	irq_vector_set_message(&bench.vector, ADDRESS, 0x41);
	unmask(&bench);
	for (unsigned int i = 0; i < 2 * IRQ_VECTOR_PATIENCE; i++) {
		fire(&bench);
		turn(&bench);
	}
	stderr_end(&caught);
	stderr_holds(&caught, "routes of KVM are in use");
	ck_assert_uint_eq(calls_count("KVM_SIGNAL_MSI"), 2 * IRQ_VECTOR_PATIENCE);
	ck_assert_uint_eq(calls_count("KVM_IRQFD"), 0);
	end(&bench);
}
END_TEST

START_TEST(destroy_gives_everything_back)
{
	static struct bench bench;
	int fd;

	begin(&bench, GSIS, _i);
	unmask(&bench);
	irq_vector_mask(&bench.vector);
	fire(&bench);
	turn(&bench);
	ck_assert(bench.any);
	fd = bench.vector.eventfd;
	irq_vector_destroy(&bench.vector);
	ck_assert(!bench.any && !irq_vector_pending(&bench.vector));
	ck_assert_int_lt(fcntl(fd, F_GETFD), 0);
	ck_assert_uint_eq(irq_alloc_gsi(&bench.router), 24);
	irq_free_gsi(&bench.router, 24);
	end(&bench);
}
END_TEST

/*
 * The vector goes by the loop's way for good. There is no irqfd and no route, however many
 * interrupts come.
 */
START_TEST(relayed_for_good)
{
	static struct bench bench;

	begin(&bench, GSIS, true);
	unmask(&bench);
	for (unsigned int i = 0; i < 3 * IRQ_VECTOR_PATIENCE; i++) {
		fire(&bench);
		fire(&bench);
		turn(&bench);
		calls_expect(SENT); /* once, as by irqfd */
	}
	irq_vector_set_message(&bench.vector, ADDRESS, 0x42);
	fire(&bench);
	turn(&bench);
	calls_expect("KVM_SIGNAL_MSI 0xfee00000/0x42\n");
	end(&bench);
	calls_expect("");
}
END_TEST

UNIT_MAIN("irq_vector", { rule_01_route_before_irqfd, 0 },
	  { rule_45_pairs_around_nothing_cost_nothing, 0 },
	  { rule_45_pair_around_an_interrupt_costs_one_call, 0 },
	  { rule_45_a_storm_behind_the_mask, 0 }, { rule_45_two_behind_the_mask_are_one, 0 },
	  { rule_45_back_to_kvm, 0 }, { rule_45_refused_on_the_way_back, 2 },
	  { rule_45_woken_too_late, 0 }, { signalled_before_the_first_unmask, 2 },
	  { refused_irqfd_leaves_it_masked, 0 }, { refused_unplug_leaves_it_unmasked, 0 },
	  { without_a_gsi_by_the_loop, 2 }, { destroy_gives_everything_back, 2 },
	  { relayed_for_good, 0 })
