/* SPDX-License-Identifier: MIT */
/*
 * The configuration space of a fake device as a guest sees it, through vfio/vfio_config.c alone,
 * and walks along its lists of capabilities, as software does them.
 */
#ifndef MINIVMM_TESTS_CONFIG_VIEW_H
#define MINIVMM_TESTS_CONFIG_VIEW_H

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "call_log.h"
#include "fake_backend.h"
#include "vfio/vfio_config.h"

struct view {
	struct fake_device fake;
	struct vfio_device device;
	struct pci_function function;
	struct vfio_config config;
	bool below_port;
};

/* Change a device before it is looked at. */
static inline void view_begin(struct view *view)
{
	memset(view, 0, sizeof(*view));
	fake_init(&view->fake);
	view->device = (struct vfio_device){ .backend = &fake_backend,
					     .name = FAKE_BDF,
					     .priv = &view->fake };
	pci_function_init(&view->function, NULL, "function");
}

static inline int view_look(struct view *view)
{
	int ret = vfio_config_init(&view->config, &view->device, &view->function, view->below_port);

	calls_begin();
	return ret;
}

static inline uint32_t view_get(struct view *view, unsigned int offset, unsigned int size)
{
	return vfio_config_read(&view->config, &view->function, offset, size);
}

/* Write the identifiers in the order of the list, "5 11". Aborts if the list does not end. */
static inline void view_std_list(struct view *view, char text[128])
{
	unsigned int offset = view_get(view, PCI_CAPABILITY_LIST, 1) & ~3u;
	size_t length = 0;
	int count = 0;

	text[0] = '\0';
	if (!(view_get(view, PCI_STATUS, 2) & PCI_STATUS_CAP_LIST))
		return;
	for (; offset >= PCI_STD_HEADER_SIZEOF; offset = view_get(view, offset + 1, 1) & ~3u) {
		ck_assert_msg(++count <= 48, "the list never ends");
		if (length < 120)
			length += (size_t)snprintf(text + length, 128 - length, "%s%x",
						   length ? " " : "", view_get(view, offset, 1));
	}
}

static inline void view_ext_list(struct view *view, char text[128])
{
	unsigned int offset = PCI_CFG_SPACE_SIZE;
	size_t length = 0;
	int count = 0;

	text[0] = '\0';
	while (offset >= PCI_CFG_SPACE_SIZE) {
		uint32_t header = view_get(view, offset, 4);

		ck_assert_msg(++count <= 960, "the list never ends");
		if (header == 0)
			return;
		if (length < 120)
			length += (size_t)snprintf(text + length, 128 - length, "%s%x",
						   length ? " " : "", PCI_EXT_CAP_ID(header));
		offset = PCI_EXT_CAP_NEXT(header);
	}
}

#endif
