/* SPDX-License-Identifier: MIT */
#include "fake_backend.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "call_log.h"

/* ---- the space ---- */

static struct fake_device *fake_of(struct vfio_device *device)
{
	return device->priv;
}

static int fake_fails(struct fake_device *fake, const char *operation)
{
	if (!fake->fail_name || strcmp(fake->fail_name, operation) != 0 || --fake->fail_nth)
		return 0;
	fake->fail_name = NULL;
	calls_add("%s fails", operation);
	return fake->fail_err;
}

static int fake_space_open(struct vfio_space *space, const struct vfio_space_request *request)
{
	(void)request;
	calls_add("space_open");
	return fake_fails(space->priv, "space_open");
}

static void fake_space_close(struct vfio_space *space)
{
	const struct fake_device *fake = space->priv;

	calls_add("space_close");
	ck_assert_msg(!fake->open, "space_close with a device open");
}

static void fake_hurry(struct vfio_space *space)
{
	(void)space;
}

static bool fake_is_stalled(struct vfio_space *space)
{
	(void)space;
	return false;
}

static int fake_iova_ranges(struct vfio_space *space, struct vfio_range *ranges, unsigned int max)
{
	struct fake_device *fake = space->priv;
	int ret = fake_fails(fake, "iova_ranges");

	if (ret)
		return ret;
	ck_assert_uint_ge(max, fake->range_count);
	memcpy(ranges, fake->ranges, fake->range_count * sizeof(ranges[0]));
	return (int)fake->range_count;
}

static int fake_dma_map(struct vfio_space *space, const struct vfio_dma *dma)
{
	struct fake_device *fake = space->priv;
	int ret = fake_fails(fake, "dma_map");

	if (ret)
		return ret;
	calls_add("dma_map %#" PRIx64 "+%#" PRIx64, dma->iova, dma->size);
	if (!dma->size || dma->iova % 4096 || dma->size % 4096 || (uintptr_t)dma->hva % 4096)
		return -EINVAL;
	for (unsigned int i = 0; i < fake->map_count; i++)
		if (dma->iova < fake->maps[i].iova + fake->maps[i].size &&
		    fake->maps[i].iova < dma->iova + dma->size)
			return -EEXIST;
	ck_assert_uint_lt(fake->map_count, FAKE_DMA_MAPS);
	fake->maps[fake->map_count++] = *dma;
	return 0;
}

static int fake_dma_unmap(struct vfio_space *space, uint64_t iova, uint64_t size)
{
	struct fake_device *fake = space->priv;

	calls_add("dma_unmap %#" PRIx64 "+%#" PRIx64, iova, size);
	for (unsigned int i = 0; i < fake->map_count; i++)
		if (fake->maps[i].iova == iova && fake->maps[i].size == size) {
			fake->maps[i] = fake->maps[--fake->map_count];
			return 0;
		}
	ck_abort_msg("dma_unmap of %#" PRIx64 "+%#" PRIx64 ", which is not mapped", iova, size);
}

/* ---- the device ---- */

static int fake_dev_open(struct vfio_space *space, struct vfio_device *device,
			 const struct vfio_device_request *request)
{
	struct fake_device *fake = space->priv;
	int ret;

	(void)request;
	device->space = space;
	device->priv = fake;
	device->kvm_file = eventfd(0, EFD_CLOEXEC);
	ret = device->tell_kvm(device);
	if (ret == 0)
		ret = fake_fails(fake, "dev_open");
	if (ret)
		return ret;
	calls_add("dev_open");
	fake->open = true;
	return 0;
}

static void fake_dev_close(struct vfio_device *device)
{
	struct fake_device *fake = fake_of(device);

	if (device->kvm_file >= 0)
		close(device->kvm_file);
	device->kvm_file = -1;
	device->priv = NULL;
	if (!fake || !fake->open)
		return;
	calls_add("dev_close");
	ck_assert_msg(!fake->intx_on && !fake->msix_on && !fake->msi_on && fake->error_fd < 0 &&
			      fake->request_fd < 0,
		      "dev_close with interrupts on");
	fake->open = false;
}

