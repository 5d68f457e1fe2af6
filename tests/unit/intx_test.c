/* SPDX-License-Identifier: MIT */
/* vfio/vfio_intx.c: the pin on its way through the kernel alone, and through the main loop. */
#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "call_log.h"
#include "fake_backend.h"
#include "fake_kvm.h"
#include "stderr_text.h"
#include "unit.h"
#include "vfio/vfio_intx.h"

#define GSI        17
#define MASKABLE   VFIO_IRQ_INFO_MASKABLE
#define AUTOMASKED VFIO_IRQ_INFO_AUTOMASKED

struct bench {
	struct fake_device fake;
	struct vfio_device device;
	struct irq_router router;
	struct loop loop;
	struct loop_source stop;
	struct vfio_intx intx;
	struct stderr_text said; /* by the probe */
};

static void stop_ready(void *owner, uint32_t events)
{
	struct bench *bench = owner;
	eventfd_t count;

	(void)events;
	eventfd_read(bench->stop.fd, &count);
	loop_stop(&bench->loop);
}

/* Make a device whose pin can do what `flags` say, relayed or not. */
static void begin(struct bench *bench, uint32_t flags, bool relay)
{
	memset(bench, 0, sizeof(*bench));
	fake_kvm_begin();
	fake_init(&bench->fake);
	fake_add_intx(&bench->fake);
	bench->fake.intx_flags = VFIO_IRQ_INFO_EVENTFD | flags;
	bench->device = (struct vfio_device){ .backend = &fake_backend,
					      .name = FAKE_BDF,
					      .priv = &bench->fake };
	ck_assert_int_eq(irq_router_init(&bench->router, -1, 4096), 0);
	ck_assert_int_eq(loop_init(&bench->loop), 0);
	bench->stop = (struct loop_source){ eventfd(0, EFD_CLOEXEC), stop_ready, bench, "bench",
					    "the stop" };
	ck_assert_int_eq(loop_add(&bench->loop, &bench->stop), 0);
	vfio_intx_init(&bench->intx, &bench->device, &bench->router);
	stderr_begin(&bench->said);
	ck_assert_int_eq(vfio_intx_probe(&bench->intx, &bench->loop, relay), 1);
	stderr_end(&bench->said);
	bench->intx.gsi = GSI;
	calls_expect("");
}

