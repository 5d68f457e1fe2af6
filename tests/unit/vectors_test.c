/* SPDX-License-Identifier: MIT */
/* vfio/vfio_vectors.c: what VFIO and KVM are told of vectors, and in which order. */
#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>

#include "call_log.h"
#include "fake_backend.h"
#include "fake_kvm.h"
#include "stderr_text.h"
#include "unit.h"
#include "vfio/vfio_vectors.h"

#define ADDRESS 0xfee00000ull
#define GSIS    4096

struct bench {
	struct fake_device fake;
	struct vfio_device device;
	struct irq_router router;
	struct loop loop;
	pthread_mutex_t lock;
	struct irq_vector_group group;
	struct vfio_vectors vectors;
	struct vfio_message messages[FAKE_VECTORS + 1];
};

/*
 * Make a device with `count` MSI-X vectors. `flags` are those that VFIO_DEVICE_GET_IRQ_INFO would
 * tell.
 */
static void begin(struct bench *bench, unsigned int count, uint32_t flags)
{
	memset(bench, 0, sizeof(*bench));
	fake_kvm_begin();
	fake_init(&bench->fake);
	fake_add_msix(&bench->fake, count, 0x2000, 0x3000);
	bench->fake.vectors_flags = flags;
	bench->device = (struct vfio_device){ .backend = &fake_backend,
					      .name = FAKE_BDF,
					      .priv = &bench->fake };
	ck_assert_int_eq(irq_router_init(&bench->router, -1, GSIS), 0);
	ck_assert_int_eq(loop_init(&bench->loop), 0);
	pthread_mutex_init(&bench->lock, NULL);
	bench->group = (struct irq_vector_group){
		.router = &bench->router, .loop = &bench->loop, .lock = &bench->lock, .devid = 8
	};
	ck_assert_int_eq(vfio_vectors_init(&bench->vectors, &bench->device, &bench->group,
					   VFIO_PCI_MSIX_IRQ_INDEX),
			 0);
	calls_expect("");
}

static void end(struct bench *bench)
{
	vfio_vectors_destroy(&bench->vectors);
	vfio_vectors_destroy(&bench->vectors);
	ck_assert_uint_eq(bench->fake.msix_on, 0);
	loop_destroy(&bench->loop);
	irq_router_destroy(&bench->router);
	fake_kvm_end();
}

static struct vfio_message message(const void *owner, unsigned int vector)
{
	const struct bench *bench = owner;

	return bench->messages[vector % (FAKE_VECTORS + 1)];
}

static int set(struct bench *bench, unsigned int vector, bool live, uint32_t data)
{
	bench->messages[vector % (FAKE_VECTORS + 1)] = (struct vfio_message){ live, ADDRESS, data };
	return vfio_vectors_update(&bench->vectors, vector, 1, message, bench);
}

static int unmask(struct bench *bench, unsigned int vector)
{
	return set(bench, vector, true, 0x40 + vector);
}

static int mask(struct bench *bench, unsigned int vector)
{
	return set(bench, vector, false, 0);
}

START_TEST(rule_01_mask_keeps_the_route)
{
	static struct bench bench;

	begin(&bench, 4, 0);
	ck_assert_int_eq(vfio_vectors_enable(&bench.vectors, bench.vectors.count), 0);
	calls_begin();
	ck_assert_int_eq(unmask(&bench, 0), 0);
	calls_expect("irqs msix 0+1 e\nKVM_SET_GSI_ROUTING 24=0xfee00000/0x40\nKVM_IRQFD 24 on\n");
	/* A new message for a live vector changes the route alone. */
	ck_assert_int_eq(set(&bench, 0, true, 0x99), 0);
	calls_expect("KVM_SET_GSI_ROUTING 24=0xfee00000/0x99\n");
	mask(&bench, 0);
	mask(&bench, 0);
	calls_expect("KVM_IRQFD 24 off\n");
	ck_assert_int_eq(unmask(&bench, 0), 0);
	calls_expect("");
	end(&bench);
}
END_TEST

