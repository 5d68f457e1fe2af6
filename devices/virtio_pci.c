/* SPDX-License-Identifier: MIT */
#include "virtio_pci.h"

#include <assert.h>
#include <errno.h>
#include <linux/virtio_pci.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "virtio_irq.h"
#include "virtio_registers.h"
#include "vmm/core/vm.h"
#include "vmm/trace/log.h"

#define VIRTIO_VENDOR      0x1af4
#define VIRTIO_DEVICE_BASE 0x1040 /* plus the type */
#define VIRTIO_REVISION    1      /* no driver from before virtio 1.0 finds it */

#define VIRTIO_CALL_UNKNOWN (-2)

/* The capability through which a driver that cannot map the BAR reaches it. VIRTIO 1.1, 4.1.4.7. */
#define VIRTIO_WINDOW_SIZE (sizeof(struct virtio_pci_cap) + 4)
#define VIRTIO_WINDOW_DATA sizeof(struct virtio_pci_cap)

struct virtio_pci {
	struct pci_function function; /* must be first: the bus knows the device by it */
	struct vm *vm;
	struct virtio_backend *backend;
	struct virtio_registers registers;
	struct virtio_irq irq;
	unsigned int window_cap; /* offset of the capability through which the BAR is reached */
	int kicks[VIRTIO_QUEUES_MAX];
	bool place_said;              /* it was logged that a queue is outside memory */
	int calls[VIRTIO_QUEUES_MAX]; /* the eventfds that the backend has; -1: no interrupt */
};

static struct virtio_pci *virtio_of(struct pci_function *function)
{
	return (struct virtio_pci *)function;
}

/* ---- whom the backend rings ---- */

static int virtio_find_call(const struct virtio_pci *virtio, unsigned int queue)
{
	return virtio_irq_find_call(&virtio->irq, virtio->registers.queues[queue].vector);
}

static void virtio_update_call(void *owner, unsigned int queue)
{
	struct virtio_pci *virtio = owner;
	int call = virtio_find_call(virtio, queue);

	if (!virtio->registers.started || !virtio->registers.queues[queue].enabled ||
	    call == virtio->calls[queue])
		return;
	virtio->calls[queue] = call;
	virtio->backend->ops->set_call(virtio->backend, queue, call);
}

static void virtio_update_calls(void *owner)
{
	struct virtio_pci *virtio = owner;

	for (unsigned int queue = 0; queue < virtio->backend->queues; queue++) {
		/* The number may belong to another file by now. */
		virtio->calls[queue] = VIRTIO_CALL_UNKNOWN;
		virtio_update_call(virtio, queue);
	}
}

/* ---- start and stop ---- */

/* The sizes of the three parts of a queue: VIRTIO 1.1, 2.6. */
static bool virtio_map_queue(struct virtio_pci *virtio, unsigned int index,
			     struct virtio_ring *ring)
{
	const struct virtio_queue *queue = &virtio->registers.queues[index];
	struct memory *memory = &virtio->vm->memory;

	*ring = (struct virtio_ring){
		.index = index,
		.size = queue->size,
		.descriptors = memory_ram_ptr(memory, queue->descriptors, 16ull * queue->size),
		.available = memory_ram_ptr(memory, queue->available, 6 + 2ull * queue->size),
		.used = memory_ram_ptr(memory, queue->used, 6 + 8ull * queue->size),
		.kick = virtio->kicks[index],
		.call = virtio->calls[index],
	};
	return ring->descriptors && ring->available && ring->used && queue->descriptors % 16 == 0 &&
	       queue->available % 2 == 0 && queue->used % 4 == 0;
}