static void end(struct bench *bench)
{
	vfio_intx_destroy(&bench->intx);
	ck_assert(!bench->fake.intx_on && !fake_kvm_plugged(GSI));
	close(bench->stop.fd);
	loop_destroy(&bench->loop);
	irq_router_destroy(&bench->router);
	fake_kvm_end();
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

static bool signalled(int fd)
{
	eventfd_t count;

	return eventfd_read(fd, &count) == 0;
}

START_TEST(rule_07_intx_on_and_off_in_reverse)
{
	static struct bench bench;

	begin(&bench, MASKABLE | AUTOMASKED, false);
	ck_assert_int_eq(vfio_intx_enable(&bench.intx), 0);
	calls_expect("KVM_IRQFD 17 on resample\nirqs intx trigger\nirqs intx unmask\n");
	ck_assert_int_ne(bench.fake.intx_fd, bench.fake.unmask_fd);
	ck_assert_int_eq(vfio_intx_enable(&bench.intx), 0);
	calls_expect("");
	vfio_intx_disable(&bench.intx);
	vfio_intx_disable(&bench.intx);
	calls_expect("irqs intx off\nKVM_IRQFD 17 off\n");
	ck_assert_int_eq(vfio_intx_enable(&bench.intx), 0);
	end(&bench);
}
END_TEST

START_TEST(rule_07_failure_undoes_what_was_done)
{
	static const struct {
		const char *name;
		unsigned int nth;
		const char *calls;
	} steps[] = {
		{ "KVM_IRQFD", 1, "KVM_IRQFD fails\n" },
		{ "set_irqs", 1,
		  "KVM_IRQFD 17 on resample\nset_irqs fails\nirqs intx off\nKVM_IRQFD 17 off\n" },
		{ "set_irqs", 2,
		  "KVM_IRQFD 17 on resample\nirqs intx trigger\nset_irqs fails\nirqs intx off\n"
		  "KVM_IRQFD 17 off\n" },
	};
	static struct bench bench;
	struct stderr_text caught;
	int ret;

	begin(&bench, MASKABLE | AUTOMASKED, false);
	if (_i == 0)
		fake_kvm_fail(steps[_i].name, steps[_i].nth, -EINVAL);
	else
		fake_fail(&bench.fake, steps[_i].name, steps[_i].nth, -EINVAL);
	stderr_begin(&caught);
	ret = vfio_intx_enable(&bench.intx);
	stderr_end(&caught);
	ck_assert_int_eq(ret, -EINVAL);
	stderr_holds(&caught, "minivmm: error: ");
	calls_expect(steps[_i].calls);
	ck_assert_int_eq(vfio_intx_enable(&bench.intx), 0);
	end(&bench);
}
END_TEST

/* Every step of the relayed way fails in turn. */
START_TEST(relay_failure_undoes_what_was_done)
{
	static struct bench bench;
	struct stderr_text caught;
	int ret;

	begin(&bench, MASKABLE | AUTOMASKED, true);
	if (_i == 0)
		fake_kvm_fail("KVM_IRQFD", 1, -EINVAL);
	else
		fake_fail(&bench.fake, "set_irqs", 1, -EINVAL);
	stderr_begin(&caught);
	ret = vfio_intx_enable(&bench.intx);
	stderr_end(&caught);
	ck_assert_int_eq(ret, -EINVAL);
	stderr_holds(&caught, "minivmm: error: ");
	ck_assert(!fake_kvm_plugged(GSI));
	ck_assert_int_eq(vfio_intx_enable(&bench.intx), 0);
	end(&bench);
}
END_TEST

/* What the device can do decides the way, and whether the user hears of it. */
static const struct {
	uint32_t flags;
	bool relay;
	const char *words, *calls;
} ways[] = {
	{ MASKABLE | AUTOMASKED, false, NULL,
	  "KVM_IRQFD 17 on resample\nirqs intx trigger\nirqs intx unmask\n" },
	{ MASKABLE | AUTOMASKED, true, NULL, "KVM_IRQFD 17 on resample\nirqs intx trigger\n" },
	{ MASKABLE, false, "minivmm: warning: " FAKE_BDF ": VFIO does not mask its pin",
	  "KVM_IRQFD 17 on resample\nirqs intx trigger\n" },
	{ 0, false, "minivmm: warning: " FAKE_BDF ": VFIO cannot mask its pin",
	  "KVM_IRQFD 17 on resample\nirqs intx trigger\n" },
	{ 0, true, "minivmm: warning: " FAKE_BDF ": VFIO cannot mask its pin",
	  "KVM_IRQFD 17 on resample\nirqs intx trigger\n" },
};

START_TEST(rule_07_way_without_automask)
{
	static struct bench bench;

	begin(&bench, ways[_i].flags, ways[_i].relay);
	if (ways[_i].words)
		stderr_holds(&bench.said, ways[_i].words);
	else
		ck_assert_str_eq(bench.said.text, "");
	ck_assert_int_eq(vfio_intx_enable(&bench.intx), 0);
	calls_expect(ways[_i].calls);
	vfio_intx_disable(&bench.intx);
	calls_expect("irqs intx off\nKVM_IRQFD 17 off\n");
	end(&bench);
}
END_TEST

/*
 * The interrupt on its way from device to KVM, and the end of interrupt on its way back, each go
 * through the loop once.
 */
START_TEST(rule_07_relay_goes_both_ways)
{
	static struct bench bench;
	bool automasked = _i;

	begin(&bench, MASKABLE | (automasked ? AUTOMASKED : 0), automasked);
	ck_assert_int_eq(vfio_intx_enable(&bench.intx), 0);
	calls_begin();
	turn(&bench);
	ck_assert(!signalled(bench.intx.level.trigger));
	for (unsigned int round = 0; round < 3; round++) {
		fake_raise(&bench.fake, 0);
		turn(&bench);
		calls_expect(automasked ? "" : "irqs intx mask now\n");
		ck_assert(signalled(bench.intx.level.trigger));
		turn(&bench);
		ck_assert(!signalled(bench.intx.level.trigger));
		eventfd_write(bench.intx.level.resample, 1); /* as KVM does at the end */
		turn(&bench);
		calls_expect("irqs intx unmask now\n");
		turn(&bench);
		calls_expect("");
	}
	end(&bench);
}
END_TEST

/* Nobody can mask this pin. Signals pass, and nothing is asked of the device. */
START_TEST(relay_of_a_pin_without_mask)
{
	static struct bench bench;

	begin(&bench, 0, true);
	ck_assert_int_eq(vfio_intx_enable(&bench.intx), 0);
	calls_begin();
	fake_raise(&bench.fake, 0);
	turn(&bench);
	ck_assert(signalled(bench.intx.level.trigger));
	eventfd_write(bench.intx.level.resample, 1);
	turn(&bench);
	calls_expect("");
	ck_assert(!signalled(bench.intx.level.resample));
	end(&bench);
}
END_TEST

/* The loop has been woken. Before it comes round, the pin is switched off, or on anew. */
START_TEST(relay_woken_too_late)
{
	static struct bench bench;

	begin(&bench, MASKABLE | AUTOMASKED, true);
	ck_assert_int_eq(vfio_intx_enable(&bench.intx), 0);
	fake_raise(&bench.fake, 0);
	vfio_intx_disable(&bench.intx);
	calls_begin();
	bench.intx.fired.ready(bench.intx.fired.owner, 0);
	bench.intx.acked.ready(bench.intx.acked.owner, 0);
	ck_assert_int_eq(vfio_intx_enable(&bench.intx), 0);
	calls_begin();
	bench.intx.fired.ready(bench.intx.fired.owner, 0);
	bench.intx.acked.ready(bench.intx.acked.owner, 0);
	calls_expect("");
	ck_assert(!signalled(bench.intx.level.trigger));
	fake_raise(&bench.fake, 0);
	turn(&bench);
	ck_assert(signalled(bench.intx.level.trigger));
	end(&bench);
}
END_TEST

START_TEST(no_pin)
{
	static struct bench bench;

	begin(&bench, MASKABLE | AUTOMASKED, false);
	bench.fake.intx = false;
	ck_assert_int_eq(vfio_intx_probe(&bench.intx, &bench.loop, false), 0);
	bench.fake.intx = true;
	fake_fail(&bench.fake, "get_irq", 1, -EINVAL);
	ck_assert_int_eq(vfio_intx_probe(&bench.intx, &bench.loop, false), 0);
	end(&bench);
}
END_TEST

/* That it cannot be asked for does not mean that there is none. */
START_TEST(pin_that_cannot_be_asked_for)
{
	static struct bench bench;
	struct stderr_text caught;
	int ret;

	begin(&bench, MASKABLE | AUTOMASKED, false);
	fake_fail(&bench.fake, "get_irq", 1, -EIO);
	stderr_begin(&caught);
	ret = vfio_intx_probe(&bench.intx, &bench.loop, false);
	stderr_end(&caught);
	ck_assert_int_eq(ret, -EIO);
	stderr_holds(&caught, ": VFIO_DEVICE_GET_IRQ_INFO, INTx: Input/output error");
	end(&bench);
}
END_TEST

UNIT_MAIN("intx", { rule_07_intx_on_and_off_in_reverse, 0 },
	  { rule_07_failure_undoes_what_was_done, 3 }, { relay_failure_undoes_what_was_done, 2 },
	  { rule_07_way_without_automask, UNIT_COUNT(ways) }, { rule_07_relay_goes_both_ways, 2 },
	  { relay_of_a_pin_without_mask, 0 }, { relay_woken_too_late, 0 }, { no_pin, 0 },
	  { pin_that_cannot_be_asked_for, 0 })