START_TEST(rule_02_and_03_enable_all_masked)
{
	static struct bench bench;

	begin(&bench, 4, 0);
	ck_assert_int_eq(vfio_vectors_enable(&bench.vectors, bench.vectors.count), 0);
	calls_expect("irqs msix 0+1 -\n");
	/* The kernel wrote the enable bit, and nobody else did. */
	ck_assert(fake_config_word(&bench.fake, bench.fake.msix_cap + PCI_MSIX_FLAGS) &
		  PCI_MSIX_FLAGS_ENABLE);
	ck_assert_int_eq(vfio_vectors_enable(&bench.vectors, bench.vectors.count), 0);
	calls_expect("");
	vfio_vectors_disable(&bench.vectors);
	vfio_vectors_disable(&bench.vectors);
	calls_expect("irqs msix off\n");
	end(&bench);
}
END_TEST

/* Only what the guest unmasks is asked for, however many vectors the device has. */
START_TEST(rule_04_no_more_than_unmasked)
{
	static struct bench bench;

	begin(&bench, 2048, 0);
	ck_assert_int_eq(vfio_vectors_enable(&bench.vectors, bench.vectors.count), 0);
	ck_assert_int_eq(unmask(&bench, 2), 0);
	ck_assert_int_eq(unmask(&bench, 1), 0);
	ck_assert_uint_eq(bench.fake.msix_on, 3);
	ck_assert_int_eq(bench.fake.msix_fds[0], -1);
	ck_assert_int_ge(bench.fake.msix_fds[1], 0);
	ck_assert_int_ne(bench.fake.msix_fds[1], bench.fake.msix_fds[2]);
	end(&bench);
}
END_TEST

START_TEST(rule_04_grows_one_by_one)
{
	static struct bench bench;

	begin(&bench, 8, 0);
	ck_assert_int_eq(vfio_vectors_enable(&bench.vectors, bench.vectors.count), 0);
	ck_assert_int_eq(unmask(&bench, 0), 0);
	calls_begin();
	ck_assert_int_eq(unmask(&bench, 3), 0);
	calls_expect("irqs msix 3+1 e\n"
		     "KVM_SET_GSI_ROUTING 24=0xfee00000/0x40 25=0xfee00000/0x43\n"
		     "KVM_IRQFD 25 on\n");
	ck_assert_int_ge(bench.fake.msix_fds[0], 0);
	end(&bench);
}
END_TEST

/*
 * If the kernel cannot add to the block, it is switched off and on again, larger, with all
 * vectors that were in it.
 */
START_TEST(rule_04_noresize_starts_again)
{
	static struct bench bench;
	int first;

	begin(&bench, 8, VFIO_IRQ_INFO_NORESIZE);
	ck_assert_int_eq(vfio_vectors_enable(&bench.vectors, bench.vectors.count), 0);
	ck_assert_int_eq(unmask(&bench, 0), 0);
	first = bench.fake.msix_fds[0];
	calls_expect("irqs msix 0+1 -\nirqs msix 0+1 e\n"
		     "KVM_SET_GSI_ROUTING 24=0xfee00000/0x40\nKVM_IRQFD 24 on\n");
	ck_assert_int_eq(unmask(&bench, 3), 0);
	calls_expect("irqs msix off\nirqs msix 0+4 e--e\nKVM_SIGNAL_MSI 0xfee00000/0x40\n"
		     "KVM_SET_GSI_ROUTING 24=0xfee00000/0x40 25=0xfee00000/0x43\n"
		     "KVM_IRQFD 25 on\n");
	ck_assert_int_eq(bench.fake.msix_fds[0], first);
	ck_assert_int_eq(unmask(&bench, 1), 0); /* inside the block */
	ck_assert_uint_eq(calls_count("irqs msix off"), 0);
	ck_assert_uint_eq(calls_count("irqs msix 1+1 e"), 1);
	end(&bench);
}
END_TEST

/*
 * What the device says while the block is off is lost. So vectors in use fire once afterwards,
 * masked or not, and whether the larger block was given or the old one was restored. New and
 * unused ones do not fire.
 */
