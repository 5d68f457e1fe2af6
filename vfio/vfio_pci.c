/* SPDX-License-Identifier: MIT */
#include "vfio_pci.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "devices/pci_host.h"
#include "vfio_bar.h"
#include "vfio_reset.h"
#include "vmm/core/log.h"

/* ---- interrupts: what the guest does to the MSI-X state machine, done to the host ---- */

static int vfio_pci_use_pin(struct vfio_pci *pci)
{
	return pci->has_intx ? vfio_intx_enable(&pci->intx) : 0;
}

/* Request a live vector on the host and route it, but do not wire it yet. */
static void vfio_pci_prepare_vector(struct vfio_pci *pci, unsigned int vector)
{
	if (msix_vector_live(&pci->msix, vector))
		vfio_vector_prepare(&pci->vectors, vector, msix_vector_address(&pci->msix, vector),
				    msix_vector_data(&pci->msix, vector));
}

static void vfio_pci_apply_vector(struct vfio_pci *pci, unsigned int vector)
{
	if (msix_vector_live(&pci->msix, vector))
		vfio_vector_unmask(&pci->vectors, vector);
	else
		vfio_vector_mask(&pci->vectors, vector);
}

static void vfio_pci_msix_vector_changed(void *owner, unsigned int vector)
{
	struct vfio_pci *pci = owner;

	vfio_pci_prepare_vector(pci, vector);
	vfio_pci_apply_vector(pci, vector);
}

/*
 * VFIO allows one kind at a time; without MSI-X a device speaks through its pin. All vectors are
 * prepared before the first is wired: so KVM gets the routes in one call. The highest first, so
 * that a host that cannot add vectors is asked for the block only once.
 */
static void vfio_pci_msix_control_changed(void *owner)
{
	struct vfio_pci *pci = owner;

	if (!pci->msix.enabled) {
		vfio_vectors_disable(&pci->vectors);
		if (pci->powered)
			vfio_pci_use_pin(pci);
		return;
	}
	vfio_intx_disable(&pci->intx);
	if (vfio_vectors_enable(&pci->vectors) < 0)
		return;
	for (unsigned int vector = pci->msix.vectors; vector--;)
		vfio_pci_prepare_vector(pci, vector);
	for (unsigned int vector = 0; vector < pci->msix.vectors; vector++)
		vfio_pci_apply_vector(pci, vector);
}

static bool vfio_pci_msix_vector_pending(void *owner, unsigned int vector)
{
	struct vfio_pci *pci = owner;

	return vfio_vector_pending(&pci->vectors, vector);
}

static const struct msix_ops vfio_pci_msix_ops = {
	.vector_changed = vfio_pci_msix_vector_changed,
	.vector_pending = vfio_pci_msix_vector_pending,
	.control_changed = vfio_pci_msix_control_changed,
};

static int vfio_pci_init_msix(struct vfio_pci *pci)
{
	struct pci_function *function = &pci->function;
	unsigned int cap = pci_find_capability(function, PCI_CAP_ID_MSIX);
	uint32_t table, pba;
	unsigned int count;
	int ret;

	if (!cap)
		return 0;
	count = (pci_get_word(function, cap + PCI_MSIX_FLAGS) & PCI_MSIX_FLAGS_QSIZE) + 1;
	table = pci_get_long(function, cap + PCI_MSIX_TABLE);
	pba = pci_get_long(function, cap + PCI_MSIX_PBA);
	pci->msix_table_bar = table & PCI_MSIX_TABLE_BIR;
	pci->msix_table_offset = table & PCI_MSIX_TABLE_OFFSET;
	pci->msix_pba_bar = pba & PCI_MSIX_PBA_BIR;
	pci->msix_pba_offset = pba & PCI_MSIX_PBA_OFFSET;
	ret = vfio_vectors_init(&pci->vectors, &pci->device, &pci->vm->irq, VFIO_PCI_MSIX_IRQ_INDEX,
				0);
	if (ret < 0)
		return ret;
	ret = msix_init(&pci->msix, count, &vfio_pci_msix_ops, pci);
	if (ret < 0)
		return log_errno(pci->device.name, ret, "set up MSI-X with %u vectors", count);
	pci_set_word(function, cap + PCI_MSIX_FLAGS, (uint16_t)(count - 1));
	pci->msix_cap = cap;
	return 0;
}

