/* SPDX-License-Identifier: MIT */
#include "host_acs.h"

#include <stdio.h>
#include <string.h>

#include "vfio/host/look/host_pci.h"
#include "vfio/host/look/host_sysfs.h"

enum acs_verdict {
	ACS_APART,        /* keeps what is below it apart */
	ACS_LACKS,        /* forwards from one device below it to another */
	ACS_CONVENTIONAL, /* behind it devices are not told apart at all */
	ACS_HIDDEN,       /* only root sees it */
};

static enum acs_verdict acs_look_at(const char *bridge)
{
	struct host_pci_config config;
	unsigned int cap, type;

	host_read_config(bridge, &config);
	if (config.size <= PCI_STD_HEADER_SIZEOF)
		return ACS_HIDDEN;
	cap = host_find_capability(&config, PCI_CAP_ID_EXP);
	if (!cap)
		return ACS_CONVENTIONAL;
	type = (host_config_word(&config, cap + PCI_EXP_FLAGS) & PCI_EXP_FLAGS_TYPE) >> 4;
	if (type == PCI_EXP_TYPE_PCI_BRIDGE)
		return ACS_CONVENTIONAL;
	if (type != PCI_EXP_TYPE_ROOT_PORT && type != PCI_EXP_TYPE_DOWNSTREAM)
		return ACS_APART; /* an upstream port has nothing beside it */
	return host_find_extended(&config, PCI_EXT_CAP_ID_ACS) ? ACS_APART : ACS_LACKS;
}

/* The bridge that a device is behind: the folder that its own lies in. False on a root bus. */
static bool acs_parent(struct host_path *path, char bdf[HOST_BDF_MAX])
{
	char *last = strrchr(path->text, '/');

	if (!last)
		return false;
	*last = '\0';
	last = strrchr(path->text, '/');
	return last && host_parse_bdf(last + 1, bdf) == 0;
}

void host_explain_group(const char *bdf, char why[HOST_ACS_TEXT_MAX])
{
	static const char *const words[] = {
		[ACS_LACKS] = "the port %s above them lacks ACS, so they could reach each other",
		[ACS_CONVENTIONAL] = "behind %s, a bridge to conventional PCI, they look like one",
		[ACS_HIDDEN] = "run as root to see which port above them, %s or another, lacks ACS",
	};
	struct host_path link = host_device_path(bdf, "");
	struct host_path path = host_real_path(&link);
	char bridge[HOST_BDF_MAX];

	while (acs_parent(&path, bridge)) {
		enum acs_verdict verdict = acs_look_at(bridge);

		if (verdict == ACS_APART)
			continue;
		snprintf(why, HOST_ACS_TEXT_MAX, words[verdict], bridge);
		return;
	}
	snprintf(why, HOST_ACS_TEXT_MAX,
		 "the functions of one chip, or of a root complex without ACS");
}
