/* SPDX-License-Identifier: MIT */
#include "vfio_error.h"

#include "devices/pci_root_port.h"
#include "vmm/trace/log.h"

static const char error_no_registers[] =
	"on-error=guest: the device has no AER capability, in which a guest could read its errors";

static unsigned int error_cap(const struct vfio_config *config)
{
	return vfio_config_find_cap(config, true, PCI_EXT_CAP_ID_ERR);
}

void vfio_error_check(const struct vfio_config *config)
{
	if (!error_cap(config))
		log_warn(config->device->name, "%s; one stops the guest", error_no_registers);
}

static uint32_t error_get(struct vfio_config *config, unsigned int reg)
{
	uint32_t value = 0;

	return vfio_config_get(config, error_cap(config) + reg, 4, &value) < 0 ? 0 : value;
}

/*
 * A device that says nothing of an error is past it: its link was reset, or it is dead and reads
 * all-ones, which masks all. Then only a reset by the guest makes it usable, and a fatal error is
 * what guests answer with one, without asking the device first.
 */
static bool error_is_fatal(struct vfio_config *config)
{
	uint32_t found =
		error_get(config, PCI_ERR_UNCOR_STATUS) & ~error_get(config, PCI_ERR_UNCOR_MASK);

	return !found || (found & error_get(config, PCI_ERR_UNCOR_SEVER));
}

bool vfio_error_tell_guest(struct vfio_config *config, struct pci_function *function)
{
	const char *name = config->device->name;
	bool fatal;

	if (!error_cap(config)) {
		log_warn(name, "%s", error_no_registers);
		return false;
	}
	fatal = error_is_fatal(config);
	if (pci_root_port_report(function, fatal))
		return true;
	log_warn(name, "on-error=guest: the guest does not listen to %s errors of its root port",
		 fatal ? "fatal" : "non-fatal");
	return false;
}
