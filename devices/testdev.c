/* SPDX-License-Identifier: MIT */
#include "testdev.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

#include "irq_vector.h"
#include "msi.h"
#include "msix.h"
#include "testdev_regs.h"
#include "vmm/trace/log.h"

#define TESTDEV_PIN      1u /* INTA */
#define TESTDEV_MSI_SIZE (PCI_MSI_PENDING_64 + 4)

struct testdev {
	struct pci_function function; /* must be first: the bus knows the device by it */
	struct vm *vm;
	struct irq_line line;
	struct msi msi;
	struct msix msix;
	unsigned int msix_cap;
	struct irq_vector_group group;
	struct irq_vector vectors[TESTDEV_VECTORS]; /* exist while MSI or MSI-X is on */
	uint32_t registers[TESTDEV_REGISTERS / 4];
};

static struct testdev *testdev_of(struct pci_function *function)
{
	return (struct testdev *)function;
}

static uint32_t *testdev_register(struct testdev *testdev, unsigned int offset)
{
	return &testdev->registers[offset / 4];
}

static uint64_t testdev_address(struct testdev *testdev, unsigned int low)
{
	uint64_t high = *testdev_register(testdev, low + 4);

	return high << 32 | *testdev_register(testdev, low);
}

static bool testdev_command_has(const struct testdev *testdev, uint16_t bit)
{
	return pci_get_word(&testdev->function, PCI_COMMAND) & bit;
}

/* ---- interrupts ---- */

static bool testdev_has_vectors(const struct testdev *testdev)
{
	return testdev->msi.enabled || testdev->msix.enabled;
}

/* The pin follows the status bit, unless messages or the COMMAND register silence it. */
static void testdev_update_pin(struct testdev *testdev)
{
	bool pending = *testdev_register(testdev, TESTDEV_STATUS) & TESTDEV_STATUS_INTX;
	uint8_t *status = &testdev->function.config[PCI_STATUS];

	*status = (uint8_t)(*status & ~PCI_STATUS_INTERRUPT);
	if (pending)
		*status |= PCI_STATUS_INTERRUPT;
	irq_line_set(&testdev->vm->irq, &testdev->line,
		     pending && !testdev_has_vectors(testdev) &&
			     !testdev_command_has(testdev, PCI_COMMAND_INTX_DISABLE));
}

/*
 * A write to a vector's eventfd interrupts. KVM listens to it while the vector is unmasked.
 * Otherwise the signal stays in the eventfd, and the pending bit shows it.
 */
static void testdev_raise(struct testdev *testdev, uint32_t vector)
{
	if (!testdev_has_vectors(testdev)) {
		*testdev_register(testdev, TESTDEV_STATUS) |= TESTDEV_STATUS_INTX;
		testdev_update_pin(testdev);
		return;
	}
	/* A message is a memory write: only a bus master sends it. */
	if (vector >= TESTDEV_VECTORS || !testdev_command_has(testdev, PCI_COMMAND_MASTER))
		return;
	/* Given fewer vectors than it has interrupts, a device lets them share. */
	if (!testdev->msix.enabled)
		vector %= testdev->msi.vectors;
	if (testdev->vectors[vector].eventfd >= 0)
		eventfd_write(testdev->vectors[vector].eventfd, 1);
}

/* A guest must not enable both kinds. If it does, MSI-X counts. */
static bool testdev_vector_live(const struct testdev *testdev, unsigned int vector)
{
	return testdev->msix.enabled ? msix_vector_live(&testdev->msix, vector)
				     : msi_vector_live(&testdev->msi, vector);
}

static void testdev_set_message(struct testdev *testdev, unsigned int vector)
{
	struct irq_vector *which = &testdev->vectors[vector];

	if (testdev->msix.enabled)
		irq_vector_set_message(which, msix_vector_address(&testdev->msix, vector),
				       msix_vector_data(&testdev->msix, vector));
	else
		irq_vector_set_message(which, testdev->msi.address,
				       msi_vector_data(&testdev->msi, vector));
}