static bool virtio_start(void *owner)
{
	struct virtio_pci *virtio = owner;
	struct virtio_backend *backend = virtio->backend;
	struct virtio_ring rings[VIRTIO_QUEUES_MAX];
	unsigned int count = 0;
	bool good = true;

	for (unsigned int queue = 0; queue < backend->queues && good; queue++) {
		if (!virtio->registers.queues[queue].enabled)
			continue;
		virtio->calls[queue] = virtio_find_call(virtio, queue);
		good = virtio_map_queue(virtio, queue, &rings[count++]);
		if (!good && !virtio->place_said) /* a guest may try again and again */
			log_warn(backend->name, "the guest put queue %u outside its memory", queue);
		virtio->place_said |= !good;
	}
	if (good)
		good = backend->ops->start(backend, virtio->registers.chosen, rings, count) == 0;
	if (!good)
		virtio_irq_raise_config(&virtio->irq, virtio->registers.config_vector);
	return good;
}

static void virtio_stop(void *owner)
{
	struct virtio_pci *virtio = owner;

	virtio->backend->ops->stop(virtio->backend);
	for (unsigned int queue = 0; queue < virtio->backend->queues; queue++)
		/* a signal that was meant for the old driver's queue */
		loop_take_event(virtio->kicks[queue]);
}

static const struct virtio_registers_ops virtio_registers_ops = {
	.start = virtio_start,
	.stop = virtio_stop,
	.vector_changed = virtio_update_call,
};

/* ---- BAR 0: all but notifications is an exit, and comes here through the bus ---- */

static bool virtio_in_device(const struct virtio_pci *virtio, uint64_t offset, unsigned int size)
{
	return offset >= VIRTIO_PCI_DEVICE &&
	       offset + size <= VIRTIO_PCI_DEVICE + virtio->backend->config_size;
}

static uint64_t virtio_read_bar(struct virtio_pci *virtio, uint64_t offset, unsigned int size)
{
	struct virtio_backend *backend = virtio->backend;
	uint64_t value = 0;

	if (offset >= VIRTIO_PCI_MSIX_PBA)
		return msix_pba_read(&virtio->irq.msix, offset - VIRTIO_PCI_MSIX_PBA, size);
	if (offset >= VIRTIO_PCI_MSIX_TABLE)
		return msix_table_read(&virtio->irq.msix, offset - VIRTIO_PCI_MSIX_TABLE, size);
	if (offset < VIRTIO_PCI_ISR_STATUS)
		return virtio_registers_read(&virtio->registers, offset, size);
	if (offset == VIRTIO_PCI_ISR_STATUS)
		return virtio_irq_read_isr(&virtio->irq);
	if (!virtio_in_device(virtio, offset, size))
		return UINT64_MAX;
	backend->ops->config_read(backend, (unsigned int)(offset - VIRTIO_PCI_DEVICE), &value,
				  size);
	return value;
}

/*
 * KVM signals the eventfd itself. A write comes here if it used the window, or another address than
 * KVM's.
 */
static void virtio_notify(struct virtio_pci *virtio, uint64_t offset)
{
	uint64_t queue = (offset - VIRTIO_PCI_NOTIFY) / VIRTIO_PCI_NOTIFY_STEP;

	if (queue < virtio->backend->queues)
		loop_raise_event(virtio->kicks[queue]);
}

static void virtio_write_bar(struct virtio_pci *virtio, uint64_t offset, unsigned int size,
			     uint64_t value)
{
	struct virtio_backend *backend = virtio->backend;

	if (offset >= VIRTIO_PCI_MSIX_TABLE)
		msix_table_write(&virtio->irq.msix, offset - VIRTIO_PCI_MSIX_TABLE, size, value);
	else if (offset >= VIRTIO_PCI_NOTIFY)
		virtio_notify(virtio, offset);
	else if (offset < VIRTIO_PCI_ISR_STATUS)
		virtio_registers_write(&virtio->registers, offset, size, value);
	else if (virtio_in_device(virtio, offset, size))
		backend->ops->config_write(backend, (unsigned int)(offset - VIRTIO_PCI_DEVICE),
					   &value, size);
}

static uint64_t virtio_bar_read(void *owner, uint64_t offset, unsigned int size)
{
	struct virtio_pci *virtio = owner;
	uint64_t value;

	pthread_mutex_lock(&virtio->function.bus->lock);
	value = virtio_read_bar(virtio, offset, size);
	pthread_mutex_unlock(&virtio->function.bus->lock);
	return value;
}

