/* SPDX-License-Identifier: MIT */
#include "host_devices.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bind_keeper.h"
#include "device_opener.h"
#include "devices/pci_windows.h"
#include "vfio/host/check/host_memlock.h"
#include "vfio/host/look/host_pages.h"
#include "vmm/trace/log.h"
#include "vmm/trace/trace.h"

/* Check that a file that the user opened belongs to the device that the user named. */
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
	devices->access = access;
	devices->space.backend = backend;
}

/*
 * Find device `i` of the options. All devices are opened by groups, or all by iommufd. If the user
 * has not chosen, the first device decides. *access is the choice so far, and afterwards.
 */
static int host_devices_find_one(struct host_devices *devices, unsigned int i, const char *bdf,
				 const struct host_demand *demand, enum host_access *access)
{
	const struct vfio_device_options *options = &devices->options[i];
	struct host_demand one = *demand;
	int ret = options->has_fd ? host_devices_check_file(bdf, options->fd) : 0;

	one.access = *access;
	one.device_given |= options->has_fd;
	return ret < 0 ? ret
		       : device_opener_find(devices->finder, bdf, &one, &devices->found[i], access);
}

int host_devices_find(struct host_devices *devices, const struct config *config,
		      const struct host_demand *demand)
{
	enum host_access access = demand->access;
	int ret = 0;

	pthread_mutex_init(&devices->space.resets_lock, NULL);
	devices->count = config->device_count;
	memcpy(devices->options, config->vfio, sizeof(config->vfio));
	for (unsigned int i = 0; i < devices->count && ret == 0; i++)
		ret = host_devices_find_one(devices, i, config->devices[i], demand, &access);
	host_devices_choose_backend(devices, config, access);
	return ret;
}

/* Tell the host bridge the IOMMU's ranges, so that BARs lie where other devices can reach them. */
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

/* DMA can be mapped once the space has its first device. */
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
	if (devices->dma.no_memory && !devices->finder)
		host_explain_memlock(memory_ram_size(memory));
	trace_phase("open devices");
	devices->ready = ret == 0;
	return ret;
}

static int host_devices_open_space(struct host_devices *devices, const struct config *config)
{
	const struct vfio_space_request request = {
		.fd = config->has_iommufd_fd ? config->iommufd_fd : -1,
	};
	/* A confined machine has raised it as far as it could: the finder says if it is too low. */
	int ret = devices->finder ? 0 : host_raise_memlock(config->memory);

	return ret < 0 ? ret : devices->space.backend->space_open(&devices->space, &request);
}

/*
 * Open a device, with the first one also the space, and map RAM for it. The device is not on a bus
 * yet.
 */
static int host_devices_open_one(struct host_devices *devices, const struct config *config,
				 unsigned int i, struct pci_host *host, struct ram *ram)
{
	const struct vfio_device_options *options = &devices->options[i];
	const struct host_device *found = &devices->found[i];
	const struct vfio_device_request request = {
		.name = found->bdf,
		.group = found->group,
		.cdev = found->cdev,
		.fd = options->has_fd ? options->fd : -1,
		.vf_token = options->vf_token,
	};
	int ret = devices->ready ? 0 : host_devices_open_space(devices, config);

	if (ret == 0)
		ret = vfio_pci_new(host->vm, &devices->space, &request, options, &devices->list[i]);
	if (ret == 0)
		ret = devices->ready ? vfio_dma_recheck(&devices->dma)
				     : host_devices_start_dma(devices, host, ram);
	return ret;
}

int host_devices_open(struct host_devices *devices, const struct config *config,
		      struct pci_host *host, struct ram *ram)
{
	int ret = 0;

	for (unsigned int i = 0; i < devices->count && ret == 0; i++)
		ret = host_devices_open_one(devices, config, i, host, ram);
	if (ret == 0 && devices->count)
		host_devices_set_reach(devices, host);
	return ret;
}

const char *host_devices_name(const struct host_devices *devices, unsigned int i)
{
	if (devices->ids[i])
		return devices->ids[i];
	return devices->options[i].id ? devices->options[i].id : devices->found[i].bdf;
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
		if (devices->list[i])
			vfio_pci_power_off(devices->list[i]);
}

int host_devices_power_on(struct host_devices *devices)
{
	int ret = 0;

	for (unsigned int i = 0; i < devices->count && ret == 0; i++)
		if (devices->list[i])
			ret = vfio_pci_power_on(devices->list[i]);
	return ret;
}

void host_devices_stop(struct host_devices *devices)
{
	for (unsigned int i = 0; i < devices->count; i++) {
		if (!devices->list[i])
			continue;
		vfio_pci_quiesce(devices->list[i]);
		if (!devices->list[i]->function.bus)
			vfio_pci_free(devices->list[i]); /* the bus frees what is on it */
	}
	vfio_dma_stop(&devices->dma);
}

void host_devices_close(struct host_devices *devices)
{
	if (devices->space.backend)
		devices->space.backend->space_close(&devices->space);
	for (unsigned int i = 0; i < devices->count; i++) {
		free(devices->texts[i]);
		free(devices->ids[i]);
	}
}

