/* SPDX-License-Identifier: MIT */
#include "demo_device.h"

#include <errno.h>
#include <linux/pci_regs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

/* Offsets of its capabilities. */
#define MSI_CAP  0x40u
#define MSIX_CAP 0x58u

/* ---- configuration space ---- */

static uint16_t config_word(const struct demo_device *device, unsigned int offset)
{
	return (uint16_t)(device->config[offset] | device->config[offset + 1] << 8);
}

static void config_set(struct demo_device *device, unsigned int offset, uint32_t value,
		       unsigned int size)
{
	for (unsigned int i = 0; i < size; i++)
		device->config[offset + i] = (uint8_t)(value >> (8 * i));
}

/*
 * The registers as a driver finds them after power-on. The regions tell the sizes of BARs, not
 * this table.
 */
static const struct {
	uint16_t offset, size;
	uint32_t value;
} config_fields[] = {
	{ PCI_VENDOR_ID, 2, TESTDEV_VENDOR },
	{ PCI_DEVICE_ID, 2, TESTDEV_DEVICE },
	{ PCI_STATUS, 2, PCI_STATUS_CAP_LIST },
	{ PCI_CLASS_REVISION, 4, TESTDEV_CLASS << 8 },
	{ PCI_SUBSYSTEM_VENDOR_ID, 2, TESTDEV_VENDOR },
	{ PCI_SUBSYSTEM_ID, 2, TESTDEV_DEVICE },
	{ PCI_CAPABILITY_LIST, 1, MSI_CAP },
	{ PCI_INTERRUPT_PIN, 1, 1 },
	{ MSI_CAP, 2, PCI_CAP_ID_MSI | MSIX_CAP << 8 },
	{ MSI_CAP + PCI_MSI_FLAGS, 2,
	  PCI_MSI_FLAGS_64BIT | PCI_MSI_FLAGS_MASKBIT | 2 << 1 /* log2 of its vectors */ },
	{ MSIX_CAP, 2, PCI_CAP_ID_MSIX },
	{ MSIX_CAP + PCI_MSIX_FLAGS, 2, TESTDEV_VECTORS - 1 },
	{ MSIX_CAP + PCI_MSIX_TABLE, 4, TESTDEV_MSIX_TABLE }, /* in BAR 0, as the PBA */
	{ MSIX_CAP + PCI_MSIX_PBA, 4, TESTDEV_MSIX_PBA },
};

/* Bits that can be written, by byte. */
static const struct {
	uint8_t offset, bits;
} config_writable[] = {
	{ PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER },
	{ PCI_COMMAND + 1, PCI_COMMAND_INTX_DISABLE >> 8 },
	{ MSI_CAP + PCI_MSI_FLAGS, PCI_MSI_FLAGS_ENABLE | PCI_MSI_FLAGS_QSIZE },
	{ MSIX_CAP + PCI_MSIX_FLAGS + 1, (PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL) >> 8 },
};

static void config_reset(struct demo_device *device)
{
	memset(device->config, 0, sizeof(device->config));
	for (size_t i = 0; i < sizeof(config_fields) / sizeof(config_fields[0]); i++)
		config_set(device, config_fields[i].offset, config_fields[i].value,
			   config_fields[i].size);
}

static void config_write_byte(struct demo_device *device, uint64_t offset, uint8_t value)
{
	for (size_t i = 0; i < sizeof(config_writable) / sizeof(config_writable[0]); i++) {
		uint8_t bits = config_writable[i].bits;

		if (config_writable[i].offset == offset)
			device->config[offset] =
				(uint8_t)((device->config[offset] & ~bits) | (value & bits));
	}
}

/* ---- interrupts ---- */

/* The kind that is switched on, INTx, MSI or MSI-X. The pin is what is left. */
static uint32_t irq_kind(const struct demo_device *device)
{
	if (config_word(device, MSIX_CAP + PCI_MSIX_FLAGS) & PCI_MSIX_FLAGS_ENABLE)
		return VFIO_PCI_MSIX_IRQ_INDEX;
	if (config_word(device, MSI_CAP + PCI_MSI_FLAGS) & PCI_MSI_FLAGS_ENABLE)
		return VFIO_PCI_MSI_IRQ_INDEX;
	return VFIO_PCI_INTX_IRQ_INDEX;
}

uint32_t demo_irq_count(uint32_t kind)
{
	static const uint32_t counts[DEMO_IRQ_KINDS] = { 1, DEMO_MSI_VECTORS, TESTDEV_VECTORS };

	return kind < DEMO_IRQ_KINDS ? counts[kind] : 0;
}

