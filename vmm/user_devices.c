/* SPDX-License-Identifier: MIT */
#include "user_devices.h"

int user_devices_prepare(struct user_devices *devices, const struct config *config)
{
	int ret = 0;

	for (unsigned int i = 0; i < config->user_count && ret == 0; i++)
		if (!config->users[i].path)
			ret = demo_start(&devices->demo);
	return ret;
}

/* The server of `--vfio demo` is connected already; others are found by their sockets. */
static int user_devices_connect(struct user_devices *devices, struct vfio_space *space,
				const char *path)
{
	struct vfio_space_request request = { .path = path, .fd = -1 };

	if (!path) {
		request = (struct vfio_space_request){ "demo", devices->demo.socket };
		devices->demo.socket = -1;
	}
	return space->backend->space_open(space, &request);
}

/* The RAM is mapped as soon as there is a device: it could be switched on by the next access. */
static int user_devices_add(struct user_devices *devices, const struct options_user *user,
			    const struct vfio_backend *backend, struct pci_host *host)
{
	const struct vfio_device_request request = {
		.name = user->path ? user->path : "demo", .group = -1, .cdev = -1, .fd = -1
	};
	unsigned int i = devices->count++;
	struct vfio_space *space = &devices->list[i].space;
	struct vfio_pci *pci = NULL;
	int ret;

	*space = (struct vfio_space){ .backend = backend };
	ret = user_devices_connect(devices, space, user->path);
	if (ret < 0)
		return ret;
	ret = vfio_pci_new(host->vm, space, &request, &user->vfio, &pci);
	if (ret < 0)
		return ret;
	ret = pci_host_add(host, &pci->function);
	if (ret < 0) {
		vfio_pci_free(pci);
		return ret;
	}
	devices->list[i].pci = pci;
	return vfio_dma_start(&devices->list[i].dma, space, &host->vm->memory, false);
}

int user_devices_open(struct user_devices *devices, const struct config *config,
		      struct pci_host *host)
{
	const struct vfio_backend *backend = &vfio_backend_user;
	int ret = 0;

	if (trace_faults_ask(&config->trace.faults, TRACE_FAULT_CONFIG))
		backend = backend_fault_wrap(&devices->fault, backend);
	for (unsigned int i = 0; i < config->user_count && ret == 0; i++)
		ret = user_devices_add(devices, &config->users[i], backend, host);
	return ret;
}

int user_devices_power_on(struct user_devices *devices)
{
	int ret = 0;

	for (unsigned int i = 0; i < devices->count && ret == 0; i++)
		ret = vfio_pci_power_on(devices->list[i].pci);
	return ret;
}

void user_devices_hurry(struct user_devices *devices)
{
	for (unsigned int i = 0; i < devices->count; i++) {
		struct vfio_space *space = &devices->list[i].space;

		if (space->priv)
			space->backend->hurry(space);
	}
}

void user_devices_stop(struct user_devices *devices)
{
	for (unsigned int i = 0; i < devices->count; i++) {
		if (devices->list[i].pci)
			vfio_pci_quiesce(devices->list[i].pci);
		vfio_dma_stop(&devices->list[i].dma);
	}
}

void user_devices_close(struct user_devices *devices)
{
	while (devices->count) {
		struct vfio_space *space = &devices->list[--devices->count].space;

		space->backend->space_close(space);
	}
	demo_stop(&devices->demo);
}