static void fake_dev_release(struct vfio_space *space, const struct vfio_device_request *request)
{
	(void)space;
	calls_add("dev_release %s", request->name);
}

static int fake_get_info(struct vfio_device *device, struct vfio_info *info)
{
	*info = (struct vfio_info){ .flags = fake_of(device)->info_flags };
	return fake_fails(fake_of(device), "get_info");
}

static int fake_get_region(struct vfio_device *device, uint32_t index, struct vfio_region *region)
{
	struct fake_device *fake = fake_of(device);
	int ret = fake_fails(fake, "get_region");
	const struct fake_bar *bar;

	*region = (struct vfio_region){ .index = index, .mmap_fd = -1 };
	if (ret)
		return ret;
	region->flags = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE;
	if (index == VFIO_PCI_CONFIG_REGION_INDEX)
		region->size = fake->config_size;
	if (index >= FAKE_BARS)
		return index == VFIO_PCI_CONFIG_REGION_INDEX ? 0 : -EINVAL;
	bar = &fake->bars[index];
	region->size = bar->size;
	region->mmap_fd = bar->fd;
	region->flags |= bar->mappable ? VFIO_REGION_INFO_FLAG_MMAP : 0;
	region->flags &= bar->readonly ? ~(uint32_t)VFIO_REGION_INFO_FLAG_WRITE : UINT32_MAX;
	region->sparse = bar->sparse_count > 0;
	region->sparse_count = bar->sparse_count;
	memcpy(region->areas, bar->areas, sizeof(bar->areas));
	return 0;
}

static int fake_get_irq(struct vfio_device *device, uint32_t index, struct vfio_irq *irq)
{
	struct fake_device *fake = fake_of(device);
	int ret = fake_fails(fake, "get_irq");

	*irq = (struct vfio_irq){ VFIO_IRQ_INFO_EVENTFD, 0 };
	if (index == VFIO_PCI_MSIX_IRQ_INDEX)
		*irq = (struct vfio_irq){ VFIO_IRQ_INFO_EVENTFD | fake->vectors_flags,
					  fake->vectors };
	else if (index == VFIO_PCI_MSI_IRQ_INDEX)
		*irq = (struct vfio_irq){ VFIO_IRQ_INFO_EVENTFD | VFIO_IRQ_INFO_NORESIZE,
					  fake->msis };
	else if (index == VFIO_PCI_INTX_IRQ_INDEX)
		*irq = (struct vfio_irq){ fake->intx_flags, fake->intx };
	else if (index == VFIO_PCI_ERR_IRQ_INDEX || index == VFIO_PCI_REQ_IRQ_INDEX)
		irq->count = fake->notifies;
	return ret;
}

static void fake_check_fds(const struct vfio_irq_request *request)
{
	for (unsigned int i = 0; i < request->count; i++)
		ck_assert_msg(request->fds[i] == -1 || fcntl(request->fds[i], F_GETFD) >= 0,
			      "SET_IRQS with a closed eventfd");
}

/* With the pin on, MASK and UNMASK act at once, and a TRIGGER of none switches the pin off. */
static int fake_act_intx(struct fake_device *fake, const struct vfio_irq_request *request)
{
	bool trigger = request->action == VFIO_IRQ_SET_ACTION_TRIGGER;

	ck_assert_uint_eq(request->count, trigger ? 0 : 1);
	fake->intx_masked = request->action == VFIO_IRQ_SET_ACTION_MASK;
	calls_add("irqs intx %s", trigger ? "off" : fake->intx_masked ? "mask now" : "unmask now");
	if (!trigger && !(fake->intx_on && (fake->intx_flags & VFIO_IRQ_INFO_MASKABLE)))
		return -EINVAL;
	if (trigger)
		fake->intx_on = false;
	return 0;
}