static void virtio_bar_write(void *owner, uint64_t offset, unsigned int size, uint64_t value)
{
	struct virtio_pci *virtio = owner;

	pthread_mutex_lock(&virtio->function.bus->lock);
	virtio_write_bar(virtio, offset, size, value);
	pthread_mutex_unlock(&virtio->function.bus->lock);
}

static void virtio_bar_locate(void *owner, uint64_t offset, struct trace_place *place)
{
	struct virtio_pci *virtio = owner;
	const char *name = virtio_registers_name(offset);

	place->topic = TRACE_TOPIC_bar;
	place->object = virtio->function.name;
	place->bar = 0;
	place->area = "virtio registers";
	if (offset >= VIRTIO_PCI_MSIX_PBA)
		msix_locate_pba(offset - VIRTIO_PCI_MSIX_PBA, place);
	else if (offset >= VIRTIO_PCI_MSIX_TABLE)
		msix_locate_table(offset - VIRTIO_PCI_MSIX_TABLE, place);
	else if (offset >= VIRTIO_PCI_NOTIFY)
		snprintf(place->reg, sizeof(place->reg), "notification");
	else if (offset >= VIRTIO_PCI_DEVICE)
		snprintf(place->reg, sizeof(place->reg), "device configuration");
	else if (offset >= VIRTIO_PCI_ISR_STATUS)
		snprintf(place->reg, sizeof(place->reg), "ISR status");
	else if (name)
		snprintf(place->reg, sizeof(place->reg), "%s", name);
}

static const struct bus_ops virtio_bar_ops = { virtio_bar_read, virtio_bar_write,
					       virtio_bar_locate };

/* ---- the PCI function: what the bus calls, with its lock held ---- */

static uint64_t virtio_notify_address(const struct pci_function *function, unsigned int queue)
{
	return function->bars[0].addr + VIRTIO_PCI_NOTIFY + queue * VIRTIO_PCI_NOTIFY_STEP;
}

static void virtio_del_doorbells(struct virtio_pci *virtio, unsigned int count)
{
	while (count--)
		vm_del_doorbell(virtio->vm, virtio_notify_address(&virtio->function, count),
				virtio->kicks[count]);
}

static int virtio_bar_map(struct pci_function *function, unsigned int bar)
{
	struct virtio_pci *virtio = virtio_of(function);
	struct bus_region region = {
		.base = function->bars[bar].addr,
		.size = VIRTIO_PCI_BAR_SIZE,
		.ops = &virtio_bar_ops,
		.owner = virtio,
	};
	unsigned int queue = 0;
	int ret = bus_add_region(&virtio->vm->mmio, &region);

	if (ret < 0)
		return ret;
	while (queue < virtio->backend->queues && ret == 0) {
		ret = vm_add_doorbell(virtio->vm, virtio_notify_address(function, queue),
				      virtio->kicks[queue]);
		queue += ret == 0;
	}
	if (ret < 0) {
		virtio_del_doorbells(virtio, queue);
		bus_del_region(&virtio->vm->mmio, region.base);
	}
	return ret;
}

static void virtio_bar_unmap(struct pci_function *function, unsigned int bar)
{
	struct virtio_pci *virtio = virtio_of(function);

	virtio_del_doorbells(virtio, virtio->backend->queues);
	bus_del_region(&virtio->vm->mmio, function->bars[bar].addr);
}

/* The register that the window points to; false if there is none. */
static bool virtio_window_target(const struct virtio_pci *virtio, uint32_t *offset,
				 uint32_t *length)
{
	const struct pci_function *function = &virtio->function;

	*offset = pci_get_long(function, virtio->window_cap + VIRTIO_PCI_CAP_OFFSET);
	*length = pci_get_long(function, virtio->window_cap + VIRTIO_PCI_CAP_LENGTH);
	return function->config[virtio->window_cap + VIRTIO_PCI_CAP_BAR] == 0 &&
	       (*length == 1 || *length == 2 || *length == 4) && *offset % *length == 0 &&
	       *offset < VIRTIO_PCI_MSIX_TABLE;
}