static void testdev_vector_changed(void *owner, unsigned int vector)
{
	struct testdev *testdev = owner;

	if (testdev->vectors[vector].eventfd < 0)
		return;
	if (!testdev_vector_live(testdev, vector)) {
		irq_vector_mask(&testdev->vectors[vector]);
		return;
	}
	testdev_set_message(testdev, vector);
	irq_vector_unmask(&testdev->vectors[vector]);
}

static bool testdev_vector_pending(void *owner, unsigned int vector)
{
	struct testdev *testdev = owner;

	return irq_vector_pending(&testdev->vectors[vector]);
}

/*
 * All vectors of a kind are made and destroyed together, because a masked one can already be
 * signalled.
 */
static int testdev_init_vector(struct testdev *testdev, unsigned int vector)
{
	int ret = irq_vector_init(&testdev->vectors[vector]);

	return ret < 0 ? log_errno(testdev->function.name, ret, "make an eventfd for a vector") : 0;
}

static void testdev_control_changed(void *owner)
{
	struct testdev *testdev = owner;

	testdev->group.devid = pci_requester_id(&testdev->function);
	for (unsigned int vector = 0; vector < TESTDEV_VECTORS; vector++) {
		if (!testdev_has_vectors(testdev))
			irq_vector_destroy(&testdev->vectors[vector]);
		else if (testdev->vectors[vector].eventfd >= 0 ||
			 testdev_init_vector(testdev, vector) == 0)
			testdev_vector_changed(testdev, vector);
	}
	testdev_update_pin(testdev);
}

static const struct msix_ops testdev_msix_ops = {
	.vector_changed = testdev_vector_changed,
	.vector_pending = testdev_vector_pending,
	.control_changed = testdev_control_changed,
};

static const struct msi_ops testdev_msi_ops = {
	.changed = testdev_control_changed,
	.vector_pending = testdev_vector_pending,
};

/* ---- DMA ---- */

/*
 * Addresses and length come from the guest. memory_ram_ptr() refuses a range that is not entirely
 * RAM.
 */
static uint32_t testdev_copy(struct testdev *testdev)
{
	uint32_t length = *testdev_register(testdev, TESTDEV_LENGTH);
	struct memory *memory = &testdev->vm->memory;
	void *source, *target;

	if (length > TESTDEV_LENGTH_MAX || !testdev_command_has(testdev, PCI_COMMAND_MASTER))
		return TESTDEV_STATUS_FAILED;
	source = memory_ram_ptr(memory, testdev_address(testdev, TESTDEV_SOURCE_LOW), length);
	target = memory_ram_ptr(memory, testdev_address(testdev, TESTDEV_TARGET_LOW), length);
	if (!source || !target)
		return TESTDEV_STATUS_FAILED;
	memmove(target, source, length);
	return TESTDEV_STATUS_COPIED;
}

static void testdev_command(struct testdev *testdev, uint32_t command)
{
	uint32_t *status = testdev_register(testdev, TESTDEV_STATUS);

	if (!(command & TESTDEV_COMMAND_COPY))
		return;
	*status &= ~(TESTDEV_STATUS_COPIED | TESTDEV_STATUS_FAILED);
	*status |= testdev_copy(testdev);
	if (command & TESTDEV_COMMAND_NOTIFY)
		testdev_raise(testdev, 0);
}

/* ---- BAR 0: each access of a vCPU to it is an exit, and comes here through the bus ---- */

static void testdev_write_register(struct testdev *testdev, unsigned int offset, uint32_t value)
{
	switch (offset) {
	case TESTDEV_ID:
		break;
	case TESTDEV_TRIGGER:
		testdev_raise(testdev, value);
		break;
	case TESTDEV_STATUS:
		*testdev_register(testdev, TESTDEV_STATUS) &= ~value;
		testdev_update_pin(testdev);
		break;
	case TESTDEV_COMMAND:
		testdev_command(testdev, value);
		break;
	default:
		*testdev_register(testdev, offset) = value;
	}
}

static bool testdev_access_valid(uint64_t offset, unsigned int size)
{
	return size == 4 && offset % 4 == 0 && offset < TESTDEV_REGISTERS;
}