START_TEST(rule_04_noresize_loses_no_interrupt)
{
	static struct bench bench;
	struct stderr_text caught;

	begin(&bench, 8, VFIO_IRQ_INFO_NORESIZE);
	ck_assert_int_eq(vfio_vectors_enable(&bench.vectors, bench.vectors.count), 0);
	ck_assert_int_eq(unmask(&bench, 2), 0);
	ck_assert_int_eq(unmask(&bench, 0), 0); /* inside the block: nothing is given back */
	ck_assert(!vfio_vector_pending(&bench.vectors, 2));
	mask(&bench, 0);
	bench.fake.grant = _i ? 4 : 8;
	calls_begin();
	stderr_begin(&caught);
	ck_assert_int_eq(unmask(&bench, 5), _i ? -ENOSPC : 0);
	stderr_end(&caught);
	ck_assert(vfio_vector_pending(&bench.vectors, 0));
	ck_assert_uint_eq(calls_count("KVM_SIGNAL_MSI 0xfee00000/0x42"), 1);
	ck_assert_uint_eq(calls_count("KVM_SIGNAL_MSI"), 1);
	ck_assert(!vfio_vector_pending(&bench.vectors, 1));
	ck_assert(!vfio_vector_pending(&bench.vectors, 5));
	end(&bench);
}
END_TEST

/* If a vector can be added, nothing is lost, and nothing fires. */
START_TEST(rule_04_added_vectors_disturb_none)
{
	static struct bench bench;

	begin(&bench, 8, 0);
	ck_assert_int_eq(vfio_vectors_enable(&bench.vectors, bench.vectors.count), 0);
	ck_assert_int_eq(unmask(&bench, 2), 0);
	ck_assert_int_eq(unmask(&bench, 5), 0);
	ck_assert(!vfio_vector_pending(&bench.vectors, 2));
	ck_assert_uint_eq(calls_count("KVM_SIGNAL_MSI"), 0);
	end(&bench);
}
END_TEST

static const uint32_t kinds[] = { 0, VFIO_IRQ_INFO_NORESIZE };

/*
 * The host is out of vectors. Those that work go on working, the other one stays silent, and one
 * line says why.
 */
START_TEST(rule_04_host_gives_less)
{
	static struct bench bench;
	struct stderr_text caught;
	int ret;

	begin(&bench, 8, kinds[_i]);
	bench.fake.grant = 2;
	ck_assert_int_eq(vfio_vectors_enable(&bench.vectors, bench.vectors.count), 0);
	ck_assert_int_eq(unmask(&bench, 0), 0);
	ck_assert_int_eq(unmask(&bench, 1), 0);
	stderr_begin(&caught);
	ret = unmask(&bench, 5);
	stderr_end(&caught);
	ck_assert_int_eq(ret, -ENOSPC);
	stderr_holds(&caught, "minivmm: error: " FAKE_BDF ": VFIO_DEVICE_SET_IRQS");
	ck_assert_uint_eq(bench.fake.msix_on, 2);
	ck_assert_int_ge(bench.fake.msix_fds[0], 0);
	ck_assert_int_ge(bench.fake.msix_fds[1], 0);
	ck_assert(fake_kvm_plugged(24) && fake_kvm_plugged(25) && !fake_kvm_plugged(26));
	/* Later there may be more. */
	bench.fake.grant = 8;
	ck_assert_int_eq(unmask(&bench, 5), 0);
	ck_assert_uint_eq(bench.fake.msix_on, 6);
	end(&bench);
}
END_TEST

/*
 * The block is given back to be made larger, and meanwhile others took some vectors. What is left
 * works.
 */
