/* SPDX-License-Identifier: MIT */
#include "msi.h"

#include <assert.h>

#define MSI_QUEUE_MAX_SHIFT 1 /* Multiple Message Capable, a power of two */
#define MSI_QUEUE_SHIFT     4 /* Multiple Message Enable, the same */
#define MSI_CONTROL_SHAPE   (PCI_MSI_FLAGS_64BIT | PCI_MSI_FLAGS_MASKBIT)
#define MSI_ADDRESS_LOW     0xfffffffcu

static uint16_t msi_control(const struct msi *msi)
{
	return pci_get_word(msi->function, msi->cap + PCI_MSI_FLAGS);
}

static bool msi_is_wide(const struct msi *msi)
{
	return msi_control(msi) & PCI_MSI_FLAGS_64BIT;
}

static bool msi_is_maskable(const struct msi *msi)
{
	return msi_control(msi) & PCI_MSI_FLAGS_MASKBIT;
}

static unsigned int msi_data_offset(const struct msi *msi)
{
	return msi->cap + (msi_is_wide(msi) ? PCI_MSI_DATA_64 : PCI_MSI_DATA_32);
}

static unsigned int msi_mask_offset(const struct msi *msi)
{
	return msi->cap + (msi_is_wide(msi) ? PCI_MSI_MASK_64 : PCI_MSI_MASK_32);
}

static unsigned int msi_pending_offset(const struct msi *msi)
{
	return msi->cap + (msi_is_wide(msi) ? PCI_MSI_PENDING_64 : PCI_MSI_PENDING_32);
}

/* Four shapes: 10, 14, 20 or 24 bytes. */
unsigned int msi_capability_size(uint16_t control)
{
	unsigned int size =
		control & PCI_MSI_FLAGS_MASKBIT ? PCI_MSI_PENDING_32 + 4 : PCI_MSI_DATA_32 + 2;

	return control & PCI_MSI_FLAGS_64BIT ? size + 4 : size;
}

static void msi_set_writable(struct msi *msi, unsigned int offset, uint32_t bits)
{
	for (unsigned int i = 0; i < 4; i++)
		msi->function->writable[offset + i] |= (uint8_t)(bits >> (8 * i));
}

static uint32_t msi_all_vectors(const struct msi *msi)
{
	return msi->offered == MSI_VECTORS_MAX ? UINT32_MAX : (1u << msi->offered) - 1;
}

void msi_init(struct msi *msi, struct pci_function *function, unsigned int cap,
	      unsigned int vectors, const struct msi_ops *ops, void *owner)
{
	uint16_t shape = pci_get_word(function, cap + PCI_MSI_FLAGS) & MSI_CONTROL_SHAPE;
	unsigned int queue_max = 0;

	assert(vectors && cap + msi_capability_size(shape) <= PCI_CFG_SPACE_SIZE);
	while (2u << queue_max <= vectors && 2u << queue_max <= MSI_VECTORS_MAX)
		queue_max++;
	*msi = (struct msi){ .ops = ops, .owner = owner, .function = function, .cap = cap };
	msi->offered = 1u << queue_max;
	pci_set_word(function, cap + PCI_MSI_FLAGS,
		     (uint16_t)(shape | queue_max << MSI_QUEUE_MAX_SHIFT));
	msi_set_writable(msi, cap + PCI_MSI_FLAGS, PCI_MSI_FLAGS_ENABLE | PCI_MSI_FLAGS_QSIZE);
	msi_set_writable(msi, cap + PCI_MSI_ADDRESS_LO, MSI_ADDRESS_LOW);
	if (msi_is_wide(msi))
		msi_set_writable(msi, cap + PCI_MSI_ADDRESS_HI, UINT32_MAX);
	msi_set_writable(msi, msi_data_offset(msi), 0xffff);
	if (msi_is_maskable(msi))
		msi_set_writable(msi, msi_mask_offset(msi), msi_all_vectors(msi));
	msi_reset(msi);
}

void msi_reset(struct msi *msi)
{
	uint16_t control;

	if (!msi->cap)
		return;
	control = msi_control(msi);
	pci_set_word(msi->function, msi->cap + PCI_MSI_FLAGS,
		     control & (MSI_CONTROL_SHAPE | PCI_MSI_FLAGS_QMASK));
	for (unsigned int i = PCI_MSI_ADDRESS_LO; i < msi_capability_size(control); i++)
		msi->function->config[msi->cap + i] = 0;
	msi_config_written(msi, msi->cap, msi_capability_size(control));
}

static bool msi_covers(const struct msi *msi, unsigned int offset, unsigned int size)
{
	return msi->cap && offset < msi->cap + msi_capability_size(msi_control(msi)) &&
	       offset + size > msi->cap;
}

void msi_config_reading(struct msi *msi, unsigned int offset, unsigned int size)
{
	uint32_t pending = 0;

	if (!msi_covers(msi, offset, size) || !msi_is_maskable(msi))
		return;
	for (unsigned int vector = 0; msi->enabled && vector < msi->vectors; vector++)
		if (msi->mask & 1u << vector && msi->ops->vector_pending(msi->owner, vector))
			pending |= 1u << vector;
	pci_set_long(msi->function, msi_pending_offset(msi), pending);
}

/*
 * A guest that asks for more vectors than are offered, or uses a reserved number, gets those that
 * are offered.
 */
static unsigned int msi_clamp_queue(struct msi *msi)
{
	uint16_t control = msi_control(msi);
	uint16_t queue_max = (control & PCI_MSI_FLAGS_QMASK) >> MSI_QUEUE_MAX_SHIFT;
	uint16_t queue = (control & PCI_MSI_FLAGS_QSIZE) >> MSI_QUEUE_SHIFT;

	if (queue > queue_max) {
		queue = queue_max;
		control = (uint16_t)((control & ~PCI_MSI_FLAGS_QSIZE) | queue << MSI_QUEUE_SHIFT);
		pci_set_word(msi->function, msi->cap + PCI_MSI_FLAGS, control);
	}
	return 1u << queue;
}

/* Decode the registers. */
static struct msi msi_decode(struct msi *msi)
{
	struct msi now = *msi;

	now.vectors = msi_clamp_queue(msi);
	now.enabled = msi_control(msi) & PCI_MSI_FLAGS_ENABLE;
	now.address = pci_get_long(msi->function, msi->cap + PCI_MSI_ADDRESS_LO);
	if (msi_is_wide(msi))
		now.address |= (uint64_t)pci_get_long(msi->function, msi->cap + PCI_MSI_ADDRESS_HI)
			       << 32;
	now.data = pci_get_word(msi->function, msi_data_offset(msi));
	now.mask = msi_is_maskable(msi) ? pci_get_long(msi->function, msi_mask_offset(msi)) : 0;
	return now;
}

void msi_config_written(struct msi *msi, unsigned int offset, unsigned int size)
{
	struct msi before = *msi;

	if (!msi_covers(msi, offset, size))
		return;
	*msi = msi_decode(msi);
	if (before.enabled != msi->enabled ||
	    (msi->enabled && (before.vectors != msi->vectors || before.address != msi->address ||
			      before.data != msi->data || before.mask != msi->mask)))
		msi->ops->changed(msi->owner);
}

bool msi_vector_live(const struct msi *msi, unsigned int vector)
{
	return msi->enabled && vector < msi->vectors && !(msi->mask & 1u << vector);
}

uint32_t msi_vector_data(const struct msi *msi, unsigned int vector)
{
	return (msi->data & ~(msi->vectors - 1)) | vector;
}