static uint64_t testdev_read(void *owner, uint64_t offset, unsigned int size)
{
	struct testdev *testdev = owner;
	uint64_t value = UINT64_MAX;

	pthread_mutex_lock(&testdev->function.bus->lock);
	if (offset >= TESTDEV_MSIX_PBA)
		value = msix_pba_read(&testdev->msix, offset - TESTDEV_MSIX_PBA, size);
	else if (offset >= TESTDEV_MSIX_TABLE)
		value = msix_table_read(&testdev->msix, offset - TESTDEV_MSIX_TABLE, size);
	else if (testdev_access_valid(offset, size))
		value = *testdev_register(testdev, (unsigned int)offset);
	pthread_mutex_unlock(&testdev->function.bus->lock);
	return value;
}

static void testdev_write(void *owner, uint64_t offset, unsigned int size, uint64_t value)
{
	struct testdev *testdev = owner;

	pthread_mutex_lock(&testdev->function.bus->lock);
	if (offset >= TESTDEV_MSIX_TABLE)
		msix_table_write(&testdev->msix, offset - TESTDEV_MSIX_TABLE, size, value);
	else if (testdev_access_valid(offset, size))
		testdev_write_register(testdev, (unsigned int)offset, (uint32_t)value);
	pthread_mutex_unlock(&testdev->function.bus->lock);
}

static void testdev_locate(void *owner, uint64_t offset, struct trace_place *place)
{
	static const char *const names[TESTDEV_REGISTERS / 4] = {
		[TESTDEV_ID / 4] = "ID",
		[TESTDEV_SCRATCH / 4] = "SCRATCH",
		[TESTDEV_TRIGGER / 4] = "TRIGGER",
		[TESTDEV_STATUS / 4] = "STATUS",
		[TESTDEV_SOURCE_LOW / 4] = "SOURCE_LOW",
		[TESTDEV_SOURCE_HIGH / 4] = "SOURCE_HIGH",
		[TESTDEV_TARGET_LOW / 4] = "TARGET_LOW",
		[TESTDEV_TARGET_HIGH / 4] = "TARGET_HIGH",
		[TESTDEV_LENGTH / 4] = "LENGTH",
		[TESTDEV_COMMAND / 4] = "COMMAND",
	};
	struct testdev *testdev = owner;

	place->topic = TRACE_TOPIC_bar;
	place->object = testdev->function.name;
	place->bar = 0;
	place->area = "registers";
	if (offset >= TESTDEV_MSIX_PBA)
		msix_locate_pba(offset - TESTDEV_MSIX_PBA, place);
	else if (offset >= TESTDEV_MSIX_TABLE)
		msix_locate_table(offset - TESTDEV_MSIX_TABLE, place);
	else if (offset < TESTDEV_REGISTERS)
		snprintf(place->reg, sizeof(place->reg), "%s", names[offset / 4]);
}

static const struct bus_ops testdev_bar_ops = { testdev_read, testdev_write, testdev_locate };

/* ---- the PCI function: what the bus calls, with its lock held ---- */

/* The guest enabled the BAR or moved it: from now on the device answers at its addresses. */
static int testdev_bar_map(struct pci_function *function, unsigned int bar)
{
	struct bus_region region = {
		.base = function->bars[bar].addr,
		.size = TESTDEV_BAR_SIZE,
		.ops = &testdev_bar_ops,
		.owner = testdev_of(function),
	};

	return bus_add_region(&testdev_of(function)->vm->mmio, &region);
}

static void testdev_bar_unmap(struct pci_function *function, unsigned int bar)
{
	bus_del_region(&testdev_of(function)->vm->mmio, function->bars[bar].addr);
}

/* The pending bits of MSI are configuration space. */
static uint32_t testdev_config_read(struct pci_function *function, unsigned int offset,
				    unsigned int size)
{
	msi_config_reading(&testdev_of(function)->msi, offset, size);
	return pci_config_read(function, offset, size);
}

/*
 * pci.c knows which bits can be written. Their effect is looked up afterwards, whether they changed
 * or not.
 */
static void testdev_config_write(struct pci_function *function, unsigned int offset,
				 unsigned int size, uint32_t value)
{
	struct testdev *testdev = testdev_of(function);

	pci_config_write(function, offset, size, value);
	msi_config_written(&testdev->msi, offset, size);
	msix_control_write(&testdev->msix,
			   pci_get_word(function, testdev->msix_cap + PCI_MSIX_FLAGS));
	testdev_update_pin(testdev);
}

