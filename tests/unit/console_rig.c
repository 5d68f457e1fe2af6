/* SPDX-License-Identifier: MIT */
#include "console_rig.h"

#include <check.h>
#include <linux/virtio_config.h>
#include <linux/virtio_console.h>
#include <linux/virtio_pci.h>
#include <linux/virtio_ring.h>
#include <string.h>

#include "devices/pci_windows.h"
#include "devices/virtio_pci.h"
#include "fake_vm.h"

#define PAGE 4096u
#define READY                                                                                      \
	(VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER | VIRTIO_CONFIG_S_FEATURES_OK |      \
	 VIRTIO_CONFIG_S_DRIVER_OK)

static void bar_write(struct console_rig *rig, uint64_t offset, unsigned int size, uint64_t value)
{
	bus_write(&rig->vm.mmio, rig->bar + offset, &value, size);
}

static struct vring_avail *available(struct console_rig *rig, unsigned int queue)
{
	return (void *)(rig->ram + queue * 2 * PAGE + 0x400);
}

static const struct vring_used *used(const struct console_rig *rig, unsigned int queue)
{
	return (const void *)(rig->ram + queue * 2 * PAGE + 0x800);
}

char *console_rig_buffer(struct console_rig *rig, unsigned int queue, unsigned int n)
{
	return rig->ram + (queue * 2 + 1) * PAGE + n * RIG_BUFFER;
}

void console_rig_offer(struct console_rig *rig, unsigned int queue, unsigned int n, uint32_t size)
{
	struct vring_desc *table = (void *)(rig->ram + queue * 2 * PAGE);

	table[n] =
		(struct vring_desc){ (queue * 2 + 1) * PAGE + n * RIG_BUFFER,
				     size ? size : RIG_BUFFER, size ? 0 : VRING_DESC_F_WRITE, 0 };
	available(rig, queue)->ring[available(rig, queue)->idx % RIG_SIZE] = (uint16_t)n;
	available(rig, queue)->idx++;
	bar_write(rig, VIRTIO_PCI_NOTIFY + queue * VIRTIO_PCI_NOTIFY_STEP, 2, queue);
}

static void start_queue(struct console_rig *rig, unsigned int queue)
{
	uint32_t rings = queue * 2 * PAGE;

	bar_write(rig, VIRTIO_PCI_COMMON_Q_SELECT, 2, queue);
	bar_write(rig, VIRTIO_PCI_COMMON_Q_SIZE, 2, RIG_SIZE);
	bar_write(rig, VIRTIO_PCI_COMMON_Q_DESCLO, 4, rings);
	bar_write(rig, VIRTIO_PCI_COMMON_Q_AVAILLO, 4, rings + 0x400);
	bar_write(rig, VIRTIO_PCI_COMMON_Q_USEDLO, 4, rings + 0x800);
	bar_write(rig, VIRTIO_PCI_COMMON_Q_ENABLE, 2, 1);
}

void console_rig_start(struct console_rig *rig)
{
	uint64_t command = PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER;

	bus_write(&rig->vm.mmio, arch_layout.ecam.base + (8u << 12) + PCI_COMMAND, &command, 2);
	bar_write(rig, VIRTIO_PCI_COMMON_GFSELECT, 4, 1);
	bar_write(rig, VIRTIO_PCI_COMMON_GF, 4, 1);
	bar_write(rig, VIRTIO_PCI_COMMON_GFSELECT, 4, 0);
	bar_write(rig, VIRTIO_PCI_COMMON_GF, 4, 1u << VIRTIO_CONSOLE_F_MULTIPORT);
	bar_write(rig, VIRTIO_PCI_COMMON_STATUS, 1, READY & ~VIRTIO_CONFIG_S_DRIVER_OK);
	for (unsigned int queue = 0; queue < RIG_QUEUES; queue++)
		start_queue(rig, queue);
	bar_write(rig, VIRTIO_PCI_COMMON_STATUS, 1, READY);
	for (unsigned int n = 0; n < RIG_SIZE; n++)
		console_rig_offer(rig, 2, n, 0);
}

void console_rig_open(struct console_rig *rig)
{
	memset(rig, 0, sizeof(*rig));
	fake_vm_begin(&rig->vm, &rig->host, RIG_RAM);
	rig->ram = memory_ram_ptr(&rig->vm.memory, 0, RIG_RAM);
	ck_assert_int_eq(virtio_console_add(&rig->host, &rig->console), 0);
	ck_assert_int_eq(pci_windows_assign_bars(&rig->host), 0);
	rig->bar = rig->host.functions[8]->bars[0].assigned;
}

void console_rig_close(struct console_rig *rig)
{
	fake_vm_end(&rig->vm, &rig->host);
}

void console_rig_tell(struct console_rig *rig, uint32_t port, uint16_t event, uint16_t value)
{
	const struct virtio_console_control message = { port, event, value };

	memcpy(console_rig_buffer(rig, 3, 0), &message, sizeof(message));
	console_rig_offer(rig, 3, 0, sizeof(message));
}

uint16_t console_rig_used(const struct console_rig *rig, unsigned int queue)
{
	return __atomic_load_n(&used(rig, queue)->idx, __ATOMIC_ACQUIRE);
}

uint32_t console_rig_length(const struct console_rig *rig, unsigned int queue, uint16_t at)
{
	return used(rig, queue)->ring[at % RIG_SIZE].len;
}