static bool virtio_covers_window(const struct virtio_pci *virtio, unsigned int offset,
				 unsigned int size)
{
	return pci_access_covers(offset, size, virtio->window_cap + VIRTIO_WINDOW_DATA);
}

static uint32_t virtio_config_read(struct pci_function *function, unsigned int offset,
				   unsigned int size)
{
	struct virtio_pci *virtio = virtio_of(function);
	uint32_t target, length;

	if (virtio_covers_window(virtio, offset, size) &&
	    virtio_window_target(virtio, &target, &length))
		pci_set_long(function, virtio->window_cap + VIRTIO_WINDOW_DATA,
			     (uint32_t)virtio_read_bar(virtio, target, length));
	return pci_config_read(function, offset, size);
}

static void virtio_config_write(struct pci_function *function, unsigned int offset,
				unsigned int size, uint32_t value)
{
	struct virtio_pci *virtio = virtio_of(function);
	uint32_t target, length;

	pci_config_write(function, offset, size, value);
	if (virtio_covers_window(virtio, offset, size) &&
	    virtio_window_target(virtio, &target, &length))
		virtio_write_bar(virtio, target, length,
				 pci_get_long(function, virtio->window_cap + VIRTIO_WINDOW_DATA));
	virtio_irq_config_written(&virtio->irq);
}

static void virtio_reset(struct pci_function *function)
{
	struct virtio_pci *virtio = virtio_of(function);

	virtio_registers_reset(&virtio->registers);
	virtio_irq_reset(&virtio->irq);
	memset(&function->config[virtio->window_cap + VIRTIO_PCI_CAP_BAR], 0,
	       VIRTIO_WINDOW_SIZE - VIRTIO_PCI_CAP_BAR);
}

static void virtio_destroy(struct pci_function *function)
{
	struct virtio_pci *virtio = virtio_of(function);
	struct virtio_backend *backend = virtio->backend;

	virtio_registers_reset(&virtio->registers);
	virtio_irq_destroy(&virtio->irq);
	for (unsigned int queue = 0; queue < backend->queues; queue++)
		if (virtio->kicks[queue] >= 0)
			close(virtio->kicks[queue]);
	backend->ops->destroy(backend);
	free(virtio);
}

static const struct pci_function_ops virtio_ops = {
	.config_read = virtio_config_read,
	.config_write = virtio_config_write,
	.bar_map = virtio_bar_map,
	.bar_unmap = virtio_bar_unmap,
	.reset = virtio_reset,
	.destroy = virtio_destroy,
};

/* ---- life ---- */

/* A capability that tells where in BAR 0 the driver finds a part of the registers. */
static unsigned int virtio_add_cap(struct virtio_pci *virtio, uint8_t type, unsigned int size,
				   uint32_t offset, uint32_t length)
{
	struct pci_function *function = &virtio->function;
	unsigned int cap = pci_add_capability(function, PCI_CAP_ID_VNDR, size);

	assert(cap);
	function->config[cap + VIRTIO_PCI_CAP_LEN] = (uint8_t)size;
	function->config[cap + VIRTIO_PCI_CAP_CFG_TYPE] = type;
	pci_set_long(function, cap + VIRTIO_PCI_CAP_OFFSET, offset);
	pci_set_long(function, cap + VIRTIO_PCI_CAP_LENGTH, length);
	return cap;
}

