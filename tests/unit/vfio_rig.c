/* SPDX-License-Identifier: MIT */
#include "vfio_rig.h"

#include <check.h>
#include <string.h>

#include "call_log.h"
#include "devices/pci_windows.h"
#include "fake_kvm.h"
#include "fake_vm.h"

#define RIG_DEVFN 8u /* 00:01.0 */

const struct vfio_device_request rig_request = {
	.name = FAKE_BDF, .group = 1, .cdev = -1, .fd = -1
};

void rig_init(struct rig *rig)
{
	memset(rig, 0, sizeof(*rig));
	fake_vm_begin(&rig->vm, &rig->host, 0);
	fake_init(&rig->fake);
	rig->space = (struct vfio_space){ .backend = &fake_backend, .priv = &rig->fake };
}

void rig_init_usual(struct rig *rig)
{
	rig_init(rig);
	fake_add_bar(&rig->fake, 0, 0x4000, PCI_BASE_ADDRESS_MEM_TYPE_64, true);
	rig->fake.bars[0].sparse_count = 1; /* the pages before the table alone can be mapped */
	rig->fake.bars[0].areas[0] = (struct vfio_area){ 0, RIG_MSIX_TABLE };
	fake_add_msix(&rig->fake, 8, RIG_MSIX_TABLE, RIG_MSIX_PBA);
	fake_add_intx(&rig->fake);
}

int rig_open(struct rig *rig)
{
	int ret = vfio_pci_new(&rig->vm, &rig->space, rig->request ? rig->request : &rig_request,
			       &rig->options, &rig->pci);

	if (ret < 0)
		return ret;
	ret = pci_host_add(&rig->host, &rig->pci->function);
	ck_assert_int_eq(ret, 0);
	ck_assert_uint_eq(rig->pci->function.devfn, RIG_DEVFN);
	ret = pci_windows_assign_bars(&rig->host);
	if (ret == 0)
		ret = vfio_pci_power_on(rig->pci);
	rig->msix = pci_find_capability(&rig->pci->function, PCI_CAP_ID_MSIX);
	return ret;
}

void rig_open_usual(struct rig *rig)
{
	rig_init_usual(rig);
	ck_assert_int_eq(rig_open(rig), 0);
	ck_assert_uint_eq(rig->pci->function.bars[0].assigned, RIG_BAR0);
	calls_begin();
}

void rig_close(struct rig *rig)
{
	pci_host_destroy(&rig->host);
	rig->space.backend->space_close(&rig->space);
	vm_destroy(&rig->vm);
	fake_destroy(&rig->fake);
	fake_kvm_end();
}

static uint64_t rig_config_at(unsigned int offset)
{
	return arch_layout.ecam.base + (RIG_DEVFN << 12) + offset;
}

uint64_t rig_config_read(struct rig *rig, unsigned int offset, unsigned int size)
{
	uint64_t value = 0;

	bus_read(&rig->vm.mmio, rig_config_at(offset), &value, size);
	return value;
}

void rig_config_write(struct rig *rig, unsigned int offset, unsigned int size, uint64_t value)
{
	bus_write(&rig->vm.mmio, rig_config_at(offset), &value, size);
}

static struct bus *rig_bus(struct rig *rig, unsigned int bar)
{
	return pci_bar_is_io(&rig->pci->function.bars[bar]) ? &rig->vm.pio : &rig->vm.mmio;
}

uint64_t rig_bar_read(struct rig *rig, unsigned int bar, uint64_t offset, unsigned int size)
{
	uint64_t value = 0;

	bus_read(rig_bus(rig, bar), rig->pci->function.bars[bar].addr + offset, &value, size);
	return value;
}

void rig_bar_write(struct rig *rig, unsigned int bar, uint64_t offset, unsigned int size,
		   uint64_t value)
{
	bus_write(rig_bus(rig, bar), rig->pci->function.bars[bar].addr + offset, &value, size);
}

/*
 * Let the loop serve what is ready. The loop decides which of two comes first, so this runs it
 * twice.
 */
void rig_turn(struct rig *rig)
{
	for (unsigned int i = 0; i < 2; i++) {
		vm_post(&rig->vm, VM_EVENT_QUIT);
		ck_assert_int_eq(vm_wait(&rig->vm), VM_EVENT_QUIT);
	}
}

void rig_switch_on(struct rig *rig)
{
	rig_config_write(rig, PCI_COMMAND, 2,
			 PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
}

void rig_msix_control(struct rig *rig, uint16_t bits)
{
	rig_config_write(rig, rig->msix + PCI_MSIX_FLAGS, 2, bits);
}

void rig_msix_entry(struct rig *rig, unsigned int vector, uint32_t data, bool masked)
{
	uint64_t entry = RIG_MSIX_TABLE + 16 * vector;

	rig_bar_write(rig, 0, entry + PCI_MSIX_ENTRY_LOWER_ADDR, 4, RIG_MSI_ADDRESS);
	rig_bar_write(rig, 0, entry + PCI_MSIX_ENTRY_UPPER_ADDR, 4, 0);
	rig_bar_write(rig, 0, entry + PCI_MSIX_ENTRY_DATA, 4, data);
	rig_bar_write(rig, 0, entry + PCI_MSIX_ENTRY_VECTOR_CTRL, 4, masked);
}