START_TEST(rule_04_host_takes_back)
{
	static struct bench bench;
	struct stderr_text caught;

	begin(&bench, 8, VFIO_IRQ_INFO_NORESIZE);
	ck_assert_int_eq(vfio_vectors_enable(&bench.vectors, 8), 0);
	for (unsigned int vector = 0; vector < 4; vector++)
		ck_assert_int_eq(unmask(&bench, vector), 0);
	bench.fake.grant = 2;
	calls_begin();
	stderr_begin(&caught);
	ck_assert_int_eq(unmask(&bench, 5), -ENOSPC);
	stderr_end(&caught);
	calls_expect("irqs msix off\nirqs msix 0+6 eeee-e\nirqs msix 0+4 eeee\nirqs msix 0+2 ee\n"
		     "KVM_SIGNAL_MSI 0xfee00000/0x40\nKVM_SIGNAL_MSI 0xfee00000/0x41\n");
	stderr_holds(&caught, "only 2 of its 4 MSI-X vectors");
	/* Later there are more, and all are wired as they were. */
	bench.fake.grant = 8;
	ck_assert_int_eq(unmask(&bench, 5), 0);
	calls_expect("irqs msix off\nirqs msix 0+6 eeee-e\n"
		     "KVM_SIGNAL_MSI 0xfee00000/0x40\nKVM_SIGNAL_MSI 0xfee00000/0x41\n"
		     "KVM_SIGNAL_MSI 0xfee00000/0x42\nKVM_SIGNAL_MSI 0xfee00000/0x43\n"
		     "KVM_SET_GSI_ROUTING 24=0xfee00000/0x40 25=0xfee00000/0x41 "
		     "26=0xfee00000/0x42 27=0xfee00000/0x43 28=0xfee00000/0x45\n"
		     "KVM_IRQFD 28 on\n");
	end(&bench);
}
END_TEST

START_TEST(rule_04_host_gives_none)
{
	static struct bench bench;
	struct stderr_text caught;
	int ret;

	begin(&bench, 8, kinds[_i]);
	fake_fail(&bench.fake, "set_irqs", 1, -ENOSPC);
	stderr_begin(&caught);
	ret = vfio_vectors_enable(&bench.vectors, bench.vectors.count);
	stderr_end(&caught);
	ck_assert_int_eq(ret, -ENOSPC);
	stderr_holds(&caught, "No space left on device");
	ck_assert_int_eq(unmask(&bench, 0), -EINVAL); /* still off */
	ck_assert_int_eq(vfio_vectors_enable(&bench.vectors, bench.vectors.count), 0);
	end(&bench);
}
END_TEST

/*
 * A block could not be restored. Each vector that was lost is asked for when it is next unmasked.
 */
START_TEST(rule_37_lost_vectors_are_asked_for_again)
{
	static struct bench bench;
	struct stderr_text caught;

	begin(&bench, 8, VFIO_IRQ_INFO_NORESIZE);
	ck_assert_int_eq(vfio_vectors_enable(&bench.vectors, 8), 0);
	for (unsigned int vector = 0; vector < 4; vector++)
		ck_assert_int_eq(unmask(&bench, vector), 0);
	bench.fake.grant = 2;
	stderr_begin(&caught);
	ck_assert_int_eq(unmask(&bench, 5), -ENOSPC);
	ck_assert_int_eq(unmask(&bench, 3), -ENOSPC); /* not yet */
	stderr_end(&caught);
	ck_assert_uint_eq(bench.fake.msix_on, 2);
	bench.fake.grant = 4;
	ck_assert_int_eq(unmask(&bench, 3), 0);
	ck_assert_uint_eq(bench.fake.msix_on, 4);
	for (unsigned int vector = 0; vector < 4; vector++)
		ck_assert_int_ge(bench.fake.msix_fds[vector], 0);
	end(&bench);
}
END_TEST

static unsigned int lines(const char *text)
{
	unsigned int count = 0;

	for (; *text; text++)
		count += *text == '\n';
	return count;
}

/* The guest tries again and again. People are told once, and once more after a reset. */
START_TEST(rule_37_said_once_between_resets)
{
	static struct bench bench;
	struct stderr_text caught;

	begin(&bench, 8, kinds[_i]);
	bench.fake.grant = 1;
	for (unsigned int reset = 0; reset < 2; reset++) {
		stderr_begin(&caught);
		for (unsigned int i = 0; i < 3; i++) {
			ck_assert_int_eq(vfio_vectors_enable(&bench.vectors, 8), 0);
			ck_assert_int_eq(unmask(&bench, 3), -ENOSPC);
			ck_assert_int_eq(unmask(&bench, 2), -ENOSPC);
			vfio_vectors_disable(&bench.vectors);
		}
		stderr_end(&caught);
		ck_assert_uint_eq(lines(caught.text), 1);
		vfio_vectors_reset(&bench.vectors);
	}
	end(&bench);
}
END_TEST

/*
 * There are more vectors than KVM has GSIs and routes for. They work by the main loop, which is
 * said once. What others give back is used for the next one.
 */
