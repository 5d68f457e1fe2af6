/* SPDX-License-Identifier: MIT */
#include "vfio_pci.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "vfio_error.h"
#include "vmm/trace/macros.h"
#include "vmm/trace/log.h"

static struct vfio_pci *vfio_pci_of(struct pci_function *function)
{
	return container_of(function, struct vfio_pci, function);
}

/* ---- configuration space ---- */

static unsigned int vfio_pci_power_reg(const struct vfio_pci *pci)
{
	unsigned int cap = pci_find_capability(&pci->function, PCI_CAP_ID_PM);

	return cap ? cap + PCI_PM_CTRL : 0;
}

/*
 * True if this write asks for another power state than D0. A function decodes its BARs only in D0.
 * PCI Power Management 1.2, 5.4.1.
 */
static bool vfio_pci_asks_sleep(const struct vfio_pci *pci, unsigned int offset, unsigned int size,
				uint32_t value)
{
	unsigned int reg = vfio_pci_power_reg(pci);

	return reg && pci_access_covers(offset, size, reg) &&
	       ((value >> (8 * (reg - offset))) & PCI_PM_CTRL_STATE_MASK);
}

/* Ask the device itself. All-ones or no answer do not count as D0. */
static bool vfio_pci_is_awake(struct vfio_pci *pci)
{
	unsigned int reg = vfio_pci_power_reg(pci);
	uint32_t control = 0;

	return !reg || (vfio_config_get(&pci->config, reg, 2, &control) == 0 &&
			!(control & PCI_PM_CTRL_STATE_MASK));
}

/* A function needs time to wake up, so its BARs come back only when it is found awake. */
static void vfio_pci_look_awake(struct vfio_pci *pci)
{
	if (!pci->function.memory_blocked || !vfio_pci_is_awake(pci))
		return;
	pci->function.memory_blocked = false;
	pci_update_bars(&pci->function);
}

/* After a reset, when everything is switched off: a device may stay asleep, or away. */
static void vfio_pci_block_until_awake(struct vfio_pci *pci)
{
	pci->function.memory_blocked = !vfio_pci_is_awake(pci);
}

static uint32_t vfio_pci_config_read(struct pci_function *function, unsigned int offset,
				     unsigned int size)
{
	struct vfio_pci *pci = vfio_pci_of(function);

	vfio_pci_look_awake(pci);
	vfio_interrupts_config_reading(&pci->interrupts, offset, size);
	return vfio_config_read(&pci->config, function, offset, size);
}

/*
 * The value without the decoders that it switches on in COMMAND. So this write can only unmap BARs,
 * not map them.
 */
static uint32_t vfio_pci_leaving(const struct pci_function *function, unsigned int offset,
				 unsigned int size, uint32_t value)
{
	uint32_t off =
		(PCI_COMMAND_IO | PCI_COMMAND_MEMORY) & ~(uint32_t)function->config[PCI_COMMAND];

	return pci_access_covers(offset, size, PCI_COMMAND) ? value & ~off : value;
}

/*
 * PCI Express Base 6.6.2: after the reset the function is as after power-on. The kernel carries it
 * out and restores what it saved before, so everything is switched off by then, and the device is
 * awake: of one that sleeps the kernel would save what it lost on the way to D3hot.
 */
static void vfio_pci_flr(struct vfio_pci *pci, unsigned int offset, unsigned int size,
			 uint32_t value)
{
	vfio_interrupts_reset(&pci->interrupts);
	pci_reset(&pci->function);
	vfio_reset_quiet(&pci->config);
	vfio_config_forward(&pci->config, offset, size, value);
	vfio_pci_block_until_awake(pci);
	vfio_interrupts_power_on(&pci->interrupts);
}

/*
 * The order matters. The guest's mappings must be gone before the device stops decoding, or a vCPU
 * faults on a revoked mapping (KVM_RUN fails with EFAULT). They come back after the device decodes
 * again. A write that the device did not take switches nothing on.
 */
static void vfio_pci_config_write(struct pci_function *function, unsigned int offset,
				  unsigned int size, uint32_t value)
{
	struct vfio_pci *pci = vfio_pci_of(function);

	vfio_reset_use(&pci->reset);
	if (vfio_reset_is_flr(&pci->config, offset, size, value)) {
		vfio_pci_flr(pci, offset, size, value);
		return;
	}
	function->memory_blocked |= vfio_pci_asks_sleep(pci, offset, size, value);
	pci_config_write(function, offset, size, vfio_pci_leaving(function, offset, size, value));
	if (vfio_config_forward(&pci->config, offset, size, value) == 0)
		pci_config_write(function, offset, size, value);
	vfio_pci_look_awake(pci);
	vfio_interrupts_config_written(&pci->interrupts, offset, size);
}

/* ---- life ---- */