static int fake_set_intx(struct fake_device *fake, const struct vfio_irq_request *request)
{
	bool trigger = request->action == VFIO_IRQ_SET_ACTION_TRIGGER;

	if (!request->fds)
		return fake_act_intx(fake, request);
	calls_add("irqs intx %s", trigger ? "trigger" : "unmask");
	ck_assert_uint_eq(request->count, 1);
	fake_check_fds(request);
	ck_assert_msg(!fake->msix_on && !fake->msi_on, "INTx while another kind is on");
	if (!fake->intx || (!trigger && !fake->intx_on))
		return -EINVAL;
	*(trigger ? &fake->intx_fd : &fake->unmask_fd) = request->fds[0];
	fake->intx_on = true;
	return 0;
}

/* What MSI and MSI-X have in common, under one name. */
struct fake_kind {
	const char *name;
	unsigned int count, grant, others_on, *on;
	bool resizable;
	int *fds;
	uint8_t *enable_byte; /* the kernel touches the device's own enable bit, too */
	uint8_t enable_bit;
};

static struct fake_kind fake_msix(struct fake_device *fake)
{
	return (struct fake_kind){
		.name = "msix",
		.count = fake->vectors,
		.grant = fake->grant,
		.others_on = fake->intx_on + fake->msi_on,
		.on = &fake->msix_on,
		.resizable = !(fake->vectors_flags & VFIO_IRQ_INFO_NORESIZE),
		.fds = fake->msix_fds,
		.enable_byte = &fake->config[fake->msix_cap + PCI_MSIX_FLAGS + 1],
		.enable_bit = PCI_MSIX_FLAGS_ENABLE >> 8,
	};
}

static struct fake_kind fake_msi(struct fake_device *fake)
{
	return (struct fake_kind){
		.name = "msi",
		.count = fake->msis,
		.grant = fake->msi_grant,
		.others_on = fake->intx_on + fake->msix_on,
		.on = &fake->msi_on,
		.fds = fake->msi_fds,
		.enable_byte = &fake->config[fake->msi_cap + PCI_MSI_FLAGS],
		.enable_bit = PCI_MSI_FLAGS_ENABLE,
	};
}

static void fake_switch_vectors(const struct fake_kind *kind, unsigned int on)
{
	*kind->on = on;
	*kind->enable_byte &= (uint8_t)~kind->enable_bit;
	*kind->enable_byte |= on ? kind->enable_bit : 0;
}

static void fake_log_vectors(const char *name, const struct vfio_irq_request *request)
{
	char text[64] = "";

	for (unsigned int i = 0; i < request->count && i < sizeof(text) - 1; i++)
		text[i] = request->fds[i] < 0 ? '-' : 'e';
	calls_add("irqs %s %u+%u %s", name, request->start, request->count, text);
}

static int fake_set_vectors(struct fake_kind kind, const struct vfio_irq_request *request)
{
	uint32_t end = request->start + request->count;

	ck_assert_uint_eq(request->action, VFIO_IRQ_SET_ACTION_TRIGGER);
	if (!request->fds) {
		calls_add("irqs %s off", kind.name);
		fake_switch_vectors(&kind, 0);
		return 0;
	}
	fake_log_vectors(kind.name, request);
	fake_check_fds(request);
	ck_assert_msg(!kind.others_on, "%s while another kind is on", kind.name);
	if (end > kind.count)
		return -EINVAL;
	if (*kind.on && end > *kind.on && !kind.resizable)
		return -EINVAL;
	if (end > kind.grant)
		return *kind.on || !kind.grant ? -ENOSPC : (int)kind.grant;
	for (unsigned int i = *kind.on; i < end; i++)
		kind.fds[i] = -1;
	memcpy(&kind.fds[request->start], request->fds, request->count * sizeof(int));
	fake_switch_vectors(&kind, end > *kind.on ? end : *kind.on);
	return 0;
}

static int fake_set_event(const char *name, int *fd, const struct vfio_irq_request *request)
{
	calls_add("irqs %s %s", name, request->fds ? "on" : "off");
	if (request->fds)
		fake_check_fds(request);
	*fd = request->fds ? request->fds[0] : -1;
	return 0;
}

