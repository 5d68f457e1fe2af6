/* SPDX-License-Identifier: MIT */
/*
 * A device that answers anything at any moment: configuration bytes, regions and their areas,
 * interrupts, results of every call. A guest uses it meanwhile.
 *
 * The machine is the unit tests' rig, with a backend of this file's. Its answers keep to what the
 * C types say, and to nothing else. What minivmm may ask of a device is under test in
 * fuzz_guest.c.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz_input.h"
#include "fuzz_tally.h"
#include "tests/unit/call_log.h"
#include "tests/unit/vfio_rig.h"

static struct {
	struct rig rig;
	struct fuzz_input input;
	uint8_t config[PCI_CONFIG_SIZE];
	int file; /* for every region that can be mapped */
} fuzz;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	fuzz.file = memfd_create("BAR", MFD_CLOEXEC);
	return fuzz_tally_begin("answers of the device");
}

/* ---- the device ---- */

/*
 * How each answer of the device ends. Most answers are success, because otherwise no input gets
 * far.
 */
static int any_result(int good)
{
	static const int errors[] = {
		-EIO, -EINVAL, -ENOSPC, -ENOTTY, -ENOMEM, -ETIMEDOUT, -EPERM
	};
	unsigned int choice = (unsigned int)fuzz_number(&fuzz.input, 1);

	fuzz_tally.count++;
	return choice < 0xe0 ? good : errors[choice % 7];
}

static uint64_t any_size(void)
{
	unsigned int choice = (unsigned int)fuzz_number(&fuzz.input, 1);

	return choice < 0xf0 ? 1ull << (choice % 24) : fuzz_number(&fuzz.input, 8);
}

static int any_space_open(struct vfio_space *space, const struct vfio_space_request *request)
{
	(void)space;
	(void)request;
	return 0;
}

static void any_space_close(struct vfio_space *space)
{
	(void)space;
}

static int any_iova_ranges(struct vfio_space *space, struct vfio_range *ranges, unsigned int max)
{
	(void)space;
	(void)ranges;
	(void)max;
	return 0;
}

static int any_dma_map(struct vfio_space *space, const struct vfio_dma *dma)
{
	(void)space;
	(void)dma;
	return any_result(0);
}

static int any_dma_unmap(struct vfio_space *space, uint64_t iova, uint64_t size)
{
	(void)space;
	(void)iova;
	(void)size;
	return any_result(0);
}

static int any_dev_open(struct vfio_space *space, struct vfio_device *device,
			const struct vfio_device_request *request)
{
	(void)request;
	device->space = space;
	device->priv = &fuzz;
	device->kvm_file = fuzz.file;
	return device->tell_kvm(device) < 0 ? -EIO : any_result(0);
}

static void any_dev_close(struct vfio_device *device)
{
	device->priv = NULL;
	device->kvm_file = -1;
}

static int any_get_info(struct vfio_device *device, struct vfio_info *info)
{
	(void)device;
	info->flags = (uint32_t)fuzz_number(&fuzz.input, 1) ^ VFIO_DEVICE_FLAGS_PCI;
	info->atomics = (uint32_t)fuzz_number(&fuzz.input, 1);
	return any_result(0);
}

static int any_get_region(struct vfio_device *device, uint32_t index, struct vfio_region *region)
{
	(void)device;
	*region = (struct vfio_region){ .index = index, .mmap_fd = fuzz.file };
	region->flags = (uint32_t)fuzz_number(&fuzz.input, 1) ^ 7;
	region->size = any_size();
	if (index == VFIO_PCI_CONFIG_REGION_INDEX)
		region->size = region->size & 1 ? PCI_CFG_SPACE_SIZE : PCI_CONFIG_SIZE;
	region->sparse_count = (unsigned int)fuzz_number(&fuzz.input, 1) % (2 * VFIO_SPARSE_MAX);
	region->sparse = region->sparse_count > 0;
	if (region->sparse_count > VFIO_SPARSE_MAX)
		region->sparse = region->sparse_count = 0;
	for (unsigned int i = 0; i < region->sparse_count; i++)
		region->areas[i] = (struct vfio_area){ any_size(), any_size() };
	return any_result(0);
}

static int any_get_irq(struct vfio_device *device, uint32_t index, struct vfio_irq *irq)
{
	(void)device;
	(void)index;
	irq->flags = (uint32_t)fuzz_number(&fuzz.input, 1);
	irq->count = (uint32_t)any_size();
	return any_result(0);
}

static int any_set_irqs(struct vfio_device *device, const struct vfio_irq_request *request)
{
	unsigned int choice = (unsigned int)fuzz_number(&fuzz.input, 1);

	(void)device;
	if (request->index > VFIO_PCI_REQ_IRQ_INDEX)
		abort();
	return choice > 0xf0 ? (int)fuzz_number(&fuzz.input, 1) : any_result(0);
}

static int any_reset(struct vfio_device *device)
{
	(void)device;
	return any_result(0);
}