/*
 * A vector that the guest has never unmasked has no eventfd yet. The device remembers the
 * interrupt.
 */
static void irq_ring(struct demo_device *device, uint32_t kind, uint32_t vector)
{
	device->pending[kind][vector] = device->bells[kind][vector] < 0;
	if (!device->pending[kind][vector])
		eventfd_write(device->bells[kind][vector], 1);
}

/*
 * The pin follows the status bit. It is a level, but an eventfd can only tell an edge. So the
 * device signals it once and masks it until the guest has acknowledged. If the level is still
 * high then, it signals again.
 */
static void irq_update_pin(struct demo_device *device)
{
	bool pending = device->registers[TESTDEV_STATUS / 4] & TESTDEV_STATUS_INTX;
	bool silent = config_word(device, PCI_COMMAND) & PCI_COMMAND_INTX_DISABLE;

	device->config[PCI_STATUS] =
		(uint8_t)(PCI_STATUS_CAP_LIST | (pending ? PCI_STATUS_INTERRUPT : 0));
	if (!pending || silent || device->pin_masked ||
	    irq_kind(device) != VFIO_PCI_INTX_IRQ_INDEX ||
	    device->bells[VFIO_PCI_INTX_IRQ_INDEX][0] < 0)
		return;
	device->pin_masked = true;
	irq_ring(device, VFIO_PCI_INTX_IRQ_INDEX, 0);
}

/* A device that is given fewer messages than it has interrupts lets them share. */
static uint32_t irq_share(const struct demo_device *device, uint32_t kind, uint32_t vector)
{
	unsigned int control = config_word(device, MSI_CAP + PCI_MSI_FLAGS);

	if (kind != VFIO_PCI_MSI_IRQ_INDEX)
		return vector;
	return vector & ((1u << ((control & PCI_MSI_FLAGS_QSIZE) >> 4)) - 1);
}

/* A message is a memory write: only a bus master sends it. */
static void irq_raise(struct demo_device *device, uint32_t vector)
{
	uint32_t kind = irq_kind(device);

	if (kind == VFIO_PCI_INTX_IRQ_INDEX)
		device->registers[TESTDEV_STATUS / 4] |= TESTDEV_STATUS_INTX;
	else if (vector < demo_irq_count(kind) &&
		 (config_word(device, PCI_COMMAND) & PCI_COMMAND_MASTER))
		irq_ring(device, kind, irq_share(device, kind, vector));
	irq_update_pin(device);
}

static void irq_replace(int *fd, int by)
{
	if (*fd >= 0)
		close(*fd);
	*fd = by;
}

void demo_irq_set_bell(struct demo_device *device, uint32_t kind, uint32_t vector, int fd)
{
	irq_replace(&device->bells[kind][vector], fd);
	if (kind != VFIO_PCI_INTX_IRQ_INDEX) {
		if (fd >= 0 && device->pending[kind][vector])
			irq_ring(device, kind, vector);
		return;
	}
	if (fd < 0)
		irq_replace(&device->unmask, -1);
	demo_irq_unmask(device);
}

void demo_irq_set_unmask(struct demo_device *device, int fd)
{
	irq_replace(&device->unmask, fd);
}

void demo_irq_unmask(struct demo_device *device)
{
	device->pin_masked = false;
	irq_update_pin(device);
}

/* ---- DMA and registers ---- */

static uint64_t register_address(const struct demo_device *device, unsigned int low)
{
	return (uint64_t)device->registers[low / 4 + 1] << 32 | device->registers[low / 4];
}

/* Copy by way of a buffer: nothing is written unless all could be read. */
static uint32_t dma_copy(struct demo_device *device, bool messages)
{
	const struct demo_dma *dma = &device->dma;
	uint32_t length = device->registers[TESTDEV_LENGTH / 4];
	void *data;
	bool done;

	if (length > TESTDEV_LENGTH_MAX || !(config_word(device, PCI_COMMAND) & PCI_COMMAND_MASTER))
		return TESTDEV_STATUS_FAILED;
	data = malloc(length + 1);
	done = data &&
	       dma->read(dma->owner, register_address(device, TESTDEV_SOURCE_LOW), data, length,
			 messages) &&
	       dma->write(dma->owner, register_address(device, TESTDEV_TARGET_LOW), data, length,
			  messages);
	free(data);
	return done ? TESTDEV_STATUS_COPIED : TESTDEV_STATUS_FAILED;
}