/* Documentation/virt/kvm/devices/vfio.rst asks for this before the device is opened. */
static int vfio_pci_tell_kvm(struct vfio_device *device)
{
	struct vfio_pci *pci = container_of(device, struct vfio_pci, device);
	int ret = vm_add_vfio_file(pci->vm, device->kvm_file);

	pci->kvm_knows = ret == 0;
	return ret;
}

static int vfio_pci_open(struct vfio_pci *pci, struct vfio_space *space)
{
	struct vfio_device *device = &pci->device;
	int ret = device->backend->dev_open(space, device, &pci->which);

	if (ret < 0)
		return ret;
	ret = device->backend->get_info(device, &pci->info);
	if (ret < 0)
		return log_errno(device->name, ret, "VFIO_DEVICE_GET_INFO");
	if (!(pci->info.flags & VFIO_DEVICE_FLAGS_PCI)) {
		log_error(device->name, "VFIO says that it is not a PCI device");
		return -ENODEV;
	}
	vfio_reset_add(&pci->reset);
	return 0;
}

static int vfio_pci_init_events(struct vfio_pci *pci)
{
	const char *error =
		pci->device.backend->programs ? NULL : "the device reported an uncorrectable error";
	int ret =
		vfio_event_init(&pci->error, &pci->device, pci->vm, VFIO_PCI_ERR_IRQ_INDEX, error);

	return ret < 0 ? ret
		       : vfio_event_init(&pci->request, &pci->device, pci->vm,
					 VFIO_PCI_REQ_IRQ_INDEX, "the host wants the device back");
}

static bool vfio_pci_failed(void *owner)
{
	struct vfio_pci *pci = owner;

	return vfio_error_tell_guest(&pci->config, &pci->function);
}

/* For a device below a port. */
static void vfio_pci_show_errors(struct vfio_pci *pci)
{
	pci->error.carer =
		(struct vfio_carer){ vfio_pci_failed, pci, "the guest is told by its root port" };
	vfio_error_check(&pci->config);
}

/* Backwards: KVM's reference, the device itself. */
static void vfio_pci_close(struct vfio_pci *pci)
{
	vfio_event_destroy(&pci->request);
	vfio_event_destroy(&pci->error);
	if (pci->kvm_knows)
		vm_del_vfio_file(pci->vm, pci->device.kvm_file);
	pci->kvm_knows = false;
	vfio_reset_del(&pci->reset);
	pci->device.backend->dev_close(&pci->device);
}

/* True if the open device keeps its VM alive. A device that KVM does not know keeps none alive. */
static bool vfio_pci_keeps_vm(const struct vfio_pci *pci)
{
	return pci->kvm_knows && pci->which.fd < 0;
}

static int vfio_pci_retake(struct vfio_pci *pci)
{
	int ret = vfio_pci_open(pci, pci->device.space);

	if (ret == 0)
		ret = vfio_bars_retake(&pci->bars);
	if (ret == 0)
		vfio_pci_quiesce(pci);
	return ret < 0 ? ret : vfio_pci_init_events(pci);
}

static void vfio_pci_stop(struct pci_function *function)
{
	struct vfio_pci *pci = vfio_pci_of(function);

	vfio_interrupts_reset(&pci->interrupts);
	vfio_reset_stop(&pci->reset);
}

/* A device that does not come back must not be given to the guest again. */
static void vfio_pci_reset(struct pci_function *function)
{
	struct vfio_pci *pci = vfio_pci_of(function);

	if (vfio_reset_finish(&pci->reset) < 0)
		vm_post(pci->vm, VM_EVENT_DEVICE_LOST);
}

static void vfio_pci_destroy(struct pci_function *function)
{
	vfio_pci_free(vfio_pci_of(function));
}

static int vfio_pci_bar_map(struct pci_function *function, unsigned int bar)
{
	return vfio_bars_map(&vfio_pci_of(function)->bars, bar);
}

static void vfio_pci_bar_unmap(struct pci_function *function, unsigned int bar)
{
	vfio_bars_unmap(&vfio_pci_of(function)->bars, bar);
}

/* Called when the bus above was reset while the guest runs. */
static void vfio_pci_revive(struct pci_function *function)
{
	vfio_pci_block_until_awake(vfio_pci_of(function));
	vfio_interrupts_power_on(&vfio_pci_of(function)->interrupts);
}

static const struct pci_function_ops vfio_pci_ops = {
	.config_read = vfio_pci_config_read,
	.config_write = vfio_pci_config_write,
	.bar_map = vfio_pci_bar_map,
	.bar_unmap = vfio_pci_bar_unmap,
	.reset = vfio_pci_reset,
	.destroy = vfio_pci_destroy,
	.revive = vfio_pci_revive,
	.stop = vfio_pci_stop,
};

static void vfio_pci_pending(void *owner, bool any)
{
	vfio_bars_set_pending(owner, any);
}

