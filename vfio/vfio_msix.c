/* SPDX-License-Identifier: MIT */
#include "vfio_msix.h"

#include <errno.h>

#include "vmm/base/pending_signal.h"
#include "vmm/trace/log.h"

/* ---- from the guest's vectors to the host's ---- */

static struct vfio_message msix_message(const void *owner, unsigned int vector)
{
	const struct vfio_msix *msix = owner;

	return (struct vfio_message){
		.live = msix_vector_live(&msix->guest, vector),
		.address = msix_vector_address(&msix->guest, vector),
		.data = msix_vector_data(&msix->guest, vector),
	};
}

static void msix_vector_changed(void *owner, unsigned int vector)
{
	struct vfio_msix *msix = owner;

	if (msix->vectors.enabled) /* a failure is logged, and the vector stays silent */
		vfio_vectors_update(&msix->vectors, vector, 1, msix_message, msix);
	else
		msix->switched(msix->owner); /* the host may be able to enable MSI-X now */
}

static bool msix_vector_pending(void *owner, unsigned int vector)
{
	const struct vfio_msix *msix = owner;

	return vfio_vector_pending(&msix->vectors, vector);
}

static void msix_control_changed(void *owner)
{
	struct vfio_msix *msix = owner;

	msix->switched(msix->owner);
}

static const struct msix_ops vfio_msix_ops = {
	.vector_changed = msix_vector_changed,
	.vector_pending = msix_vector_pending,
	.control_changed = msix_control_changed,
};

void vfio_msix_update(struct vfio_msix *msix)
{
	vfio_vectors_update(&msix->vectors, 0, msix->guest.vectors, msix_message, msix);
}

/* ---- life ---- */

static void msix_find_places(struct vfio_msix *msix, unsigned int cap)
{
	uint32_t table = pci_get_long(msix->function, cap + PCI_MSIX_TABLE);
	uint32_t pba = pci_get_long(msix->function, cap + PCI_MSIX_PBA);

	msix->table_bar = table & PCI_MSIX_TABLE_BIR;
	msix->table_offset = table & PCI_MSIX_TABLE_OFFSET;
	msix->pba_bar = pba & PCI_MSIX_PBA_BIR;
	msix->pba_offset = pba & PCI_MSIX_PBA_OFFSET;
}

static void msix_reset_control(struct vfio_msix *msix)
{
	pci_set_word(msix->function, msix->cap + PCI_MSIX_FLAGS,
		     (uint16_t)(msix->guest.vectors - 1));
}

int vfio_msix_init(struct vfio_msix *msix, struct vfio_device *device,
		   struct pci_function *function, const struct irq_vector_group *group)
{
	unsigned int cap = pci_find_capability(function, PCI_CAP_ID_MSIX), count;
	int ret;

	if (!cap)
		return 0;
	msix->function = function;
	count = (pci_get_word(function, cap + PCI_MSIX_FLAGS) & PCI_MSIX_FLAGS_QSIZE) + 1;
	msix_find_places(msix, cap);
	ret = vfio_vectors_init(&msix->vectors, device, group, VFIO_PCI_MSIX_IRQ_INDEX);
	if (ret < 0)
		return ret;
	ret = msix_init(&msix->guest, count, &vfio_msix_ops, msix);
	if (ret < 0)
		return log_errno(device->name, ret, "set up MSI-X with %u vectors", count);
	msix->cap = cap;
	msix_reset_control(msix);
	return 0;
}

void vfio_msix_destroy(struct vfio_msix *msix)
{
	vfio_vectors_destroy(&msix->vectors);
	msix_destroy(&msix->guest);
}

void vfio_msix_reset(struct vfio_msix *msix)
{
	if (!msix->cap)
		return;
	msix_reset(&msix->guest);
	msix_reset_control(msix);
}

void vfio_msix_config_written(struct vfio_msix *msix, unsigned int offset, unsigned int size)
{
	unsigned int control = msix->cap + PCI_MSIX_FLAGS;

	if (msix->cap && pci_access_covers(offset, size, control + 1))
		msix_control_write(&msix->guest, pci_get_word(msix->function, control));
}