static void testdev_reset(struct pci_function *function)
{
	struct testdev *testdev = testdev_of(function);

	pci_set_word(function, testdev->msix_cap + PCI_MSIX_FLAGS, TESTDEV_VECTORS - 1);
	msix_reset(&testdev->msix);
	msi_reset(&testdev->msi);
	memset(testdev->registers, 0, sizeof(testdev->registers));
	*testdev_register(testdev, TESTDEV_ID) = TESTDEV_ID_VALUE;
	testdev_update_pin(testdev);
}

static void testdev_destroy(struct pci_function *function)
{
	struct testdev *testdev = testdev_of(function);

	for (unsigned int vector = 0; vector < TESTDEV_VECTORS; vector++)
		irq_vector_destroy(&testdev->vectors[vector]);
	msix_destroy(&testdev->msix);
	free(testdev);
}

static const struct pci_function_ops testdev_ops = {
	.config_read = testdev_config_read,
	.config_write = testdev_config_write,
	.bar_map = testdev_bar_map,
	.bar_unmap = testdev_bar_unmap,
	.reset = testdev_reset,
	.destroy = testdev_destroy,
};

/* ---- life ---- */

/* Configuration space as the guest first sees it. */
static void testdev_init_config(struct testdev *testdev)
{
	static const struct pci_id id = { TESTDEV_VENDOR, TESTDEV_DEVICE, TESTDEV_VENDOR,
					  TESTDEV_DEVICE, TESTDEV_CLASS << 8 };
	struct pci_function *function = &testdev->function;
	unsigned int cap;

	pci_function_init(function, &testdev_ops, "testdev");
	pci_set_id(function, &id);
	pci_set_bar(function, 0, TESTDEV_BAR_SIZE, PCI_BASE_ADDRESS_SPACE_MEMORY);
	function->config[PCI_INTERRUPT_PIN] = TESTDEV_PIN;
	cap = pci_add_capability(function, PCI_CAP_ID_MSIX, PCI_CAP_MSIX_SIZEOF);
	pci_set_long(function, cap + PCI_MSIX_TABLE, TESTDEV_MSIX_TABLE); /* low bits: BAR 0 */
	pci_set_long(function, cap + PCI_MSIX_PBA, TESTDEV_MSIX_PBA);
	function->writable[cap + PCI_MSIX_FLAGS + 1] =
		(PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL) >> 8;
	testdev->msix_cap = cap;
	cap = pci_add_capability(function, PCI_CAP_ID_MSI, TESTDEV_MSI_SIZE);
	pci_set_word(function, cap + PCI_MSI_FLAGS, PCI_MSI_FLAGS_64BIT | PCI_MSI_FLAGS_MASKBIT);
	msi_init(&testdev->msi, function, cap, TESTDEV_VECTORS, &testdev_msi_ops, testdev);
}

int testdev_add(struct pci_host *host)
{
	struct testdev *testdev = calloc(1, sizeof(*testdev));
	int ret;

	if (!testdev)
		return log_errno("testdev", -ENOMEM, "allocate");
	testdev->vm = host->vm;
	for (unsigned int vector = 0; vector < TESTDEV_VECTORS; vector++)
		irq_vector_setup(&testdev->vectors[vector], &testdev->group);
	testdev_init_config(testdev);
	ret = msix_init(&testdev->msix, TESTDEV_VECTORS, &testdev_msix_ops, testdev);
	if (ret < 0) {
		log_errno("testdev", ret, "allocate its MSI-X table");
		goto err;
	}
	ret = pci_host_add(host, &testdev->function);
	if (ret < 0)
		goto err;
	testdev->line.gsi = pci_host_intx_gsi(&testdev->function, TESTDEV_PIN);
	testdev->group = (struct irq_vector_group){
		.router = &host->vm->irq,
		.loop = &host->vm->loop,
		.lock = &host->bus.lock,
		.name = testdev->function.name,
	};
	testdev_reset(&testdev->function);
	return 0;
err:
	testdev_destroy(&testdev->function);
	return ret;
}