/* It may leave the device itself out, or name it twice. */
static int any_reset_reach(struct vfio_device *device, struct vfio_reach *reach)
{
	(void)device;
	reach->count = (unsigned int)fuzz_number(&fuzz.input, 1) % 3;
	for (unsigned int i = 0; i < reach->count; i++) {
		reach->list[i] = (struct vfio_reached){ .bus = 1, .ours = true, .group = 1 };
		if (fuzz_number(&fuzz.input, 1) < 0x80)
			continue;
		reach->list[i].devfn = (uint8_t)fuzz_number(&fuzz.input, 1);
		reach->list[i].ours = fuzz_number(&fuzz.input, 1) & 1;
	}
	return any_result(0);
}

static int any_hot_reset(struct vfio_device *device, const struct vfio_reach *reach)
{
	(void)device;
	for (unsigned int i = 0; i < reach->count; i++)
		if (!reach->list[i].ours)
			abort();
	return any_result(0);
}

/* Now and then the bytes differ from those of a moment ago. */
static int any_region_read(struct vfio_device *device, const struct vfio_region *region,
			   uint64_t offset, void *data, size_t size)
{
	(void)device;
	if (region->index != VFIO_PCI_CONFIG_REGION_INDEX) {
		fuzz_bytes(&fuzz.input, data, size);
		return any_result((int)size);
	}
	if (offset + size > PCI_CONFIG_SIZE)
		abort();
	memcpy(data, &fuzz.config[offset], size);
	if (fuzz_number(&fuzz.input, 1) > 0xf8)
		fuzz_bytes(&fuzz.input, data, size < 8 ? size : 8);
	return any_result((int)size);
}

static int any_region_write(struct vfio_device *device, const struct vfio_region *region,
			    uint64_t offset, const void *data, size_t size)
{
	(void)device;
	if (region->index == VFIO_PCI_CONFIG_REGION_INDEX && offset + size <= PCI_CONFIG_SIZE)
		memcpy(&fuzz.config[offset], data, size);
	return any_result((int)size);
}

static const struct vfio_backend any_backend = {
	.name = "any",
	.space_open = any_space_open,
	.space_close = any_space_close,
	.hurry = any_space_close,
	.iova_ranges = any_iova_ranges,
	.dma_map = any_dma_map,
	.dma_unmap = any_dma_unmap,
	.dev_open = any_dev_open,
	.dev_close = any_dev_close,
	.get_info = any_get_info,
	.get_region = any_get_region,
	.get_irq = any_get_irq,
	.set_irqs = any_set_irqs,
	.reset = any_reset,
	.reset_reach = any_reset_reach,
	.hot_reset = any_hot_reset,
	.region_read = any_region_read,
	.region_write = any_region_write,
};

/* The usual device's bytes, of which some are spoilt, or none of them. */
static void spoil_config(void)
{
	unsigned int count = (unsigned int)fuzz_number(&fuzz.input, 1);

	memcpy(fuzz.config, fuzz.rig.fake.config, sizeof(fuzz.config));
	if (count == UINT8_MAX)
		fuzz_bytes(&fuzz.input, fuzz.config, sizeof(fuzz.config));
	for (unsigned int i = 0; i < count % 32; i++) {
		unsigned int at = (unsigned int)fuzz_number(&fuzz.input, 2) % PCI_CONFIG_SIZE;

		fuzz.config[at] = (uint8_t)fuzz_number(&fuzz.input, 1);
	}
}

/* ---- the guest ---- */

static void use_device(void)
{
	struct rig *rig = &fuzz.rig;
	unsigned int how = (unsigned int)fuzz_number(&fuzz.input, 1);
	unsigned int size = 1u << (how >> 3 & 3), bar = how >> 5 & 7;
	uint64_t offset = fuzz_number(&fuzz.input, 2), value = fuzz_number(&fuzz.input, 4);

	switch (how & 7) {
	case 0:
		rig_config_read(rig, offset % PCI_CONFIG_SIZE, size);
		break;
	case 1:
	case 2:
		rig_config_write(rig, offset % PCI_CONFIG_SIZE, size, value);
		break;
	case 3:
		if (bar < PCI_BARS && rig->pci->function.bars[bar].size)
			rig_bar_write(rig, bar, offset, size, value);
		break;
	case 4:
		if (bar < PCI_BARS && rig->pci->function.bars[bar].size)
			rig_bar_read(rig, bar, offset, size);
		break;
	case 5:
		rig_switch_on(rig);
		break;
	case 6:
		rig_config_write(rig, rig->msix + PCI_MSIX_FLAGS, 2, PCI_MSIX_FLAGS_ENABLE);
		break;
	default:
		pci_host_reset(&rig->host);
		vfio_pci_power_off(rig->pci);
		if (vfio_pci_power_on(rig->pci) < 0)
			fuzz.input.left = 0;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz.input = (struct fuzz_input){ data, size };
	rig_init_usual(&fuzz.rig);
	spoil_config();
	fuzz.rig.space.backend = &any_backend;
	if (rig_open(&fuzz.rig) == 0)
		while (fuzz_left(&fuzz.input))
			use_device();
	rig_close(&fuzz.rig);
	calls_begin();
	return 0;
}