/* Table and PBA must lie in BARs that exist: else the guest's writes to them would not be seen. */
static int vfio_pci_check_msix(const struct vfio_pci *pci)
{
	uint64_t table_end = pci->msix_table_offset + msix_table_size(&pci->msix);
	uint64_t pba_end = pci->msix_pba_offset + msix_pba_size(&pci->msix);

	if (pci->msix_table_bar < PCI_BAR_ROM && pci->msix_pba_bar < PCI_BAR_ROM &&
	    table_end <= pci->bars[pci->msix_table_bar].region.size &&
	    pba_end <= pci->bars[pci->msix_pba_bar].region.size)
		return 0;
	log_error(pci->device.name, "its MSI-X table or PBA lies outside its BARs");
	return -EIO;
}

static void vfio_pci_init_intx(struct vfio_pci *pci)
{
	struct vfio_irq irq = { 0, 0 };

	if (pci->device.backend->get_irq(&pci->device, VFIO_PCI_INTX_IRQ_INDEX, &irq) == 0)
		pci->has_intx = irq.count && (irq.flags & VFIO_IRQ_INFO_AUTOMASKED) &&
				pci->function.config[PCI_INTERRUPT_PIN];
	if (!pci->has_intx)
		pci->function.config[PCI_INTERRUPT_PIN] = 0;
}

/* ---- configuration space ---- */

static uint32_t vfio_pci_config_read(struct pci_function *function, unsigned int offset,
				     unsigned int size)
{
	return vfio_config_read(&vfio_pci_of(function)->config, function, offset, size);
}

static bool vfio_pci_covers(unsigned int offset, unsigned int size, unsigned int reg)
{
	return offset <= reg && reg < offset + size;
}

/* The power state the guest asks for: D3hot decodes nothing. PCI Power Management 1.2, 5.4.1. */
static bool vfio_pci_asks_d3hot(struct vfio_pci *pci, unsigned int offset, unsigned int size,
				uint32_t value)
{
	unsigned int cap = pci_find_capability(&pci->function, PCI_CAP_ID_PM);
	unsigned int reg = cap + PCI_PM_CTRL;

	if (!cap || !vfio_pci_covers(offset, size, reg))
		return pci->function.memory_blocked;
	return ((value >> (8 * (reg - offset))) & PCI_PM_CTRL_STATE_MASK) == 3;
}

/* What the device itself says. One that does not answer is not asleep but gone. */
static bool vfio_pci_in_d3hot(struct vfio_pci *pci)
{
	unsigned int cap = pci_find_capability(&pci->function, PCI_CAP_ID_PM);
	uint32_t control = 0;

	return cap && vfio_config_get(&pci->config, cap + PCI_PM_CTRL, 2, &control) == 0 &&
	       (control & PCI_PM_CTRL_STATE_MASK) == 3;
}

/*
 * The value without the decoders that it switches on in COMMAND: what leaves, but not what comes.
 */
static uint32_t vfio_pci_leaving(const struct pci_function *function, unsigned int offset,
				 unsigned int size, uint32_t value)
{
	uint32_t off =
		(PCI_COMMAND_IO | PCI_COMMAND_MEMORY) & ~(uint32_t)function->config[PCI_COMMAND];

	return vfio_pci_covers(offset, size, PCI_COMMAND) ? value & ~off : value;
}

/*
 * Order is what counts: before the device stops decoding, the guest's mappings of it must be gone,
 * or a vCPU faults into nothing (KVM_RUN: EFAULT); and they come back after it decodes again.
 */