START_TEST(vectors_without_a_gsi)
{
	static struct bench bench;
	struct stderr_text caught;

	begin(&bench, FAKE_VECTORS, 0);
	bench.router.gsi_max = IRQ_LINES_MAX + 1000;
	ck_assert_int_eq(vfio_vectors_enable(&bench.vectors, FAKE_VECTORS), 0);
	stderr_begin(&caught);
	for (unsigned int i = 0; i < FAKE_VECTORS; i++)
		ck_assert_int_eq(unmask(&bench, i), 0);
	stderr_end(&caught);
	ck_assert_uint_eq(lines(caught.text), 1);
	stderr_holds(&caught, "routes of KVM are in use");
	for (unsigned int i = 0; i < FAKE_VECTORS; i++) {
		ck_assert(bench.vectors.list[i].irq.live);
		ck_assert_int_eq(bench.vectors.list[i].irq.way,
				 i < 984 ? IRQ_WAY_KVM : IRQ_WAY_LOOP);
	}
	vfio_vectors_reset(&bench.vectors);
	ck_assert_int_eq(vfio_vectors_enable(&bench.vectors, FAKE_VECTORS), 0);
	ck_assert_int_eq(unmask(&bench, 2000), 0);
	ck_assert_int_eq(bench.vectors.list[2000].irq.way, IRQ_WAY_KVM);
	end(&bench);
}
END_TEST

/*
 * All 2,048 vectors are behind the function mask. There are one block, one routing table, and one
 * irqfd for each.
 */
START_TEST(rule_08_all_vectors_at_once)
{
	static struct bench bench;

	begin(&bench, FAKE_VECTORS, kinds[_i]);
	ck_assert_int_eq(vfio_vectors_enable(&bench.vectors, FAKE_VECTORS), 0);
	for (unsigned int i = 0; i < FAKE_VECTORS; i++)
		bench.messages[i] = (struct vfio_message){ true, ADDRESS, i };
	calls_begin();
	ck_assert_int_eq(vfio_vectors_update(&bench.vectors, 0, FAKE_VECTORS, message, &bench), 0);
	ck_assert_uint_eq(calls_count("irqs msix 0+2048"), 1);
	ck_assert_uint_eq(calls_count("irqs msix off"), _i);
	ck_assert_uint_eq(calls_count("KVM_SET_GSI_ROUTING"), 1);
	ck_assert_uint_eq(calls_count("KVM_IRQFD"), FAKE_VECTORS);
	ck_assert_uint_eq(calls_count(""), FAKE_VECTORS + 2 + _i);
	end(&bench);
}
END_TEST

/*
 * Runs of new vectors are among vectors that are on. One call asks for each run, and none asks
 * for a vector that is on.
 */
START_TEST(rule_08_runs_of_new_vectors)
{
	static struct bench bench;

	begin(&bench, 16, 0);
	ck_assert_int_eq(vfio_vectors_enable(&bench.vectors, 16), 0);
	ck_assert_int_eq(unmask(&bench, 3), 0);
	ck_assert_int_eq(unmask(&bench, 8), 0);
	for (unsigned int i = 0; i < 12; i++)
		bench.messages[i] = (struct vfio_message){ i != 6, ADDRESS, 0x40 + i };
	calls_begin();
	ck_assert_int_eq(vfio_vectors_update(&bench.vectors, 0, 12, message, &bench), 0);
	ck_assert_uint_eq(calls_count("irqs msix 0+3 eee"), 1);
	ck_assert_uint_eq(calls_count("irqs msix 4+2 ee"), 1);
	ck_assert_uint_eq(calls_count("irqs msix 7+1 e"), 1);
	ck_assert_uint_eq(calls_count("irqs msix 9+3 eee"), 1);
	ck_assert_uint_eq(calls_count("irqs"), 4);
	end(&bench);
}
END_TEST