/* ---- while the guest runs ---- */

static unsigned int host_devices_free_place(const struct host_devices *devices)
{
	unsigned int i = 0;

	while (i < devices->count && devices->list[i])
		i++;
	return i;
}

/* Whether any device is left, or one of this IOMMU group. */
static bool host_devices_has(const struct host_devices *devices, int group)
{
	for (unsigned int i = 0; i < devices->count; i++)
		if (devices->list[i] && (group < 0 || devices->found[i].group == group))
			return true;
	return false;
}

/* Close the space; the next device opens another one. */
static void host_devices_end_space(struct host_devices *devices)
{
	vfio_dma_stop(&devices->dma);
	devices->space.backend->space_close(&devices->space);
	devices->ready = false;
}

/*
 * Close a device. With the last device of a group, the group goes back to its drivers, unless
 * `keeper` is NULL.
 */
static void host_devices_close_one(struct host_devices *devices, unsigned int i,
				   struct bind_keeper *keeper)
{
	struct vfio_pci *pci = devices->list[i];
	int group = devices->found[i].group;
	bool last;

	devices->list[i] = NULL;
	devices->slots[i] = NULL;
	last = !host_devices_has(devices, group);
	if (pci)
		vfio_pci_give_up(pci, last);
	free(devices->texts[i]);
	free(devices->ids[i]);
	devices->texts[i] = devices->ids[i] = NULL;
	if (!host_devices_has(devices, -1))
		host_devices_end_space(devices);
	if (last && keeper)
		bind_keeper_release(keeper, group);
}

/* The guest's own use of a group must not count as another's. */
static void host_devices_list_groups(const struct host_devices *devices, struct host_demand *demand)
{
	demand->group_count = 0;
	for (unsigned int i = 0; i < devices->count; i++)
		if (devices->list[i] && demand->group_count < HOST_DEMAND_GROUPS)
			demand->groups[demand->group_count++] = devices->found[i].group;
}

/*
 * Open the device in the same way as the present ones, or, if there is none, as the device needs
 * it.
 */
static int host_devices_find_hot(struct host_devices *devices, const struct host_addition *add,
				 unsigned int i, const struct host_demand *demand)
{
	enum host_access access = add->one->access;
	struct host_demand hot = *demand;
	enum host_access there = devices->space.backend == &vfio_backend_iommufd
					 ? HOST_ACCESS_IOMMUFD
					 : HOST_ACCESS_GROUP;
	int ret;

	if (devices->ready && access != HOST_ACCESS_ANY && access != there) {
		log_error(add->one->devices[0],
			  "iommufd=%s, but the guest's other devices are opened the other way: all "
			  "devices of a guest share one DMA address space",
			  access == HOST_ACCESS_GROUP ? "off" : "on");
		return -EINVAL;
	}
	if (devices->ready)
		access = there;
	host_devices_list_groups(devices, &hot);
	ret = host_devices_find_one(devices, i, add->one->devices[0], &hot, &access);
	if (ret == 0 && !devices->ready)
		host_devices_choose_backend(devices, add->config, access);
	return ret;
}

static int host_devices_check_new(const struct host_devices *devices, const char *bdf)
{
	for (unsigned int i = 0; i < devices->count; i++)
		if (devices->list[i] && strcmp(devices->found[i].bdf, bdf) == 0) {
			log_error(bdf, "the guest has this device already, as %s",
				  host_devices_name(devices, i));
			return -EEXIST;
		}
	return 0;
}

int host_devices_add(struct host_devices *devices, const struct host_addition *add,
		     const struct host_demand *demand, struct vfio_pci **result)
{
	unsigned int i = host_devices_free_place(devices);
	int ret = 0;

	if (i == OPTIONS_DEVICES_MAX)
		return log_errno(add->one->devices[0], -ENOSPC, "add more than %u devices", i);
	ret = host_devices_check_new(devices, add->one->devices[0]);
	if (ret == 0 && add->config->keeper)
		ret = bind_keeper_hold(add->config->keeper, add->one->devices[0]);
	if (ret < 0)
		return ret;
	devices->options[i] = add->one->vfio[0];
	devices->options[i].port = VFIO_PORT_ON;
	if (i == devices->count)
		devices->count++;
	ret = host_devices_find_hot(devices, add, i, demand);
	if (ret == 0)
		ret = host_devices_open_one(devices, add->config, i, add->host, add->ram);
	if (ret < 0) {
		host_devices_close_one(devices, i, add->config->keeper);
		return ret;
	}
	devices->texts[i] = add->text;
	devices->ids[i] = strdup(add->id); /* without memory the address stands for it */
	devices->slots[i] = add->slot;
	*result = devices->list[i];
	return 0;
}

void host_devices_remove(struct host_devices *devices, const struct slot *slot,
			 const struct vfio_pci *only, struct bind_keeper *keeper)
{
	for (unsigned int i = 0; i < devices->count; i++)
		if (devices->list[i] && devices->slots[i] == slot &&
		    (!only || devices->list[i] == only))
			host_devices_close_one(devices, i, keeper);
}
