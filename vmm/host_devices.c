/* SPDX-License-Identifier: MIT */
#include "host_devices.h"

#include <errno.h>
#include <linux/pci.h>
#include <string.h>

#include "devices/pci_windows.h"
#include "vfio/host/check/host_memlock.h"
#include "vfio/host/look/host_pages.h"
#include "vmm/trace/log.h"
#include "vmm/trace/trace.h"

/* A file that the user opened for us is of the device that he means. */
static int host_devices_check_file(const char *bdf, int fd)
{
	char of[HOST_BDF_MAX];
	int ret = host_find_bdf(fd, of);

	if (ret == 0 && strcmp(of, bdf) == 0)
		return 0;
	if (ret == 0)
		log_error(bdf, "fd=%d is open, but it is %s", fd, of);
	else if (ret == -EINVAL)
		log_error(bdf, "fd=%d: not a file of /dev/vfio/devices", fd);
	else
		log_errno(bdf, ret, "fd=%d", fd);
	return ret < 0 ? ret : -EINVAL;
}

static void host_devices_choose_backend(struct host_devices *devices, const struct config *config,
					enum host_access access)
{
	const struct vfio_backend *backend =
		access == HOST_ACCESS_IOMMUFD ? &vfio_backend_iommufd : &vfio_backend_group;

	if (trace_faults_ask(&config->trace.faults, TRACE_FAULT_CONFIG))
		backend = backend_fault_wrap(&devices->fault, backend);
	devices->space.backend = backend;
}

/* By groups or by iommufd, and all alike: where the user does not mind, as the first needs it. */
int host_devices_find(struct host_devices *devices, const struct config *config,
		      const struct host_demand *demand)
{
	struct host_demand chosen = *demand;
	int ret = 0;

	devices->count = config->device_count;
	for (unsigned int i = 0; i < devices->count && ret == 0; i++) {
		const struct vfio_device_options *options = &config->vfio[i];
		struct host_demand one = chosen;

		if (options->has_fd) {
			ret = host_devices_check_file(config->devices[i], options->fd);
			one.device_given = true;
		}
		if (ret == 0)
			ret = host_check_device(config->devices[i], &one, &devices->found[i]);
		if (ret == 0)
			chosen.access = host_choose_access(&devices->found[i], chosen.access);
	}
	host_devices_choose_backend(devices, config, chosen.access);
	return ret;
}

/* BARs shall lie where devices reach each other's. */
static void host_devices_set_reach(struct host_devices *devices, struct pci_host *host)
{
	unsigned int count = devices->dma.range_count;

	for (unsigned int i = 0; i < count; i++) {
		const struct vfio_range *range = &devices->dma.ranges[i];
		uint64_t size = range->last - range->first;

		devices->reach[i].base = range->first;
		devices->reach[i].size = size == UINT64_MAX ? size : size + 1;
	}
	pci_windows_set_reach(host, devices->reach, count);
}

static int host_devices_start_dma(struct host_devices *devices, struct pci_host *host,
				  struct ram *ram)
{
	struct memory *memory = &host->vm->memory;
	int ret;

	trace_phase("wait for RAM");
	ret = ram_wait(ram);
	trace_phase("map RAM for DMA");
	if (ret == 0)
		ret = vfio_dma_start(&devices->dma, &devices->space, memory, devices->count > 1);
	if (ret == -ENOMEM)
		host_explain_memlock(memory_ram_size(memory));
	trace_phase("open devices");
	return ret;
}

static unsigned int host_devices_function(const struct host_devices *devices, unsigned int i)
{
	const char *bdf = devices->found[i].bdf;

	return (unsigned int)(bdf[strlen(bdf) - 1] - '0');
}

/* Whether two are functions of one slot of the host: all but the last digit is the same. */
static bool host_devices_same_slot(const struct host_devices *devices, unsigned int a,
				   unsigned int b)
{
	const char *bdf = devices->found[a].bdf;

	return strncmp(bdf, devices->found[b].bdf, strlen(bdf) - 1) == 0;
}

