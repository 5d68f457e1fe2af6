/* SPDX-License-Identifier: MIT */
/*
 * Eventfds that VFIO has, too: a server of devices may take O_NONBLOCK away, and read one that the
 * main loop was just told of. Nobody in minivmm may wait for it then.
 */
#include <fcntl.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "call_log.h"
#include "fake_kvm.h"
#include "stderr_text.h"
#include "unit.h"
#include "vfio_rig.h"

static struct rig rig;

static struct irq_vector *vector(void)
{
	return &rig.pci->interrupts.msix.vectors.list[0].irq;
}

static void masked_vector(void)
{
	rig_msix_control(&rig, PCI_MSIX_FLAGS_ENABLE);
	rig_msix_entry(&rig, 0, 0x41, false);
	rig_msix_entry(&rig, 0, 0x41, true);
}

/* Masked with one pending; then the server reads what the unmasking would. */
static void pending_vector(void)
{
	masked_vector();
	fake_raise(&rig.fake, 0);
	rig_turn(&rig);
}

static void vector_is_told(void)
{
	vector()->source.ready(vector()->source.owner, 0);
}

static void vector_is_unmasked(void)
{
	rig_msix_entry(&rig, 0, 0x41, false);
}

static void pin_is_told(void)
{
	struct loop_source *source = &rig.pci->interrupts.intx.fired;

	source->ready(source->owner, 0);
}

static void error_is_told(void)
{
	rig.pci->error.source.ready(rig.pci->error.source.owner, 0);
}

static void request_is_told(void)
{
	rig.pci->request.source.ready(rig.pci->request.source.owner, 0);
}

static void nothing(void)
{
}

static int vector_file(void)
{
	return vector()->eventfd;
}

static int pin_file(void)
{
	return rig.pci->interrupts.intx.fired.fd;
}

static int error_file(void)
{
	return rig.pci->error.source.fd;
}

static int request_file(void)
{
	return rig.pci->request.source.fd;
}

static const struct {
	void (*prepare)(void);
	int (*file)(void);
	void (*reader)(void);
} readers[] = {
	{ masked_vector, vector_file, vector_is_told },
	{ pending_vector, vector_file, vector_is_unmasked },
	{ pending_vector, vector_file, vector_is_told },
	{ nothing, pin_file, pin_is_told },
	{ nothing, error_file, error_is_told },
	{ nothing, request_file, request_is_told },
};

/* A test that waits is ended by its time limit. */
START_TEST(rule_46_no_reader_waits)
{
	eventfd_t count;
	int fd;

	rig_init_usual(&rig);
	rig.fake.notifies = true;
	rig.options.no_kvm_irqfd = readers[_i].file == pin_file;
	ck_assert_int_eq(rig_open(&rig), 0);
	rig_switch_on(&rig);
	readers[_i].prepare();
	fd = readers[_i].file();
	ck_assert_int_ge(fd, 0);
	eventfd_read(fd, &count); /* what is there; none is left */
	ck_assert_int_eq(fcntl(fd, F_SETFL, 0), 0);
	readers[_i].reader();
	ck_assert_int_eq(rig.vm.event, VM_EVENT_NONE);
	rig_close(&rig);
}
END_TEST

UNIT_MAIN("vfio_events", { rule_46_no_reader_waits, UNIT_COUNT(readers) })
