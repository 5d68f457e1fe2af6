/* SPDX-License-Identifier: MIT */
/*
 * --inject over a whole start of a passed-through device. Whichever call fails, and whenever the
 * device dies, there is at most one message, no crash, and nothing is left behind.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "call_log.h"
#include "stderr_text.h"
#include "unit.h"
#include "vfio/backend/backend_fault.h"
#include "vfio_rig.h"
#include "vmm/cli/options.h"
#include "vmm/trace/trace.h"

static void use_vectors(struct rig *rig)
{
	for (unsigned int vector = 0; vector < 3; vector++)
		rig_msix_entry(rig, vector, 0x40 + vector, vector == 2);
	rig_msix_control(rig, PCI_MSIX_FLAGS_ENABLE);
	rig_msix_entry(rig, 2, 0x42, false);
	rig_msix_entry(rig, 1, 0x41, true);
	rig_config_read(rig, PCI_STATUS, 2);
}

static void leave_vectors(struct rig *rig)
{
	rig_msix_control(rig, 0);
}

static void switch_off(struct rig *rig)
{
	rig_config_write(rig, PCI_COMMAND, 2, 0);
}

static void reset(struct rig *rig)
{
	pci_host_reset(&rig->host);
}

/*
 * A driver does this with the device, which is enough to make every kind of call. It goes no
 * further where the machine would have stopped the guest.
 */
static void drive(struct rig *rig)
{
	static void (*const steps[])(struct rig * rig) = {
		rig_switch_on, use_vectors, leave_vectors, switch_off,
		rig_switch_on, use_vectors, reset,         rig_switch_on,
	};

	for (size_t i = 0; i < UNIT_COUNT(steps) && rig->vm.event == VM_EVENT_NONE; i++)
		steps[i](rig);
}

static unsigned int count_errors(const char *text)
{
	unsigned int count = 0;

	while ((text = strstr(text, "minivmm: error: "))) {
		count++;
		text++;
	}
	return count;
}

/* One life of the device with one fault in it. Returns what rig_open() returned. */
static int live(const char *fault, struct stderr_text *caught)
{
	struct trace_options options = { .rooms = options_calls };
	static struct backend_fault wrapped;
	static struct rig rig;
	int ret;

	rig_init_usual(&rig);
	rig.space.backend = backend_fault_wrap(&wrapped, &fake_backend);
	ck_assert_int_eq(trace_fault_parse(&options.faults, options_calls, fault), 0);
	ck_assert_int_eq(trace_open(&options), 0);
	stderr_begin(caught);
	ret = rig_open(&rig);
	if (ret == 0)
		drive(&rig);
	rig_close(&rig);
	stderr_end(caught);
	trace_close();
	/* What was opened was closed, and what was mapped is gone. */
	ck_assert_uint_eq(rig.fake.map_count, 0);
	ck_assert_int_eq(rig.fake.open, false);
	ck_assert_uint_eq(rig.fake.msix_on, 0);
	ck_assert_int_eq(rig.fake.intx_on, false);
	return ret;
}

static const struct {
	const char *what, *how;
	unsigned int least; /* calls of this kind in a life: the walk must get so far */
} walks[] = {
	{ "KVM_CREATE_DEVICE", "EIO", 1 },
	{ "KVM_SET_DEVICE_ATTR", "EPERM", 2 },
	{ "KVM_SET_USER_MEMORY_REGION", "ENOMEM", 4 },
	{ "KVM_SET_GSI_ROUTING", "EINVAL", 2 },
	{ "KVM_IRQFD", "EBUSY", 6 },
};

/* The nth call of a kind fails, for every n until there is none any more. */
START_TEST(each_call_fails)
{
	const struct trace_about *call =
		trace_find_call(options_calls, walks[_i].what, strlen(walks[_i].what));
	unsigned int n = 1;

	ck_assert_ptr_nonnull(call);
	for (;; n++) {
		struct stderr_text caught;
		char fault[64];
		int ret;

		snprintf(fault, sizeof(fault), "%s#%u=%s", walks[_i].what, n, walks[_i].how);
		ret = live(fault, &caught);
		ck_assert_msg(count_errors(caught.text) <= 1, "%s: %s", fault, caught.text);
		ck_assert_msg(ret == 0 || count_errors(caught.text) == 1, "%s: not a word", fault);
		if (call->tally->count < n)
			break;
	}
	ck_assert_uint_gt(n, walks[_i].least);
}
END_TEST

/* The device dies at each of its reads in turn. */
START_TEST(dies_at_each_read)
{
	unsigned int refused = 0, lost = 0;

	for (unsigned int n = 1; n <= 12; n++) {
		struct stderr_text caught;
		char fault[64];
		int ret;

		snprintf(fault, sizeof(fault), "config#%u=ffff", n);
		ret = live(fault, &caught);
		ck_assert_msg(count_errors(caught.text) <= 1, "%s: %s", fault, caught.text);
		if (ret < 0)
			stderr_holds(&caught, "the device is gone, or asleep");
		else if (count_errors(caught.text))
			stderr_holds(&caught, "reads all-ones after its reset");
		refused += ret < 0;
		lost += ret == 0 && count_errors(caught.text);
	}
	ck_assert_uint_eq(refused, 1);
	ck_assert_uint_ge(lost, 1);
}
END_TEST

UNIT_MAIN("trace_walk", { each_call_fails, UNIT_COUNT(walks) }, { dies_at_each_read, 0 })