static int fake_set_irqs(struct vfio_device *device, const struct vfio_irq_request *request)
{
	struct fake_device *fake = fake_of(device);
	int ret = fake_fails(fake, "set_irqs");

	if (ret)
		return ret;
	/* Switching off succeeds on a dead device, because it is the host's own bookkeeping. */
	if (fake->death != FAKE_ALIVE && request->fds)
		return -EIO;
	if (request->index == VFIO_PCI_INTX_IRQ_INDEX)
		return fake_set_intx(fake, request);
	if (request->index == VFIO_PCI_MSIX_IRQ_INDEX)
		return fake_set_vectors(fake_msix(fake), request);
	if (request->index == VFIO_PCI_MSI_IRQ_INDEX)
		return fake_set_vectors(fake_msi(fake), request);
	if (request->index == VFIO_PCI_ERR_IRQ_INDEX && fake->notifies)
		return fake_set_event("error", &fake->error_fd, request);
	if (request->index == VFIO_PCI_REQ_IRQ_INDEX && fake->notifies)
		return fake_set_event("request", &fake->request_fd, request);
	return -EINVAL;
}

static int fake_reset(struct vfio_device *device)
{
	struct fake_device *fake = fake_of(device);
	int ret = fake_fails(fake, "reset");
	uint16_t power = fake->pm_cap ? fake_config_word(fake, fake->pm_cap + PCI_PM_CTRL) & 3 : 0;

	if (ret)
		return ret;
	calls_add("reset in D%u, command %#x", power, fake_config_word(fake, PCI_COMMAND));
	return fake->death == FAKE_BROKEN ? -EIO : 0;
}

static int fake_reset_reach(struct vfio_device *device, struct vfio_reach *reach)
{
	struct fake_device *fake = fake_of(device);

	*reach = fake->reach;
	if (!reach->count)
		*reach = (struct vfio_reach){ 1, { { 0, 1, 0, true, 1 } } };
	return fake_fails(fake, "reset_reach");
}

static int fake_hot_reset(struct vfio_device *device, const struct vfio_reach *reach)
{
	for (unsigned int i = 0; i < reach->count; i++)
		ck_assert_msg(reach->list[i].ours, "hot_reset of somebody else's function");
	calls_add("hot_reset");
	return fake_fails(fake_of(device), "hot_reset");
}

/* ---- accesses ---- */

static bool fake_overlaps(uint64_t a, uint64_t a_size, uint64_t b, uint64_t b_size)
{
	return a < b + b_size && b < a + a_size;
}

static void fake_check_table(struct fake_device *fake, unsigned int bar, uint64_t offset,
			     size_t size)
{
	uint32_t table, pba;

	if (!fake->msix_cap)
		return;
	memcpy(&table, &fake->config[fake->msix_cap + PCI_MSIX_TABLE], 4);
	memcpy(&pba, &fake->config[fake->msix_cap + PCI_MSIX_PBA], 4);
	if (bar == (table & 7) && fake_overlaps(offset, size, table & ~7u, fake->vectors * 16))
		fake->table_touched++;
	if (bar == (pba & 7) &&
	    fake_overlaps(offset, size, pba & ~7u, (fake->vectors + 63) / 64 * 8))
		fake->table_touched++;
}

static bool fake_decodes(const struct fake_device *fake, unsigned int bar)
{
	uint16_t command = fake_config_word(fake, PCI_COMMAND);

	if (fake->pm_cap && (fake_config_word(fake, fake->pm_cap + PCI_PM_CTRL) & 3) == 3)
		return false;
	return command & (fake->bars[bar].flags & PCI_BASE_ADDRESS_SPACE_IO ? PCI_COMMAND_IO
									    : PCI_COMMAND_MEMORY);
}

/*
 * What region_read and region_write have in common. Returns more than 0 if there is nothing left
 * to do.
 */