static void register_command(struct demo_device *device, uint32_t command)
{
	uint32_t *status = &device->registers[TESTDEV_STATUS / 4];

	if (!(command & TESTDEV_COMMAND_COPY))
		return;
	*status &= ~(TESTDEV_STATUS_COPIED | TESTDEV_STATUS_FAILED);
	*status |= dma_copy(device, command & DEMO_COMMAND_MESSAGES);
	if (command & TESTDEV_COMMAND_NOTIFY)
		irq_raise(device, 0);
}

static void register_write(struct demo_device *device, unsigned int offset, uint32_t value)
{
	switch (offset) {
	case TESTDEV_ID:
		break;
	case TESTDEV_TRIGGER:
		irq_raise(device, value);
		break;
	case TESTDEV_STATUS:
		device->registers[TESTDEV_STATUS / 4] &= ~value;
		irq_update_pin(device);
		break;
	case TESTDEV_COMMAND:
		register_command(device, value);
		break;
	default:
		device->registers[offset / 4] = value;
	}
}

/* ---- regions ---- */

uint32_t demo_region_size(uint32_t region)
{
	switch (region) {
	case VFIO_PCI_BAR0_REGION_INDEX:
		return TESTDEV_BAR_SIZE;
	case VFIO_PCI_BAR0_REGION_INDEX + DEMO_MEMORY_BAR:
		return DEMO_MEMORY_SIZE;
	case VFIO_PCI_CONFIG_REGION_INDEX:
		return DEMO_CONFIG_SIZE;
	default:
		return 0;
	}
}

static bool register_exists(uint32_t region, uint64_t offset, size_t size)
{
	return region == VFIO_PCI_BAR0_REGION_INDEX && size == 4 && offset % 4 == 0 &&
	       offset < TESTDEV_REGISTERS;
}

/* The mirror shows what the guest wrote into the half that it maps. */
static void memory_read(const struct demo_device *device, uint64_t offset, uint8_t *data,
			size_t size)
{
	ssize_t n = pread(device->memory_fd, data, size, (off_t)(offset % DEMO_MIRROR));

	for (ssize_t i = 0; i < n; i++)
		if (offset + (uint64_t)i >= DEMO_MIRROR)
			data[i] = (uint8_t)~data[i];
}

void demo_region_read(struct demo_device *device, uint32_t region, uint64_t offset, void *data,
		      size_t size)
{
	memset(data, 0xff, size);
	if (region == VFIO_PCI_CONFIG_REGION_INDEX)
		memcpy(data, &device->config[offset], size);
	else if (region == VFIO_PCI_BAR0_REGION_INDEX + DEMO_MEMORY_BAR)
		memory_read(device, offset, data, size);
	else if (register_exists(region, offset, size))
		memcpy(data, &device->registers[offset / 4], size);
}

void demo_region_write(struct demo_device *device, uint32_t region, uint64_t offset,
		       const void *data, size_t size)
{
	uint32_t value;

	if (region == VFIO_PCI_CONFIG_REGION_INDEX) {
		for (size_t i = 0; i < size; i++)
			config_write_byte(device, offset + i, ((const uint8_t *)data)[i]);
		irq_update_pin(device);
	} else if (region == VFIO_PCI_BAR0_REGION_INDEX + DEMO_MEMORY_BAR) {
		if (offset + size <= DEMO_MIRROR &&
		    pwrite(device->memory_fd, data, size, (off_t)offset) < 0)
			return;
	} else if (register_exists(region, offset, size)) {
		memcpy(&value, data, sizeof(value));
		register_write(device, (unsigned int)offset, value);
	}
}

/* ---- creation and end ---- */

void demo_device_reset(struct demo_device *device)
{
	config_reset(device);
	memset(device->registers, 0, sizeof(device->registers));
	memset(device->pending, 0, sizeof(device->pending));
	device->registers[TESTDEV_ID / 4] = TESTDEV_ID_VALUE;
	irq_update_pin(device);
}

int demo_device_init(struct demo_device *device, const struct demo_dma *dma)
{
	*device = (struct demo_device){ .dma = *dma, .unmask = -1 };
	memset(device->bells, 0xff, sizeof(device->bells)); /* -1, all of them */
	device->memory_fd = memfd_create("demo device", MFD_CLOEXEC);
	if (device->memory_fd < 0 || ftruncate(device->memory_fd, DEMO_MEMORY_SIZE) < 0)
		return -errno;
	demo_device_reset(device);
	return 0;
}

void demo_device_destroy(struct demo_device *device)
{
	for (uint32_t kind = 0; kind < DEMO_IRQ_KINDS; kind++)
		for (uint32_t vector = 0; vector < DEMO_VECTORS; vector++)
			irq_replace(&device->bells[kind][vector], -1);
	irq_replace(&device->unmask, -1);
	irq_replace(&device->memory_fd, -1);
}
