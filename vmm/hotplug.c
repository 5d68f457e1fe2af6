/* SPDX-License-Identifier: MIT */
#include "hotplug.h"

#include <errno.h>
#include <stddef.h>

#include "vmm/trace/log.h"

void hotplug_watch(struct machine *machine, const struct hotplug_watcher *watcher)
{
	(void)machine;
	(void)watcher;
}

/* No machine has a root port yet. */
int hotplug_add_vfio(struct machine *machine, const char *id, const char *text)
{
	(void)machine;
	log_error(id, "%s: no PCIe root port is free", text);
	return -ENOSPC;
}

int hotplug_add_socket(struct machine *machine, const char *id, const char *text)
{
	return hotplug_add_vfio(machine, id, text);
}

int hotplug_del(struct machine *machine, const char *id)
{
	(void)machine;
	log_error(id, "is behind no PCIe root port: it cannot be taken away");
	return -ENOTSUP;
}