/* ---- in the BARs ---- */

static bool msix_fits(const struct vfio_msix *msix, unsigned int bar, uint64_t offset,
		      uint64_t size)
{
	return bar < PCI_BAR_ROM && offset + size <= msix->function->bars[bar].size;
}

/* If they lay outside, the guest's writes to them would not be seen. */
int vfio_msix_check(const struct vfio_msix *msix)
{
	if (!msix->cap ||
	    (msix_fits(msix, msix->table_bar, msix->table_offset, msix_table_size(&msix->guest)) &&
	     msix_fits(msix, msix->pba_bar, msix->pba_offset, msix_pba_size(&msix->guest))))
		return 0;
	log_error(msix->function->name, "its MSI-X table or PBA lies outside its BARs");
	return -EIO;
}

bool vfio_msix_table_area(const struct vfio_msix *msix, unsigned int bar, struct vfio_area *area)
{
	*area = (struct vfio_area){ msix->table_offset, msix_table_size(&msix->guest) };
	return msix->cap && msix->table_bar == bar;
}

bool vfio_msix_pba_area(const struct vfio_msix *msix, unsigned int bar, struct vfio_area *area)
{
	*area = (struct vfio_area){ msix->pba_offset, msix_pba_size(&msix->guest) };
	return msix->cap && msix->pba_bar == bar;
}

void vfio_msix_watch(struct vfio_msix *msix, void (*pending)(void *owner, bool any), void *owner)
{
	msix->vectors.group.pending = pending;
	msix->vectors.group.owner = owner;
}

/* Returns `part` if the whole access is inside the structure. */
static enum vfio_msix_part msix_overlap(uint64_t offset, unsigned int size, uint64_t start,
					uint64_t length, enum vfio_msix_part part)
{
	if (offset + size <= start || offset >= start + length)
		return VFIO_MSIX_NONE;
	return offset >= start && offset + size <= start + length ? part : VFIO_MSIX_EDGE;
}

/*
 * The bytes around table and PBA in the same page belong to the device. An access across the edge
 * must not reach the device's own table.
 */
enum vfio_msix_part vfio_msix_part(const struct vfio_msix *msix, unsigned int bar, uint64_t offset,
				   unsigned int size)
{
	enum vfio_msix_part part = VFIO_MSIX_NONE;

	if (msix->cap && bar == msix->table_bar)
		part = msix_overlap(offset, size, msix->table_offset, msix_table_size(&msix->guest),
				    VFIO_MSIX_TABLE);
	if (part == VFIO_MSIX_NONE && msix->cap && bar == msix->pba_bar)
		part = msix_overlap(offset, size, msix->pba_offset, msix_pba_size(&msix->guest),
				    VFIO_MSIX_PBA);
	return part;
}

uint64_t vfio_msix_read(struct vfio_msix *msix, enum vfio_msix_part part, uint64_t offset,
			unsigned int size)
{
	uint64_t value = UINT64_MAX;

	pending_lock(msix->lock);
	if (part == VFIO_MSIX_TABLE)
		value = msix_table_read(&msix->guest, offset - msix->table_offset, size);
	else if (part == VFIO_MSIX_PBA)
		value = msix_pba_read(&msix->guest, offset - msix->pba_offset, size);
	pthread_mutex_unlock(msix->lock);
	return value;
}

/* The PBA is read-only. */
void vfio_msix_write(struct vfio_msix *msix, enum vfio_msix_part part, uint64_t offset,
		     unsigned int size, uint64_t value)
{
	if (part != VFIO_MSIX_TABLE)
		return;
	pending_lock(msix->lock);
	msix_table_write(&msix->guest, offset - msix->table_offset, size, value);
	pthread_mutex_unlock(msix->lock);
}

void vfio_msix_locate(const struct vfio_msix *msix, enum vfio_msix_part part, uint64_t offset,
		      struct trace_place *place)
{
	if (part == VFIO_MSIX_TABLE)
		msix_locate_table(offset - msix->table_offset, place);
	else if (part == VFIO_MSIX_PBA)
		msix_locate_pba(offset - msix->pba_offset, place);
}