static void vfio_pci_config_write(struct pci_function *function, unsigned int offset,
				  unsigned int size, uint32_t value)
{
	struct vfio_pci *pci = vfio_pci_of(function);
	bool asleep = vfio_pci_asks_d3hot(pci, offset, size, value);

	function->memory_blocked |= asleep;
	pci_config_write(function, offset, size, vfio_pci_leaving(function, offset, size, value));
	vfio_config_forward(&pci->config, offset, size, value);
	/* A function-level reset wakes it too. */
	function->memory_blocked = asleep && vfio_pci_in_d3hot(pci);
	pci_config_write(function, offset, size, value);
	if (pci->msix_cap && vfio_pci_covers(offset, size, pci->msix_cap + PCI_MSIX_FLAGS + 1)) {
		pthread_mutex_lock(&pci->lock);
		msix_control_write(&pci->msix,
				   pci_get_word(function, pci->msix_cap + PCI_MSIX_FLAGS));
		pthread_mutex_unlock(&pci->lock);
	}
}

/* ---- life ---- */

/* 0, or -EIO when the device is dead. One that cannot be reset may be used all the same. */
static int vfio_pci_reset_device(struct vfio_pci *pci)
{
	pci->was_reset = true;
	return vfio_reset_device(&pci->device, pci->info_flags, &pci->config) == -EIO ? -EIO : 0;
}

/* All off. A device that does not come back must not be given to the guest again. */
static void vfio_pci_reset(struct pci_function *function)
{
	struct vfio_pci *pci = vfio_pci_of(function);

	pci->powered = false;
	if (pci->msix_cap) {
		msix_reset(&pci->msix);
		pci_set_word(function, pci->msix_cap + PCI_MSIX_FLAGS,
			     (uint16_t)(pci->msix.vectors - 1));
	}
	vfio_intx_disable(&pci->intx);
	if (vfio_pci_reset_device(pci) < 0)
		vm_post(pci->vm, VM_EVENT_DEVICE_LOST);
}

static void vfio_pci_destroy(struct pci_function *function)
{
	vfio_pci_free(vfio_pci_of(function));
}

static const struct pci_function_ops vfio_pci_ops = {
	.config_read = vfio_pci_config_read,
	.config_write = vfio_pci_config_write,
	.bar_map = vfio_bar_map,
	.bar_unmap = vfio_bar_unmap,
	.reset = vfio_pci_reset,
	.destroy = vfio_pci_destroy,
};

static int vfio_pci_init_bars(struct vfio_pci *pci)
{
	int ret = 0;

	for (unsigned int bar = 0; bar < PCI_BAR_ROM && ret == 0; bar++) {
		ret = vfio_bar_init(pci, bar);
		if (pci_bar_is_64(&pci->function.bars[bar]))
			bar++; /* its upper half is no BAR of its own */
	}
	return ret == 0 ? vfio_bar_init_rom(pci) : ret;
}

static int vfio_pci_init_events(struct vfio_pci *pci)
{
	int ret = vfio_event_init(&pci->error, &pci->device, pci->vm, VFIO_PCI_ERR_IRQ_INDEX,
				  "the device reported an uncorrectable error");

	return ret < 0 ? ret
		       : vfio_event_init(&pci->request, &pci->device, pci->vm,
					 VFIO_PCI_REQ_IRQ_INDEX, "the host wants the device back");
}

/* Documentation/virt/kvm/devices/vfio.rst asks for it before the device is opened. */
static int vfio_pci_tell_kvm(struct vfio_device *device)
{
	struct vfio_pci *pci =
		(struct vfio_pci *)((char *)device - offsetof(struct vfio_pci, device));
	int ret = vm_add_vfio_file(pci->vm, device->kvm_file);

	pci->kvm_knows = ret == 0;
	return ret;
}