/*
 * Functions of one slot stay together when all of them are passed through: their drivers may expect
 * it. Otherwise each is a device by itself. Where the user says a place, it is there.
 */
static int host_devices_plug(const struct host_devices *devices, unsigned int i,
			     const struct vfio_device_options *options, struct pci_host *host,
			     struct pci_function *function)
{
	unsigned int missing = host_slot_functions(devices->found[i].bdf);
	int slot = pci_host_free_slot(host);
	bool alone = !(missing & (missing - 1));

	for (unsigned int k = 0; k < devices->count; k++) {
		if (!host_devices_same_slot(devices, i, k))
			continue;
		missing &= ~(1u << host_devices_function(devices, k));
		if (k < i)
			slot = PCI_SLOT(devices->list[k]->function.devfn);
	}
	if (options->has_devfn)
		return pci_host_add_at(host, function, options->devfn);
	if (alone || missing || slot < 0)
		return pci_host_add(host, function);
	return pci_host_add_at(host, function, PCI_DEVFN(slot, host_devices_function(devices, i)));
}

static int host_devices_add(struct host_devices *devices, unsigned int i,
			    const struct vfio_device_options *options, struct pci_host *host)
{
	const struct host_device *found = &devices->found[i];
	const struct vfio_device_request request = {
		.name = found->bdf,
		.group = found->group,
		.cdev = found->cdev,
		.fd = options->has_fd ? options->fd : -1,
		.vf_token = options->vf_token,
	};
	struct vfio_pci *device;
	int ret;

	ret = vfio_pci_new(host->vm, &devices->space, &request, options, &device);
	if (ret < 0)
		return ret;
	ret = host_devices_plug(devices, i, options, host, &device->function);
	if (ret < 0) {
		vfio_pci_free(device);
		return ret;
	}
	devices->list[i] = device;
	return 0;
}

int host_devices_open(struct host_devices *devices, const struct config *config,
		      struct pci_host *host, struct ram *ram)
{
	const struct vfio_space_request request = {
		.fd = config->has_iommufd_fd ? config->iommufd_fd : -1,
	};
	int ret;

	if (devices->count == 0)
		return 0;
	ret = host_raise_memlock(config->memory);
	if (ret < 0)
		return ret;
	ret = devices->space.backend->space_open(&devices->space, &request);
	for (unsigned int i = 0; i < devices->count && ret == 0; i++) {
		ret = host_devices_add(devices, i, &config->vfio[i], host);
		if (ret == 0 && i > 0)
			ret = vfio_dma_recheck(&devices->dma);
		if (ret == 0 && i == 0)
			ret = host_devices_start_dma(devices, host, ram);
	}
	if (ret == 0)
		host_devices_set_reach(devices, host);
	return ret;
}

int host_devices_node(const struct host_devices *devices)
{
	for (unsigned int i = 0; i < devices->count; i++) {
		int node = host_read_device_node(devices->found[i].bdf);

		if (node >= 0)
			return node;
	}
	return -1;
}

void host_devices_power_off(struct host_devices *devices)
{
	for (unsigned int i = 0; i < devices->count; i++)
		vfio_pci_power_off(devices->list[i]);
}

int host_devices_power_on(struct host_devices *devices)
{
	int ret = 0;

	for (unsigned int i = 0; i < devices->count && ret == 0; i++)
		ret = vfio_pci_power_on(devices->list[i]);
	return ret;
}

void host_devices_stop(struct host_devices *devices)
{
	for (unsigned int i = 0; i < devices->count && devices->list[i]; i++)
		vfio_pci_quiesce(devices->list[i]);
	vfio_dma_stop(&devices->dma);
}

void host_devices_close(struct host_devices *devices)
{
	if (devices->space.backend)
		devices->space.backend->space_close(&devices->space);
}
