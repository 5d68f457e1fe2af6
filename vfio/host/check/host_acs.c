/* SPDX-License-Identifier: MIT */
#include "host_acs.h"

#include <string.h>

#include "vfio/host/look/host_pci.h"
#include "vfio/host/look/host_sysfs.h"

/* What a bridge does to the devices below it; SHARING_COUNT if it keeps them apart. */
static enum host_sharing acs_look_at(const char *bridge)
{
	struct host_pci_config config;
	unsigned int cap, type;

	host_read_config(bridge, &config);
	if (config.size <= PCI_STD_HEADER_SIZEOF)
		return SHARING_UNSEEN;
	cap = host_find_capability(&config, PCI_CAP_ID_EXP);
	if (!cap)
		return SHARING_CONVENTIONAL;
	type = (host_config_word(&config, cap + PCI_EXP_FLAGS) & PCI_EXP_FLAGS_TYPE) >> 4;
	if (type == PCI_EXP_TYPE_PCI_BRIDGE)
		return SHARING_CONVENTIONAL;
	if (type != PCI_EXP_TYPE_ROOT_PORT && type != PCI_EXP_TYPE_DOWNSTREAM)
		return SHARING_COUNT; /* an upstream port has nothing beside it */
	return host_find_extended(&config, PCI_EXT_CAP_ID_ACS) ? SHARING_COUNT
							       : SHARING_WITHOUT_ACS;
}

/*
 * The bridge that a device is behind: the folder that contains the device's own. False on a root
 * bus.
 */
static bool acs_parent(struct host_path *path, char bdf[HOST_BDF_MAX])
{
	char *last = strrchr(path->text, '/');

	if (!last)
		return false;
	*last = '\0';
	last = strrchr(path->text, '/');
	return last && host_parse_bdf(last + 1, bdf) == 0;
}

enum host_sharing host_find_sharing(const char *bdf, char port[HOST_BDF_MAX])
{
	struct host_path link = host_device_path(bdf, "");
	struct host_path path = host_real_path(&link);

	while (acs_parent(&path, port)) {
		enum host_sharing sharing = acs_look_at(port);

		if (sharing != SHARING_COUNT)
			return sharing;
	}
	port[0] = '\0';
	return SHARING_ONE_CHIP;
}