static int vfio_pci_init_parts(struct vfio_pci *pci, const struct vfio_device_options *options)
{
	struct pci_function *function = &pci->function;
	int ret = vfio_config_init(&pci->config, &pci->device, function,
				   options->port == VFIO_PORT_ON);

	if (ret < 0)
		return ret;
	vfio_quirks_init(&pci->quirks, function, &pci->device, &pci->interrupts.msix);
	vfio_config_override(function, options->ids);
	ret = vfio_interrupts_init(&pci->interrupts, &pci->device, function, pci->vm,
				   options->no_kvm_irqfd);
	if (ret == 0)
		ret = vfio_bars_init(&pci->bars, &pci->device, function, &pci->interrupts.msix,
				     &pci->quirks, pci->vm, options);
	if (ret == 0)
		ret = vfio_msix_check(&pci->interrupts.msix);
	if (ret == 0 && vfio_bars_have_loose(&pci->bars))
		vfio_msix_watch(&pci->interrupts.msix, vfio_pci_pending, &pci->bars);
	if (ret == 0 && options->errors_to_guest)
		vfio_pci_show_errors(pci);
	return ret < 0 ? ret : vfio_pci_init_events(pci);
}

int vfio_pci_new(struct vm *vm, struct vfio_space *space, const struct vfio_device_request *request,
		 const struct vfio_device_options *options, struct vfio_pci **result)
{
	struct vfio_pci *pci = calloc(1, sizeof(*pci));
	int ret;

	if (!pci)
		return log_errno(request->name, -ENOMEM, "allocate");
	pci->vm = vm;
	pci->device = (struct vfio_device){ .backend = space->backend,
					    .kvm_file = -1,
					    .tell_kvm = vfio_pci_tell_kvm };
	snprintf(pci->device.name, sizeof(pci->device.name), "%s", request->name);
	pci->reset = (struct vfio_reset){ .device = &pci->device,
					  .config = &pci->config,
					  .info = &pci->info };
	pci->which = *request;
	pci->which.name = pci->device.name;
	pci_function_init(&pci->function, &vfio_pci_ops, pci->device.name);
	pci->function.id = options->id;
	pci->error.source.fd = pci->request.source.fd = -1;
	ret = vfio_pci_open(pci, space);
	if (ret == 0)
		ret = vfio_pci_init_parts(pci, options);
	if (ret < 0) {
		vfio_pci_free(pci);
		return ret;
	}
	*result = pci;
	return 0;
}

/* Free in reverse order: interrupts, mappings, the device. */
void vfio_pci_free(struct vfio_pci *pci)
{
	if (!pci)
		return;
	vfio_interrupts_destroy(&pci->interrupts);
	vfio_bars_destroy(&pci->bars);
	vfio_quirks_destroy(&pci->quirks);
	vfio_pci_close(pci);
	free(pci);
}

void vfio_pci_watch_request(struct vfio_pci *pci, const struct vfio_carer *carer)
{
	pci->request.carer = *carer;
}

void vfio_pci_give_up(struct vfio_pci *pci, bool last)
{
	const struct vfio_device_request which = { .name = "", .group = pci->which.group };
	struct vfio_space *space = pci->device.space;

	vfio_pci_free(pci);
	if (last)
		space->backend->dev_release(space, &which);
}

void vfio_pci_quiesce(struct vfio_pci *pci)
{
	if (pci->device.priv)
		vfio_config_put(&pci->config, PCI_COMMAND, 2, 0);
}

/* A device that is lost is not opened again, because the machine ends. */
void vfio_pci_power_off(struct vfio_pci *pci)
{
	if (!vfio_pci_keeps_vm(pci) || pci->vm->event != VM_EVENT_NONE)
		return;
	vfio_bars_release(&pci->bars);
	vfio_pci_close(pci);
}

/*
 * The kernel has reset the device at the opening, as well as it can reset this function alone. Then
 * it has given COMMAND back as the host had it: SERR is often on. A neighbour's reset may have
 * reached this device since.
 */
static int vfio_pci_reset_first(struct vfio_pci *pci)
{
	if (pci->reset.state == VFIO_RESET_NEW && vfio_reset_is_weak(&pci->reset)) {
		vfio_reset_stop(&pci->reset);
		return vfio_reset_finish(&pci->reset);
	}
	vfio_pci_quiesce(pci);
	return 0;
}

int vfio_pci_power_on(struct vfio_pci *pci)
{
	int ret = pci->device.priv ? 0 : vfio_pci_retake(pci);

	if (ret == 0 && !pci->was_on)
		ret = vfio_pci_reset_first(pci);
	pci->was_on = true;
	if (ret < 0)
		return ret;
	vfio_pci_block_until_awake(pci);
	return vfio_interrupts_power_on(&pci->interrupts);
}
