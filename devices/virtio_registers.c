/* SPDX-License-Identifier: MIT */
#include "virtio_registers.h"

#include <linux/virtio_config.h>
#include <linux/virtio_pci.h>
#include <stddef.h>

/* Each register's name and size; the offset is the place in the list, in bytes. */
static const struct virtio_register {
	uint8_t size;
	const char *name;
} virtio_register_list[VIRTIO_REGISTERS_SIZE] = {
	[VIRTIO_PCI_COMMON_DFSELECT] = { 4, "device_feature_select" },
	[VIRTIO_PCI_COMMON_DF] = { 4, "device_feature" },
	[VIRTIO_PCI_COMMON_GFSELECT] = { 4, "driver_feature_select" },
	[VIRTIO_PCI_COMMON_GF] = { 4, "driver_feature" },
	[VIRTIO_PCI_COMMON_MSIX] = { 2, "config_msix_vector" },
	[VIRTIO_PCI_COMMON_NUMQ] = { 2, "num_queues" },
	[VIRTIO_PCI_COMMON_STATUS] = { 1, "device_status" },
	[VIRTIO_PCI_COMMON_CFGGENERATION] = { 1, "config_generation" },
	[VIRTIO_PCI_COMMON_Q_SELECT] = { 2, "queue_select" },
	[VIRTIO_PCI_COMMON_Q_SIZE] = { 2, "queue_size" },
	[VIRTIO_PCI_COMMON_Q_MSIX] = { 2, "queue_msix_vector" },
	[VIRTIO_PCI_COMMON_Q_ENABLE] = { 2, "queue_enable" },
	[VIRTIO_PCI_COMMON_Q_NOFF] = { 2, "queue_notify_off" },
	[VIRTIO_PCI_COMMON_Q_DESCLO] = { 4, "queue_desc, low half" },
	[VIRTIO_PCI_COMMON_Q_DESCHI] = { 4, "queue_desc, high half" },
	[VIRTIO_PCI_COMMON_Q_AVAILLO] = { 4, "queue_driver, low half" },
	[VIRTIO_PCI_COMMON_Q_AVAILHI] = { 4, "queue_driver, high half" },
	[VIRTIO_PCI_COMMON_Q_USEDLO] = { 4, "queue_device, low half" },
	[VIRTIO_PCI_COMMON_Q_USEDHI] = { 4, "queue_device, high half" },
};

const char *virtio_registers_name(uint64_t offset)
{
	return offset < VIRTIO_REGISTERS_SIZE ? virtio_register_list[offset].name : NULL;
}

static bool virtio_access_valid(uint64_t offset, unsigned int size)
{
	return offset < VIRTIO_REGISTERS_SIZE && virtio_register_list[offset].size == size;
}

void virtio_registers_init(struct virtio_registers *registers, uint64_t offered,
			   unsigned int queues, unsigned int vectors,
			   const struct virtio_registers_ops *ops, void *owner)
{
	*registers = (struct virtio_registers){
		.ops = ops,
		.owner = owner,
		.offered = offered,
		.queue_count = queues,
		.vectors = vectors,
	};
	virtio_registers_reset(registers);
}

void virtio_registers_reset(struct virtio_registers *registers)
{
	if (registers->started)
		registers->ops->stop(registers->owner);
	registers->started = false;
	registers->offered_select = registers->chosen_select = 0;
	registers->chosen = 0;
	registers->status = 0;
	registers->config_vector = VIRTIO_MSI_NO_VECTOR;
	registers->queue_select = 0;
	for (unsigned int i = 0; i < VIRTIO_QUEUES_MAX; i++)
		registers->queues[i] = (struct virtio_queue){ .size = VIRTIO_QUEUE_SIZE_MAX,
							      .vector = VIRTIO_MSI_NO_VECTOR };
}

/* The half of a 64-bit value that a selector shows; there are no more than two. */
static uint32_t virtio_half(uint64_t value, uint32_t select)
{
	return select < 2 ? (uint32_t)(value >> (32 * select)) : 0;
}

static void virtio_set_half(uint64_t *value, uint32_t select, uint32_t half)
{
	if (select < 2)
		*value = (*value & ~(0xffffffffull << (32 * select))) | (uint64_t)half
										<< (32 * select);
}

/* ---- reading ---- */

/* A queue that does not exist shows a size of 0. */
static uint64_t virtio_read_queue(const struct virtio_registers *registers, uint64_t offset)
{
	static const struct virtio_queue nothing = { .vector = VIRTIO_MSI_NO_VECTOR };
	const struct virtio_queue *queue = registers->queue_select < registers->queue_count
						   ? &registers->queues[registers->queue_select]
						   : &nothing;

	switch (offset) {
	case VIRTIO_PCI_COMMON_Q_SIZE:
		return queue->size;
	case VIRTIO_PCI_COMMON_Q_MSIX:
		return queue->vector;
	case VIRTIO_PCI_COMMON_Q_ENABLE:
		return queue->enabled;
	case VIRTIO_PCI_COMMON_Q_NOFF:
		return registers->queue_select;
	case VIRTIO_PCI_COMMON_Q_DESCLO:
	case VIRTIO_PCI_COMMON_Q_DESCHI:
		return virtio_half(queue->descriptors, offset == VIRTIO_PCI_COMMON_Q_DESCHI);
	case VIRTIO_PCI_COMMON_Q_AVAILLO:
	case VIRTIO_PCI_COMMON_Q_AVAILHI:
		return virtio_half(queue->available, offset == VIRTIO_PCI_COMMON_Q_AVAILHI);
	default:
		return virtio_half(queue->used, offset == VIRTIO_PCI_COMMON_Q_USEDHI);
	}
}