static void virtio_add_caps(struct virtio_pci *virtio)
{
	const unsigned int plain = sizeof(struct virtio_pci_cap);
	struct pci_function *function = &virtio->function;
	unsigned int cap;

	virtio_add_cap(virtio, VIRTIO_PCI_CAP_COMMON_CFG, plain, VIRTIO_PCI_COMMON,
		       VIRTIO_REGISTERS_SIZE);
	virtio_add_cap(virtio, VIRTIO_PCI_CAP_ISR_CFG, plain, VIRTIO_PCI_ISR_STATUS, 1);
	if (virtio->backend->config_size)
		virtio_add_cap(virtio, VIRTIO_PCI_CAP_DEVICE_CFG, plain, VIRTIO_PCI_DEVICE,
			       virtio->backend->config_size);
	cap = virtio_add_cap(virtio, VIRTIO_PCI_CAP_NOTIFY_CFG, plain + 4, VIRTIO_PCI_NOTIFY,
			     virtio->backend->queues * VIRTIO_PCI_NOTIFY_STEP);
	pci_set_long(function, cap + VIRTIO_PCI_NOTIFY_CAP_MULT, VIRTIO_PCI_NOTIFY_STEP);
	cap = virtio_add_cap(virtio, VIRTIO_PCI_CAP_PCI_CFG, VIRTIO_WINDOW_SIZE, 0, 0);
	function->writable[cap + VIRTIO_PCI_CAP_BAR] = 0xff;
	memset(&function->writable[cap + VIRTIO_PCI_CAP_OFFSET], 0xff,
	       VIRTIO_WINDOW_SIZE - VIRTIO_PCI_CAP_OFFSET);
	virtio->window_cap = cap;
}

/* Configuration space as the guest first sees it. */
static void virtio_init_config(struct virtio_pci *virtio)
{
	const struct virtio_backend *backend = virtio->backend;
	const struct pci_id id = { VIRTIO_VENDOR, (uint16_t)(VIRTIO_DEVICE_BASE + backend->type),
				   VIRTIO_VENDOR, (uint16_t)(VIRTIO_DEVICE_BASE + backend->type),
				   backend->pci_class << 8 | VIRTIO_REVISION };
	struct pci_function *function = &virtio->function;

	pci_function_init(function, &virtio_ops, backend->name);
	pci_set_id(function, &id);
	pci_set_bar(function, 0, VIRTIO_PCI_BAR_SIZE, PCI_BASE_ADDRESS_SPACE_MEMORY);
}

static int virtio_open_files(struct virtio_pci *virtio)
{
	for (unsigned int queue = 0; queue < virtio->backend->queues; queue++) {
		virtio->kicks[queue] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		if (virtio->kicks[queue] < 0)
			return log_errno(virtio->backend->name, -errno, "eventfd");
	}
	return 0;
}

static struct virtio_pci *virtio_new(struct pci_host *host, struct virtio_backend *backend)
{
	struct virtio_pci *virtio = calloc(1, sizeof(*virtio));

	if (!virtio)
		return NULL;
	virtio->vm = host->vm;
	virtio->backend = backend;
	for (unsigned int queue = 0; queue < VIRTIO_QUEUES_MAX; queue++)
		virtio->kicks[queue] = virtio->calls[queue] = -1;
	virtio_init_config(virtio);
	virtio_registers_init(&virtio->registers, backend->features, backend->queues,
			      backend->queues + 1, &virtio_registers_ops, virtio);
	return virtio;
}

int virtio_pci_add(struct pci_host *host, struct virtio_backend *backend)
{
	struct virtio_pci *virtio;
	int ret;

	assert(backend->queues <= VIRTIO_QUEUES_MAX &&
	       backend->config_size <= VIRTIO_PCI_DEVICE_SIZE);
	virtio = virtio_new(host, backend);
	if (!virtio) {
		ret = log_errno(backend->name, -ENOMEM, "allocate");
		backend->ops->destroy(backend);
		return ret;
	}
	virtio->function.boot_place = backend->boot_place;
	ret = virtio_irq_init(&virtio->irq, host->vm, &virtio->function, backend->queues + 1,
			      virtio_update_calls, virtio);
	virtio_add_caps(virtio);
	if (ret == 0)
		ret = virtio_open_files(virtio);
	if (ret == 0)
		ret = pci_host_add(host, &virtio->function);
	if (ret < 0) {
		virtio_destroy(&virtio->function);
		return ret;
	}
	virtio_irq_wire(&virtio->irq);
	virtio_reset(&virtio->function);
	return 0;
}