static int fake_access(struct fake_device *fake, const struct vfio_region *region, uint64_t offset,
		       size_t size)
{
	if (fake->death == FAKE_BROKEN)
		return -EIO;
	if (size > region->size || offset > region->size - size)
		return -EINVAL;
	if (region->index >= FAKE_BARS)
		return 0;
	if (region->index != VFIO_PCI_ROM_REGION_INDEX && size != 1 && size != 2 && size != 4 &&
	    size != 8)
		ck_abort_msg("BAR access of %zu bytes", size);
	fake->accesses++;
	fake_check_table(fake, region->index, offset, size);
	return fake_decodes(fake, region->index) ? 0 : -EIO;
}

static int fake_region_read(struct vfio_device *device, const struct vfio_region *region,
			    uint64_t offset, void *data, size_t size)
{
	struct fake_device *fake = fake_of(device);
	int ret = fake_fails(fake, "region_read");

	if (ret == 0)
		ret = fake_access(fake, region, offset, size);
	if (ret < 0)
		return ret;
	if (fake->death == FAKE_GONE)
		memset(data, 0xff, size);
	else if (region->index >= FAKE_BARS)
		memcpy(data, &fake->config[offset], size);
	else if (pread(fake->bars[region->index].fd, data, size, (off_t)offset) != (ssize_t)size)
		return -EIO;
	return (int)size;
}

static void fake_write_config(struct fake_device *fake, uint64_t offset, const void *data,
			      size_t size)
{
	const uint8_t *state = &fake->config[fake->pm_cap + PCI_PM_CTRL];
	bool slept = fake->pm_restores && (*state & PCI_PM_CTRL_STATE_MASK);

	if (!slept)
		fake->pm_command = fake_config_word(fake, PCI_COMMAND);
	memcpy(&fake->config[offset], data, size);
	if (slept && !(*state & PCI_PM_CTRL_STATE_MASK))
		memcpy(&fake->config[PCI_COMMAND], &fake->pm_command, 2);
	if (fake->pm_stuck)
		fake->config[fake->pm_cap + PCI_PM_CTRL] = fake->pm_stuck;
}

static int fake_region_write(struct vfio_device *device, const struct vfio_region *region,
			     uint64_t offset, const void *data, size_t size)
{
	struct fake_device *fake = fake_of(device);
	int ret = fake_fails(fake, "region_write");
	uint64_t value = 0;

	memcpy(&value, data, size);
	if (region->index >= FAKE_BARS)
		calls_add("config %#" PRIx64 ".%zu=%#" PRIx64, offset, size, value);
	else
		calls_add("bar%u %#" PRIx64 ".%zu=%#" PRIx64, region->index, offset, size, value);
	if (ret == 0)
		ret = fake_access(fake, region, offset, size);
	if (ret < 0)
		return ret;
	if (fake->death == FAKE_ALIVE && region->index >= FAKE_BARS)
		fake_write_config(fake, offset, data, size);
	else if (fake->death == FAKE_ALIVE &&
		 pwrite(fake->bars[region->index].fd, data, size, (off_t)offset) != (ssize_t)size)
		return -EIO;
	return (int)size;
}

const struct vfio_backend fake_backend = {
	.name = "fake",
	.space_open = fake_space_open,
	.space_close = fake_space_close,
	.hurry = fake_hurry,
	.is_stalled = fake_is_stalled,
	.iova_ranges = fake_iova_ranges,
	.dma_map = fake_dma_map,
	.dma_unmap = fake_dma_unmap,
	.dev_open = fake_dev_open,
	.dev_close = fake_dev_close,
	.dev_release = fake_dev_release,
	.get_info = fake_get_info,
	.get_region = fake_get_region,
	.get_irq = fake_get_irq,
	.set_irqs = fake_set_irqs,
	.reset = fake_reset,
	.reset_reach = fake_reset_reach,
	.hot_reset = fake_hot_reset,
	.region_read = fake_region_read,
	.region_write = fake_region_write,
};