static int vfio_pci_init(struct vfio_pci *pci, struct vfio_space *space)
{
	int ret = pci->device.backend->dev_open(space, &pci->device);

	if (ret == 0)
		ret = pci->device.backend->get_info(&pci->device, &pci->info_flags);
	if (ret == 0 && !(pci->info_flags & VFIO_DEVICE_FLAGS_PCI)) {
		log_error(pci->device.name, "VFIO says that it is not a PCI device");
		ret = -ENODEV;
	}
	if (ret == 0)
		ret = vfio_config_init(&pci->config, &pci->device, &pci->function);
	if (ret == 0)
		vfio_config_override(&pci->function, pci->options.ids);
	if (ret == 0)
		ret = vfio_pci_init_msix(pci);
	if (ret == 0)
		ret = vfio_pci_init_bars(pci);
	if (ret == 0 && pci->msix_cap)
		ret = vfio_pci_check_msix(pci);
	if (ret < 0)
		return ret;
	vfio_pci_init_intx(pci);
	return vfio_pci_init_events(pci);
}

int vfio_pci_new(struct vm *vm, struct vfio_space *space, const char *name, int group,
		 const struct vfio_device_options *options, struct vfio_pci **result)
{
	struct vfio_pci *pci = calloc(1, sizeof(*pci));
	int ret;

	if (!pci)
		return log_errno(name, -ENOMEM, "allocate");
	pci->vm = vm;
	pci->options = *options;
	pci->device = (struct vfio_device){
		.backend = space->backend,
		.space = space,
		.group = group,
		.fd = -1,
		.kvm_file = -1,
		.tell_kvm = vfio_pci_tell_kvm,
	};
	pci->device.vf_token = options->vf_token;
	snprintf(pci->device.name, sizeof(pci->device.name), "%s", name);
	pthread_mutex_init(&pci->lock, NULL);
	pci_function_init(&pci->function, &vfio_pci_ops, pci->device.name);
	vfio_intx_init(&pci->intx, &pci->device, &vm->irq, 0);
	pci->error.source.fd = pci->request.source.fd = -1;
	ret = vfio_pci_init(pci, space);
	if (ret < 0) {
		vfio_pci_free(pci);
		return ret;
	}
	*result = pci;
	return 0;
}

/* Backwards: interrupts, mappings, KVM's reference, the device itself. */
void vfio_pci_free(struct vfio_pci *pci)
{
	if (!pci)
		return;
	vfio_event_destroy(&pci->request);
	vfio_event_destroy(&pci->error);
	vfio_intx_disable(&pci->intx);
	vfio_vectors_destroy(&pci->vectors);
	msix_destroy(&pci->msix);
	for (unsigned int bar = 0; bar < PCI_BARS; bar++)
		vfio_bar_destroy(pci, bar);
	vfio_rom_destroy(&pci->rom);
	if (pci->kvm_knows)
		vm_del_vfio_file(pci->vm, pci->device.kvm_file);
	pci->device.backend->dev_close(&pci->device);
	pthread_mutex_destroy(&pci->lock);
	free(pci);
}

void vfio_pci_quiesce(struct vfio_pci *pci)
{
	vfio_config_put(&pci->config, PCI_COMMAND, 2, 0);
}

int vfio_pci_power_on(struct vfio_pci *pci)
{
	unsigned int pin = pci->function.config[PCI_INTERRUPT_PIN];
	int ret = 0;

	/* The kernel reset it when it was opened, but only if it can reset this function alone. */
	if (!pci->was_reset && !(pci->info_flags & VFIO_DEVICE_FLAGS_RESET))
		ret = vfio_pci_reset_device(pci);
	if (ret < 0)
		return ret;
	if (pci->has_intx)
		pci->intx.gsi = pci_host_intx_gsi(&pci->function, pin);
	pci->vectors.devid = pci->function.devfn;
	pci->powered = true;
	return vfio_pci_use_pin(pci);
}
