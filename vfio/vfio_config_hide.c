/* SPDX-License-Identifier: MIT */
#include "vfio_config_hide.h"

#include <errno.h>

#include "vmm/trace/log.h"

#define HIDE_EXP_LEAST 0x0cu /* PCI Express Base 7.5.3: the registers that all functions have */

static const char hide_cut_off[] =
	"cut off by the next capability, or by the end of configuration space";
static const char hide_no_vectors[] = "VFIO offers no vectors for it";

unsigned int vfio_config_exp_type(const struct pci_function *function, unsigned int cap)
{
	return (pci_get_word(function, cap + PCI_EXP_FLAGS) & PCI_EXP_FLAGS_TYPE) >> 4;
}

bool vfio_config_is_endpoint(const struct pci_function *function, unsigned int cap)
{
	unsigned int type = vfio_config_exp_type(function, cap);

	return type == PCI_EXP_TYPE_ENDPOINT || type == PCI_EXP_TYPE_LEG_END;
}

/*
 * An integrated endpoint of old has no room for the link that an endpoint below a port shows. A
 * legacy endpoint does not belong on a root bus, so drivers see a conventional device there
 * (PCI Express Base 1.3.2.2).
 */
static const char *hide_why_no_pcie(const struct vfio_config_view *view, const struct vfio_cap *cap,
				    unsigned int room)
{
	unsigned int type = vfio_config_exp_type(view->function, cap->offset);

	if (type == PCI_EXP_TYPE_LEG_END && !view->below_port)
		return "a legacy endpoint does not belong on a root bus";
	if (!vfio_config_is_endpoint(view->function, cap->offset) && view->below_port &&
	    room < PCI_EXP_LNKSTA + 2)
		return "an integrated endpoint that has no link registers";
	return room < HIDE_EXP_LEAST ? hide_cut_off : NULL;
}

/*
 * A server of devices may show a capability of messages, and have none of them to give, or not even
 * know the kind.
 */
static bool hide_lacks_vectors(struct vfio_device *device, uint16_t id)
{
	bool msi = id == PCI_CAP_ID_MSI;
	struct vfio_irq irq = { 0, 0 };
	int ret;

	if (!device || (!msi && id != PCI_CAP_ID_MSIX))
		return false;
	ret = device->backend->get_irq(
		device, msi ? VFIO_PCI_MSI_IRQ_INDEX : VFIO_PCI_MSIX_IRQ_INDEX, &irq);
	if (ret < 0 ? ret != -EINVAL : irq.count)
		return false;
	log_warn(device->name, "its %s capability is not shown: %s", msi ? "MSI" : "MSI-X",
		 hide_no_vectors);
	return true;
}

/*
 * Why a capability cannot be shown; NULL if it can. What is emulated needs all its registers, and
 * must not change those of the next capability. minivmm follows what the guest does to the first
 * capability of a kind, and no device has a second one that means anything.
 */
static const char *hide_why_unfit(const struct vfio_caps *caps, const struct vfio_config_view *view,
				  const struct vfio_cap *cap)
{
	unsigned int room = vfio_caps_end(caps, cap) - cap->offset;

	if (cap->policy->extended || !cap->policy->field_count)
		return NULL;
	if (vfio_caps_find(caps, false, cap->policy->id) != cap)
		return "a second one of its kind";
	if (hide_lacks_vectors(view->device, cap->policy->id))
		return hide_no_vectors;
	if (cap->policy->id == PCI_CAP_ID_EXP)
		return hide_why_no_pcie(view, cap, room);
	return room < cap->length ? hide_cut_off : NULL;
}

/* What the kernel would not show. Of the registers of such a capability it protects none. */
static void hide_raw(struct vfio_caps *caps)
{
	for (unsigned int i = 0; i < caps->count; i++) {
		struct vfio_cap *cap = &caps->list[i];

		if (vfio_policy_kernel_shows(cap->policy))
			continue;
		cap->hidden = cap->raw = true;
		cap->why = "the kernel's vfio-pci does not show it, and protects none of its "
			   "registers";
	}
}

static void hide_unfit(struct vfio_caps *caps, const struct vfio_config_view *view)
{
	for (unsigned int i = 0; i < caps->count; i++) {
		struct vfio_cap *cap = &caps->list[i];
		const char *why = cap->hidden ? NULL : hide_why_unfit(caps, view, cap);

		cap->hidden |= why != NULL;
		cap->why = why ? why : cap->why;
	}
}

void vfio_config_hide(struct vfio_caps *caps, const struct vfio_config_view *view)
{
	if (view->from_host)
		hide_raw(caps);
	hide_unfit(caps, view);
}
