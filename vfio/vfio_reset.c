/* SPDX-License-Identifier: MIT */
#include "vfio_reset.h"

#include <errno.h>
#include <string.h>

#include "vmm/core/log.h"

/* By its class: for vendor and device ID the kernel answers itself, from memory. */
static int reset_check_alive(struct vfio_device *device, struct vfio_config *config)
{
	uint32_t class_revision = UINT32_MAX;
	int ret = vfio_config_get(config, PCI_CLASS_REVISION, 4, &class_revision);

	if (ret == 0 && class_revision != UINT32_MAX)
		return 0;
	log_error(device->name, "does not answer after its reset: all-ones");
	return -EIO;
}

/* To D0, where all registers answer. */
static void reset_wake(struct vfio_config *config, unsigned int pm_cap)
{
	uint32_t control;

	if (vfio_config_get(config, pm_cap + PCI_PM_CTRL, 2, &control) == 0 &&
	    (control & PCI_PM_CTRL_STATE_MASK))
		vfio_config_put(config, pm_cap + PCI_PM_CTRL, 2,
				control & ~(uint32_t)PCI_PM_CTRL_STATE_MASK);
}

int vfio_reset_device(struct vfio_device *device, uint32_t info_flags, struct vfio_config *config,
		      unsigned int pm_cap)
{
	int ret = -ENOTSUP;

	vfio_config_put(config, PCI_COMMAND, 2, 0);
	if (pm_cap)
		reset_wake(config, pm_cap);
	if (info_flags & VFIO_DEVICE_FLAGS_RESET)
		ret = device->backend->reset(device);
	if (ret < 0)
		ret = device->backend->hot_reset(device);
	if (ret < 0) {
		log_warn(device->name,
			 "cannot be reset (error %d): the guest finds it as it left it", -ret);
		return ret;
	}
	return reset_check_alive(device, config);
}