uint64_t virtio_registers_read(const struct virtio_registers *registers, uint64_t offset,
			       unsigned int size)
{
	if (!virtio_access_valid(offset, size))
		return UINT64_MAX;
	switch (offset) {
	case VIRTIO_PCI_COMMON_DFSELECT:
		return registers->offered_select;
	case VIRTIO_PCI_COMMON_DF:
		return virtio_half(registers->offered, registers->offered_select);
	case VIRTIO_PCI_COMMON_GFSELECT:
		return registers->chosen_select;
	case VIRTIO_PCI_COMMON_GF:
		return virtio_half(registers->chosen, registers->chosen_select);
	case VIRTIO_PCI_COMMON_MSIX:
		return registers->config_vector;
	case VIRTIO_PCI_COMMON_NUMQ:
		return registers->queue_count;
	case VIRTIO_PCI_COMMON_STATUS:
		return registers->status;
	case VIRTIO_PCI_COMMON_CFGGENERATION:
		return 0; /* the backends' configuration space does not change by itself */
	case VIRTIO_PCI_COMMON_Q_SELECT:
		return registers->queue_select;
	default:
		return virtio_read_queue(registers, offset);
	}
}

/* ---- writing ---- */

/* A vector that does not exist reads back as "no vector", which tells the driver. */
static uint16_t virtio_check_vector(const struct virtio_registers *registers, uint16_t vector)
{
	return vector < registers->vectors ? vector : VIRTIO_MSI_NO_VECTOR;
}

/* Place and size of a queue cannot change from when it is enabled until the next reset. */
static void virtio_write_place(struct virtio_queue *queue, uint64_t offset, uint32_t value)
{
	switch (offset) {
	case VIRTIO_PCI_COMMON_Q_SIZE:
		if (value && value <= VIRTIO_QUEUE_SIZE_MAX && !(value & (value - 1)))
			queue->size = (uint16_t)value;
		break;
	case VIRTIO_PCI_COMMON_Q_ENABLE:
		queue->enabled = value == 1;
		break;
	case VIRTIO_PCI_COMMON_Q_DESCLO:
	case VIRTIO_PCI_COMMON_Q_DESCHI:
		virtio_set_half(&queue->descriptors, offset == VIRTIO_PCI_COMMON_Q_DESCHI, value);
		break;
	case VIRTIO_PCI_COMMON_Q_AVAILLO:
	case VIRTIO_PCI_COMMON_Q_AVAILHI:
		virtio_set_half(&queue->available, offset == VIRTIO_PCI_COMMON_Q_AVAILHI, value);
		break;
	case VIRTIO_PCI_COMMON_Q_USEDLO:
	case VIRTIO_PCI_COMMON_Q_USEDHI:
		virtio_set_half(&queue->used, offset == VIRTIO_PCI_COMMON_Q_USEDHI, value);
		break;
	}
}

static void virtio_write_queue(struct virtio_registers *registers, uint64_t offset, uint32_t value)
{
	struct virtio_queue *queue;

	if (registers->queue_select >= registers->queue_count)
		return;
	queue = &registers->queues[registers->queue_select];
	if (offset == VIRTIO_PCI_COMMON_Q_MSIX) {
		queue->vector = virtio_check_vector(registers, (uint16_t)value);
		registers->ops->vector_changed(registers->owner, registers->queue_select);
	} else if (!queue->enabled && !registers->started) {
		virtio_write_place(queue, offset, value);
	}
}

/* The device takes only what it has offered, and no driver from before version 1. */
static bool virtio_features_fit(const struct virtio_registers *registers)
{
	return !(registers->chosen & ~registers->offered) &&
	       (registers->chosen & 1ull << VIRTIO_F_VERSION_1);
}

/* Bits of the status are set one after the other; only a reset, the value 0, clears them. */
static void virtio_write_status(struct virtio_registers *registers, uint8_t value)
{
	uint8_t new = value &(uint8_t)~registers->status;

	if (value == 0) {
		virtio_registers_reset(registers);
		return;
	}
	if ((new &VIRTIO_CONFIG_S_FEATURES_OK) && !virtio_features_fit(registers))
		new &= (uint8_t)~VIRTIO_CONFIG_S_FEATURES_OK;
	registers->status |= new &(uint8_t)~VIRTIO_CONFIG_S_NEEDS_RESET;
	if (!(new &VIRTIO_CONFIG_S_DRIVER_OK) || !(registers->status & VIRTIO_CONFIG_S_FEATURES_OK))
		return;
	registers->started = true;
	if (!registers->ops->start(registers->owner))
		registers->status |= VIRTIO_CONFIG_S_NEEDS_RESET;
}

void virtio_registers_write(struct virtio_registers *registers, uint64_t offset, unsigned int size,
			    uint64_t value)
{
	if (!virtio_access_valid(offset, size))
		return;
	switch (offset) {
	case VIRTIO_PCI_COMMON_DFSELECT:
		registers->offered_select = (uint32_t)value;
		break;
	case VIRTIO_PCI_COMMON_GFSELECT:
		registers->chosen_select = (uint32_t)value;
		break;
	case VIRTIO_PCI_COMMON_GF:
		if (!(registers->status & VIRTIO_CONFIG_S_FEATURES_OK))
			virtio_set_half(&registers->chosen, registers->chosen_select,
					(uint32_t)value);
		break;
	case VIRTIO_PCI_COMMON_MSIX:
		registers->config_vector = virtio_check_vector(registers, (uint16_t)value);
		break;
	case VIRTIO_PCI_COMMON_STATUS:
		virtio_write_status(registers, (uint8_t)value);
		break;
	case VIRTIO_PCI_COMMON_Q_SELECT:
		registers->queue_select = (uint16_t)value;
		break;
	default:
		virtio_write_queue(registers, offset, (uint32_t)value);
	}
}
