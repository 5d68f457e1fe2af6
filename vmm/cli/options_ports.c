/* SPDX-License-Identifier: MIT */
#include "options_ports.h"

#include <errno.h>

#include "vmm/trace/log.h"

int options_check_ports(const struct config *config)
{
	for (unsigned int i = 0; i < config->device_count; i++) {
		const struct vfio_device_options *vfio = &config->vfio[i];

		if (!vfio->errors_to_guest || vfio->port == VFIO_PORT_ON)
			continue;
		log_error("--vfio",
			  "%s: on-error=guest: only a root port can tell the guest: add port=on",
			  config->devices[i]);
		return -EINVAL;
	}
	return 0;
}
