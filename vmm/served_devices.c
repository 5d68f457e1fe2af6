/* SPDX-License-Identifier: MIT */
#include "served_devices.h"

#include <string.h>

#include "command_guest.h"
#include "base/unix_socket.h"
#include "user_namespace.h"
#include "devices/vhost_user.h"
#include "vmm/cli/options_served.h"
#include "vmm/trace/log.h"

/* The command runs all the same, with the little that it needs. */
static void served_explain_root(enum server_obstacle obstacle)
{
	const bool missing = obstacle == SERVER_NOT_INSTALLED;

	log_info("command", "without %s it sees no file of the host but its own libraries",
		 missing ? "virtiofsd" : "root or a user namespace");
	if (missing)
		log_fix(SERVER_PROCESS_GET_VIRTIOFSD);
	else
		user_namespace_log_fix();
}

static void served_add_root(struct served_devices *devices)
{
	static const struct options_served root = {
		.server = OPTIONS_SERVER_SHARE,
		.kind = VIRTIO_VHOST_FS,
		.path = "/",
		.tag = COMMAND_GUEST_ROOT,
		.readonly = true,
	};

	enum server_obstacle obstacle = server_process_find_obstacle(&root);

	devices->has_root = obstacle == SERVER_NO_OBSTACLE;
	if (devices->has_root)
		devices->list[devices->count++] = root;
	else
		served_explain_root(obstacle);
}

int served_devices_prepare(struct served_devices *devices, const struct config *config,
			   const struct sandbox *sandbox)
{
	int ret = 0;

	devices->count = config->served_count;
	memcpy(devices->list, config->served, sizeof(config->served));
	if (config->run)
		served_add_root(devices);
	for (unsigned int i = 0; i < devices->count && ret == 0; i++)
		if (devices->list[i].server != OPTIONS_SERVER_RUNS)
			ret = server_process_start(&devices->servers[i], &devices->list[i],
						   sandbox);
	return ret;
}

static int served_add(struct served_devices *devices, unsigned int i, struct pci_host *host)
{
	struct server_process *server = &devices->servers[i];
	const struct options_served *served = &devices->list[i];
	const struct virtio_vhost_options options = {
		.kind = served->kind,
		.name = served->path,
		.tag = served->kind == VIRTIO_VHOST_FS ? options_share_tag(served) : NULL,
		.boot_place = served->place,
		.lost = &server->lost,
	};
	int fd, ret;

	if (served->server == OPTIONS_SERVER_RUNS) {
		fd = unix_socket_connect(served->path, "vhost-user", VHOST_USER_TIMEOUT_MS);
		return fd < 0 ? fd : virtio_vhost_add(host, &options, fd, &devices->vhosts[i]);
	}
	fd = server->socket;
	server->socket = -1;
	ret = virtio_vhost_add(host, &options, fd, &devices->vhosts[i]);
	if (ret < 0) {
		server->lost = true;
		server_process_explain(server);
	}
	return ret;
}

int served_devices_open(struct served_devices *devices, struct pci_host *host)
{
	int ret = 0;

	for (unsigned int i = 0; i < devices->count && ret == 0; i++)
		ret = served_add(devices, i, host);
	return ret;
}

void served_devices_hurry(struct served_devices *devices)
{
	const struct timespec last = unix_socket_deadline(VHOST_USER_HURRY_MS);

	for (unsigned int i = 0; i < devices->count; i++)
		if (devices->vhosts[i])
			virtio_vhost_hurry(devices->vhosts[i], &last);
}

bool served_devices_are_stalled(const struct served_devices *devices)
{
	for (unsigned int i = 0; i < devices->count; i++)
		if (devices->vhosts[i] && virtio_vhost_is_stalled(devices->vhosts[i]))
			return true;
	return false;
}

void served_devices_close(struct served_devices *devices)
{
	while (devices->count)
		server_process_stop(&devices->servers[--devices->count]);
}
