/* SPDX-License-Identifier: MIT */
#include "user_devices.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/trace/log.h"

int user_devices_prepare(struct user_devices *devices, const struct config *config,
			 const struct thread_guard *guard)
{
	int ret = 0;

	for (unsigned int i = 0; i < config->user_count && ret == 0; i++)
		if (!config->users[i].path)
			ret = demo_start(&devices->demo, guard);
	return ret;
}

/* The server of `--vfio demo` is already connected; others are found by their sockets. */
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

static const char *user_devices_name(const struct options_user *user)
{
	return user->path ? user->path : "demo";
}

/* RAM is mapped as soon as there is a device, because the next access could switch it on. */
static int user_devices_open_one(struct user_devices *devices, struct user_entry *entry,
				 const struct options_user *user, struct vm *vm)
{
	const struct vfio_device_request request = {
		.name = user_devices_name(user), .group = -1, .cdev = -1, .fd = -1
	};
	struct vfio_space *space = &entry->space;
	int ret;

	*entry = (struct user_entry){
		.space = { .backend = devices->backend,
			   .guard = vm->guard,
			   .opener = devices->opener,
			   .resets_lock = PTHREAD_MUTEX_INITIALIZER },
		.id = user->vfio.id,
	};
	ret = user_devices_connect(devices, space, user->path);
	if (ret == 0)
		ret = vfio_pci_new(vm, space, &request, &user->vfio, &entry->pci);
	return ret < 0 ? ret : vfio_dma_start(&entry->dma, space, &vm->memory, false);
}

static int user_devices_plug(struct user_entry *entry, const struct options_user *user,
			     struct pci_host *host, struct slots *slots)
{
	const struct vfio_device_options *options = &user->vfio;
	struct pci_function *function = &entry->pci->function;
	const char *id = options->id ? options->id : user_devices_name(user);
	const struct slot_wish wish = { .id = id, .bus = options->bus };
	int ret;

	function->boot_place = user->place;
	if (options->port != VFIO_PORT_ON)
		return options->has_devfn ? pci_host_add_at(host, function, options->devfn)
					  : pci_host_add(host, function);
	ret = slots_take(slots, &wish, &entry->slot);
	if (ret < 0)
		return ret;
	pci_root_port_plug(entry->slot->port, function, 0);
	pci_root_port_show(entry->slot->port, false);
	return 0;
}

int user_devices_open(struct user_devices *devices, const struct config *config,
		      struct pci_host *host, struct slots *slots)
{
	int ret = 0;

	devices->backend = &vfio_backend_user;
	if (trace_faults_ask(&config->trace.faults, TRACE_FAULT_CONFIG))
		devices->backend = backend_fault_wrap(&devices->fault, devices->backend);
	for (unsigned int i = 0; i < config->user_count && ret == 0; i++) {
		struct user_entry *entry = &devices->list[devices->count++];

		ret = user_devices_open_one(devices, entry, &config->users[i], host->vm);
		if (ret == 0)
			ret = user_devices_plug(entry, &config->users[i], host, slots);
	}
	return ret;
}

int user_devices_power_on(struct user_devices *devices)
{
	int ret = 0;

	for (unsigned int i = 0; i < devices->count && ret == 0; i++)
		if (devices->list[i].pci)
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

bool user_devices_are_stalled(const struct user_devices *devices)
{
	for (unsigned int i = 0; i < devices->count; i++) {
		const struct user_entry *entry = &devices->list[i];

		if (entry->space.priv &&
		    entry->space.backend->is_stalled((struct vfio_space *)&entry->space))
			return true;
	}
	return false;
}

void user_devices_stop(struct user_devices *devices)
{
	for (unsigned int i = 0; i < devices->count; i++) {
		struct vfio_pci *pci = devices->list[i].pci;

		if (pci)
			vfio_pci_quiesce(pci);
		if (pci && !pci->function.bus)
			vfio_pci_free(pci); /* the bus frees what is on it */
		vfio_dma_stop(&devices->list[i].dma);
	}
}

void user_devices_close(struct user_devices *devices)
{
	while (devices->count) {
		struct user_entry *entry = &devices->list[--devices->count];

		if (entry->space.backend)
			entry->space.backend->space_close(&entry->space);
		free(entry->text);
	}
	demo_stop(&devices->demo);
}

/* ---- while the guest runs ---- */

static void user_devices_close_one(struct user_entry *entry)
{
	vfio_dma_stop(&entry->dma);
	vfio_pci_free(entry->pci);
	entry->space.backend->space_close(&entry->space);
	free(entry->text);
	*entry = (struct user_entry){ 0 };
}

static struct user_entry *user_devices_free_place(struct user_devices *devices)
{
	for (unsigned int i = 0; i < OPTIONS_USERS_MAX; i++)
		if (!devices->list[i].pci) {
			if (i == devices->count)
				devices->count++;
			return &devices->list[i];
		}
	return NULL;
}

/* A server has one client: a second would wait for it in vain. */
static int user_devices_check_new(const struct user_devices *devices, const char *path)
{
	for (unsigned int i = 0; i < devices->count; i++)
		if (devices->list[i].pci &&
		    strcmp(devices->list[i].pci->function.name, path) == 0) {
			log_error(path, "the guest has this device already");
			return -EEXIST;
		}
	return 0;
}

int user_devices_add(struct user_devices *devices, const struct options_user *user, char *text,
		     struct vm *vm, struct slot *slot, struct vfio_pci **result)
{
	struct user_entry *entry = user_devices_free_place(devices);
	struct options_user below_port = *user;
	int ret;

	if (!entry)
		return log_errno(user->path, -ENOSPC, "add more than %d devices",
				 OPTIONS_USERS_MAX);
	below_port.vfio.port = VFIO_PORT_ON;
	ret = user_devices_check_new(devices, user->path);
	if (ret < 0)
		return ret;
	ret = user_devices_open_one(devices, entry, &below_port, vm);
	if (ret < 0) {
		user_devices_close_one(entry);
		return ret;
	}
	entry->slot = slot;
	entry->text = text;
	*result = entry->pci;
	return 0;
}

void user_devices_remove(struct user_devices *devices, const struct slot *slot,
			 const struct vfio_pci *only)
{
	for (unsigned int i = 0; i < devices->count; i++)
		if (devices->list[i].pci && devices->list[i].slot == slot &&
		    (!only || devices->list[i].pci == only))
			user_devices_close_one(&devices->list[i]);
}