/* The host cannot give a whole run, so as many of it are taken as the host has. */
START_TEST(rule_04_part_of_a_run)
{
	static struct bench bench;
	struct stderr_text caught;

	begin(&bench, 8, kinds[_i]);
	bench.fake.grant = 5;
	ck_assert_int_eq(vfio_vectors_enable(&bench.vectors, 8), 0);
	for (unsigned int i = 0; i < 8; i++)
		bench.messages[i] = (struct vfio_message){ true, ADDRESS, 0x40 + i };
	stderr_begin(&caught);
	ck_assert_int_eq(vfio_vectors_update(&bench.vectors, 0, 8, message, &bench), -ENOSPC);
	stderr_end(&caught);
	ck_assert_uint_eq(lines(caught.text), 1);
	ck_assert_uint_eq(bench.fake.msix_on, 5);
	for (unsigned int i = 0; i < 8; i++)
		ck_assert_int_eq(bench.vectors.list[i].irq.live, i < 5);
	end(&bench);
}
END_TEST

/*
 * A guest unmasks 2,048 vectors one by one. The calls grow with their number, not with its
 * square.
 */
START_TEST(rule_08_one_by_one_is_linear)
{
	static struct bench bench;
	unsigned int before = 0;

	begin(&bench, FAKE_VECTORS, kinds[_i]);
	ck_assert_int_eq(vfio_vectors_enable(&bench.vectors, FAKE_VECTORS), 0);
	calls_begin();
	for (unsigned int i = 0; i < FAKE_VECTORS; i++) {
		before += calls_count("");
		calls_begin();
		ck_assert_int_eq(unmask(&bench, i), 0);
	}
	before += calls_count("");
	ck_assert_uint_le(before, (_i ? 9 : 3) * FAKE_VECTORS);
	end(&bench);
}
END_TEST

START_TEST(all_vectors_of_the_largest_table)
{
	static struct bench bench;

	begin(&bench, FAKE_VECTORS, 0);
	ck_assert_int_eq(vfio_vectors_enable(&bench.vectors, bench.vectors.count), 0);
	for (unsigned int i = 0; i < 300; i++)
		ck_assert_int_eq(unmask(&bench, FAKE_VECTORS - 300 + i), 0);
	ck_assert_uint_eq(bench.fake.msix_on, FAKE_VECTORS);
	end(&bench);
}
END_TEST

START_TEST(rule_29_vectors_that_do_not_exist)
{
	static const unsigned int hostile[] = { 4, 5, 2047, 2048, 1u << 28, UINT32_MAX };
	static struct bench bench;

	begin(&bench, 4, 0);
	ck_assert_int_eq(unmask(&bench, 0), -EINVAL); /* not enabled */
	ck_assert_int_eq(vfio_vectors_enable(&bench.vectors, bench.vectors.count), 0);
	calls_begin();
	for (size_t i = 0; i < UNIT_COUNT(hostile); i++) {
		ck_assert_int_eq(unmask(&bench, hostile[i]), -EINVAL);
		mask(&bench, hostile[i]);
		ck_assert(!vfio_vector_pending(&bench.vectors, hostile[i]));
	}
	calls_expect("");
	end(&bench);
}
END_TEST

/* What comes behind the mask waits in the eventfd. */
START_TEST(pending_behind_the_mask)
{
	static struct bench bench;

	begin(&bench, 4, 0);
	ck_assert_int_eq(vfio_vectors_enable(&bench.vectors, bench.vectors.count), 0);
	ck_assert(!vfio_vector_pending(&bench.vectors, 1));
	ck_assert_int_eq(unmask(&bench, 1), 0);
	mask(&bench, 1);
	fake_raise(&bench.fake, 1);
	ck_assert(vfio_vector_pending(&bench.vectors, 1));
	ck_assert(!vfio_vector_pending(&bench.vectors, 0));
	end(&bench);
}
END_TEST

