/* SPDX-License-Identifier: MIT */
#include "vfio_explain.h"

#include <linux/pci_regs.h>
#include <stddef.h>

static const char explain_list[] = "the list leaves out what is hidden";
static const char explain_own[] = "the function's own switches";
static const char explain_function[] = "bits that concern the function alone reach it";
static const char explain_gap[] = "no capability claims it: only the device's driver knows it";
static const char explain_fixed[] = "nothing in it is the guest's to change";

static const struct vfio_field *explain_find_field(const struct vfio_policy *policy,
						   unsigned int offset)
{
	for (unsigned int i = 0; i < policy->field_count; i++) {
		const struct vfio_field *field = &policy->fields[i];

		if (offset >= field->offset && offset < field->offset + (unsigned int)field->size)
			return field;
	}
	return NULL;
}

const char *vfio_explain_read(const struct vfio_config *config, unsigned int offset)
{
	const struct vfio_cap header = { .policy = &vfio_policy_header,
					 .why = vfio_policy_header.why };
	const struct vfio_cap *cap = &header;
	const struct vfio_field *field;

	if (!config->emulated[offset])
		return NULL;
	if (offset >= PCI_STD_HEADER_SIZEOF)
		cap = vfio_caps_at(&config->caps, offset);
	if (!cap || cap->raw)
		return explain_list;
	field = explain_find_field(cap->policy, offset - cap->offset);
	if (field && field->why)
		return field->why;
	return field || cap->hidden ? cap->why : explain_list;
}

static const char *explain_forward(const struct vfio_cap *cap, unsigned int offset)
{
	if (offset < PCI_STD_HEADER_SIZEOF)
		return explain_own;
	return cap ? explain_function : explain_gap;
}

const char *vfio_explain_write(const struct vfio_config *config,
			       const struct pci_function *function, unsigned int offset)
{
	const struct vfio_cap *cap = vfio_caps_at(&config->caps, offset);
	const char *why = vfio_explain_read(config, offset);

	if (config->forward[offset] | config->w1c[offset])
		return explain_forward(cap, offset);
	if (function->writable[offset])
		return why ? why : explain_own;
	if (why)
		return why;
	return cap && cap->hidden ? cap->why : explain_fixed;
}
