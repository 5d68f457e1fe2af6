/* SPDX-License-Identifier: MIT */
/*
 * A guest's driver that does anything, in front of the virtio device whose queues minivmm itself
 * serves. Its registers, interrupts, rings and buffers are made of the fuzzer's bytes.
 */
#include <stdlib.h>

#include "devices/pci_windows.h"
#include "devices/virtio_console.h"
#include "devices/virtio_pci.h"
#include "fuzz_input.h"
#include "fuzz_tally.h"
#include "tests/unit/call_log.h"
#include "tests/unit/fake_kvm.h"
#include "tests/unit/plain_ram.h"
#include "vmm/core/vm.h"

#define RAM_SIZE (1u << 20)
#define RINGS    0x4000u /* of RAM, where a driver's rings are likely to be */
#define SLOT     8u      /* 00:01.0 */

static struct {
	struct vm vm;
	struct pci_host host;
	struct virtio_console *console;
	struct pci_function *function;
} rig;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return fuzz_tally_begin("accesses of the guest");
}

static void open_rig(void)
{
	fake_kvm_begin();
	vm_init(&rig.vm, 1, NULL);
	rig.vm.memslot_max = 32;
	if (plain_ram_add(&rig.vm.memory, 0, RAM_SIZE) < 0 || vm_power_up(&rig.vm) < 0 ||
	    pci_host_init(&rig.host, &rig.vm) < 0 ||
	    virtio_console_add(&rig.host, &rig.console) < 0 ||
	    pci_windows_assign_bars(&rig.host) < 0)
		abort();
	rig.function = rig.host.functions[SLOT];
}

static void close_rig(void)
{
	pci_host_destroy(&rig.host);
	vm_destroy(&rig.vm);
	fake_kvm_end();
}

static void write_config(unsigned int offset, unsigned int size, uint64_t value)
{
	bus_write(&rig.vm.mmio, arch_layout.ecam.base + (SLOT << 12) + offset, &value, size);
}

static void write_bar(uint64_t offset, unsigned int size, uint64_t value)
{
	bus_write(&rig.vm.mmio, rig.function->bars[0].addr + offset, &value, size);
}

/* Start a queue where the fuzzer's rings are. Its size and its addresses are anything. */
static void set_queue(struct fuzz_input *input, unsigned int queue)
{
	write_bar(22, 2, queue);
	write_bar(24, 2, 1u << (fuzz_number(input, 1) % 10));
	for (unsigned int reg = 32; reg < 56; reg += 8)
		write_bar(reg, 4, fuzz_number(input, 2) & ~0xfull);
	write_bar(28, 2, 1);
}

static void start_driver(struct fuzz_input *input)
{
	write_bar(20, 1, 0);
	write_bar(8, 4, 1);
	write_bar(12, 4, 1);
	write_bar(20, 1, 11);
	for (unsigned int queue = 0; queue < 6; queue++)
		set_queue(input, queue);
	write_bar(20, 1, 15);
}

/* Do what the thread behind the console does. */
static void serve(void)
{
	char bytes[256];

	virtio_console_serve(rig.console);
	for (unsigned int port = 0; port < VIRTIO_CONSOLE_PORTS; port++) {
		virtio_console_read(rig.console, port, bytes, sizeof(bytes));
		virtio_console_write(rig.console, port, bytes, sizeof(bytes));
	}
}

static void access_device(struct fuzz_input *input)
{
	unsigned int how = (unsigned int)fuzz_number(input, 1), size = 1u << (how >> 3 & 3);
	uint64_t offset = fuzz_number(input, 2);
	uint64_t value;

	fuzz_tally.count++;
	switch (how & 7) {
	case 0:
		write_config(offset % PCI_CONFIG_SIZE, size, fuzz_number(input, 4));
		break;
	case 1:
		bus_read(&rig.vm.mmio, rig.function->bars[0].addr + offset % VIRTIO_PCI_BAR_SIZE,
			 &value, size);
		break;
	case 2:
		write_bar(offset % VIRTIO_PCI_BAR_SIZE, size, fuzz_number(input, 4));
		break;
	case 3:
		start_driver(input);
		break;
	case 4:
		fuzz_bytes(input, memory_ram_ptr(&rig.vm.memory, offset % RINGS, 64), 64);
		break;
	case 5:
		write_config(PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
		break;
	case 6:
		pci_host_reset(&rig.host);
		break;
	default:
		serve();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = { data, size };

	open_rig();
	write_config(PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	while (fuzz_left(&input))
		access_device(&input);
	serve();
	close_rig();
	calls_begin();
	return 0;
}