/* With everything live, MSI-X is switched off: first the irqfds go, then VFIO's interrupts. */
START_TEST(rule_26_irqfds_before_vfio)
{
	static struct bench bench;

	begin(&bench, 4, 0);
	ck_assert_int_eq(vfio_vectors_enable(&bench.vectors, bench.vectors.count), 0);
	ck_assert_int_eq(unmask(&bench, 0), 0);
	ck_assert_int_eq(unmask(&bench, 1), 0);
	calls_begin();
	vfio_vectors_disable(&bench.vectors);
	calls_expect("KVM_IRQFD 24 off\nKVM_IRQFD 25 off\nirqs msix off\n");
	/* MSI-X is switched on again. It is a new beginning, without what was before. */
	ck_assert_int_eq(vfio_vectors_enable(&bench.vectors, bench.vectors.count), 0);
	ck_assert_int_eq(unmask(&bench, 1), 0);
	calls_expect("irqs msix 0+1 -\nirqs msix 1+1 e\n"
		     "KVM_SET_GSI_ROUTING 24=0xfee00000/0x41\nKVM_IRQFD 24 on\n");
	end(&bench);
}
END_TEST

/*
 * Each step of a first unmask fails in turn. The vector stays silent, and the next try succeeds.
 */
START_TEST(failed_unmask_can_be_tried_again)
{
	static const char *const steps[] = { "set_irqs", "KVM_SET_GSI_ROUTING", "KVM_IRQFD" };
	static struct bench bench;
	struct stderr_text caught;
	int ret;

	begin(&bench, 4, kinds[_i % 2]);
	ck_assert_int_eq(vfio_vectors_enable(&bench.vectors, bench.vectors.count), 0);
	if (_i / 2 == 0)
		fake_fail(&bench.fake, steps[0], _i % 2 ? 2 : 1,
			  -ENOMEM); /* not the one that frees */
	else
		fake_kvm_fail(steps[_i / 2], 1, -ENOMEM);
	stderr_begin(&caught);
	ret = unmask(&bench, 2);
	stderr_end(&caught);
	ck_assert_int_eq(ret, -ENOMEM);
	stderr_holds(&caught, "minivmm: error: ");
	ck_assert(!fake_kvm_plugged(24));
	ck_assert_int_eq(unmask(&bench, 2), 0);
	ck_assert(fake_kvm_plugged(24));
	ck_assert_int_ge(bench.fake.msix_fds[2], 0);
	end(&bench);
}
END_TEST

START_TEST(kind_that_does_not_exist)
{
	static struct bench bench;
	struct vfio_vectors none;
	struct stderr_text caught;
	int ret;

	begin(&bench, 4, 0);
	bench.fake.vectors = 0;
	ck_assert_int_eq(
		vfio_vectors_init(&none, &bench.device, &bench.group, VFIO_PCI_MSIX_IRQ_INDEX),
		-ENXIO);
	vfio_vectors_destroy(&none);
	fake_fail(&bench.fake, "get_irq", 1, -EIO);
	stderr_begin(&caught);
	ret = vfio_vectors_init(&none, &bench.device, &bench.group, VFIO_PCI_MSIX_IRQ_INDEX);
	stderr_end(&caught);
	ck_assert_int_eq(ret, -EIO);
	vfio_vectors_destroy(&none);
	memset(&none, 0, sizeof(none));
	vfio_vectors_destroy(&none);
	end(&bench);
}
END_TEST

UNIT_MAIN("vectors", { rule_01_mask_keeps_the_route, 0 }, { rule_02_and_03_enable_all_masked, 0 },
	  { rule_04_no_more_than_unmasked, 0 }, { rule_04_grows_one_by_one, 0 },
	  { rule_04_noresize_starts_again, 0 }, { rule_04_noresize_loses_no_interrupt, 2 },
	  { rule_04_added_vectors_disturb_none, 0 }, { rule_04_host_gives_less, 2 },
	  { rule_04_host_takes_back, 0 }, { rule_04_host_gives_none, 2 },
	  { rule_37_lost_vectors_are_asked_for_again, 0 },
	  { rule_37_said_once_between_resets, UNIT_COUNT(kinds) }, { vectors_without_a_gsi, 0 },
	  { rule_08_all_vectors_at_once, 2 }, { rule_08_runs_of_new_vectors, 0 },
	  { rule_04_part_of_a_run, 2 }, { rule_08_one_by_one_is_linear, 2 },
	  { all_vectors_of_the_largest_table, 0 }, { rule_29_vectors_that_do_not_exist, 0 },
	  { pending_behind_the_mask, 0 }, { rule_26_irqfds_before_vfio, 0 },
	  { failed_unmask_can_be_tried_again, 6 }, { kind_that_does_not_exist, 0 })
