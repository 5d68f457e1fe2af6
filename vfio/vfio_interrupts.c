/* SPDX-License-Identifier: MIT */
#include "vfio_interrupts.h"

#include <errno.h>

#include "devices/pci_host.h"
#include "vmm/trace/log.h"

#define INTERRUPTS_PINS 4 /* INTA .. INTD */

/* ---- the kind that is on ---- */

static enum vfio_irq_kind interrupts_wanted(const struct vfio_pci *pci)
{
	if (!pci->powered)
		return VFIO_IRQ_NONE;
	if (pci->msix.enabled)
		return VFIO_IRQ_MSIX;
	if (pci->msi.enabled)
		return VFIO_IRQ_MSI;
	return pci->has_intx ? VFIO_IRQ_PIN : VFIO_IRQ_NONE;
}

static struct vfio_vectors *interrupts_vectors(struct vfio_pci *pci)
{
	return pci->kind == VFIO_IRQ_MSIX ? &pci->msix_vectors : &pci->msi_vectors;
}

static unsigned int interrupts_count(const struct vfio_pci *pci)
{
	return pci->kind == VFIO_IRQ_MSIX ? pci->msix.vectors : pci->msi.vectors;
}

static void interrupts_all_off(struct vfio_pci *pci)
{
	vfio_vectors_disable(&pci->msix_vectors);
	vfio_vectors_disable(&pci->msi_vectors);
	vfio_intx_disable(&pci->intx);
}

/* VFIO wants the old kind off before the new one is on. */
static int interrupts_switch(struct vfio_pci *pci)
{
	enum vfio_irq_kind wanted = interrupts_wanted(pci);

	if (wanted == pci->kind)
		return 0;
	interrupts_all_off(pci);
	pci->kind = wanted;
	if (wanted == VFIO_IRQ_PIN)
		return vfio_intx_enable(&pci->intx);
	if (wanted == VFIO_IRQ_NONE)
		return 0;
	return vfio_vectors_enable(interrupts_vectors(pci), interrupts_count(pci));
}

/* ---- the vectors of the kind that is on ---- */

static bool interrupts_live(const struct vfio_pci *pci, unsigned int vector)
{
	return pci->kind == VFIO_IRQ_MSIX ? msix_vector_live(&pci->msix, vector)
					  : msi_vector_live(&pci->msi, vector);
}

/* Request a live vector on the host and route it, but do not wire it yet. */
static void interrupts_prepare(struct vfio_pci *pci, unsigned int vector)
{
	if (!interrupts_live(pci, vector))
		return;
	if (pci->kind == VFIO_IRQ_MSIX)
		vfio_vector_prepare(&pci->msix_vectors, vector,
				    msix_vector_address(&pci->msix, vector),
				    msix_vector_data(&pci->msix, vector));
	else
		vfio_vector_prepare(&pci->msi_vectors, vector, pci->msi.address,
				    msi_vector_data(&pci->msi, vector));
}

static void interrupts_apply(struct vfio_pci *pci, unsigned int vector)
{
	if (interrupts_live(pci, vector))
		vfio_vector_unmask(interrupts_vectors(pci), vector);
	else
		vfio_vector_mask(interrupts_vectors(pci), vector);
}

/*
 * All vectors are prepared before the first is wired: so KVM gets the routes in one call. The
 * highest first, so that a host that cannot add vectors is asked for the block only once.
 */
static void interrupts_update_all(struct vfio_pci *pci)
{
	interrupts_switch(pci);
	if (pci->kind != VFIO_IRQ_MSIX && pci->kind != VFIO_IRQ_MSI)
		return;
	for (unsigned int vector = interrupts_count(pci); vector--;)
		interrupts_prepare(pci, vector);
	for (unsigned int vector = 0; vector < interrupts_count(pci); vector++)
		interrupts_apply(pci, vector);
}

/* ---- what the state machines tell ---- */

static void interrupts_msix_vector_changed(void *owner, unsigned int vector)
{
	struct vfio_pci *pci = owner;

	if (pci->kind != VFIO_IRQ_MSIX)
		return;
	interrupts_prepare(pci, vector);
	interrupts_apply(pci, vector);
}

static void interrupts_msix_control_changed(void *owner)
{
	interrupts_update_all(owner);
}

static bool interrupts_msix_pending(void *owner, unsigned int vector)
{
	struct vfio_pci *pci = owner;

	return vfio_vector_pending(&pci->msix_vectors, vector);
}

static const struct msix_ops interrupts_msix_ops = {
	.vector_changed = interrupts_msix_vector_changed,
	.vector_pending = interrupts_msix_pending,
	.control_changed = interrupts_msix_control_changed,
};

/* The device is told how many vectors there are when MSI comes on: another number means anew. */
static void interrupts_msi_changed(void *owner)
{
	struct vfio_pci *pci = owner;

	if (pci->kind == VFIO_IRQ_MSI && pci->msi.vectors != pci->msi_vectors.wanted) {
		vfio_vectors_disable(&pci->msi_vectors);
		pci->kind = VFIO_IRQ_NONE;
	}
	interrupts_update_all(pci);
}

static bool interrupts_msi_pending(void *owner, unsigned int vector)
{
	struct vfio_pci *pci = owner;

	return vfio_vector_pending(&pci->msi_vectors, vector);
}

static const struct msi_ops interrupts_msi_ops = {
	.changed = interrupts_msi_changed,
	.vector_pending = interrupts_msi_pending,
};

/* ---- life ---- */

static int interrupts_init_vectors(struct vfio_pci *pci, struct vfio_vectors *vectors,
				   uint32_t index)
{
	int ret = vfio_vectors_init(vectors, &pci->device, &pci->vm->irq, index, 0);

	if (ret == 0 && pci->options.no_kvm_irqfd)
		ret = vfio_vectors_set_relay(vectors, &pci->vm->loop);
	return ret;
}

static int interrupts_init_msix(struct vfio_pci *pci)
{
	struct pci_function *function = &pci->function;
	unsigned int cap = pci_find_capability(function, PCI_CAP_ID_MSIX);
	uint32_t table, pba;
	unsigned int count;
	int ret;

	if (!cap)
		return 0;
	count = (pci_get_word(function, cap + PCI_MSIX_FLAGS) & PCI_MSIX_FLAGS_QSIZE) + 1;
	table = pci_get_long(function, cap + PCI_MSIX_TABLE);
	pba = pci_get_long(function, cap + PCI_MSIX_PBA);
	pci->msix_table_bar = table & PCI_MSIX_TABLE_BIR;
	pci->msix_table_offset = table & PCI_MSIX_TABLE_OFFSET;
	pci->msix_pba_bar = pba & PCI_MSIX_PBA_BIR;
	pci->msix_pba_offset = pba & PCI_MSIX_PBA_OFFSET;
	ret = interrupts_init_vectors(pci, &pci->msix_vectors, VFIO_PCI_MSIX_IRQ_INDEX);
	if (ret < 0)
		return ret;
	ret = msix_init(&pci->msix, count, &interrupts_msix_ops, pci);
	if (ret < 0)
		return log_errno(pci->device.name, ret, "set up MSI-X with %u vectors", count);
	pci_set_word(function, cap + PCI_MSIX_FLAGS, (uint16_t)(count - 1));
	pci->msix_cap = cap;
	return 0;
}

/* The guest is offered what both the device and the kernel know of. */
static int interrupts_init_msi(struct vfio_pci *pci)
{
	unsigned int cap = pci_find_capability(&pci->function, PCI_CAP_ID_MSI);
	unsigned int count;
	int ret;

	if (!cap)
		return 0;
	ret = interrupts_init_vectors(pci, &pci->msi_vectors, VFIO_PCI_MSI_IRQ_INDEX);
	if (ret < 0)
		return ret;
	count = 1u << ((pci_get_word(&pci->function, cap + PCI_MSI_FLAGS) & PCI_MSI_FLAGS_QMASK) >>
		       1);
	if (count > pci->msi_vectors.count)
		count = pci->msi_vectors.count;
	msi_init(&pci->msi, &pci->function, cap, count, &interrupts_msi_ops, pci);
	return 0;
}

static void interrupts_init_pin(struct vfio_pci *pci)
{
	uint8_t *pin = &pci->function.config[PCI_INTERRUPT_PIN];

	pci->has_intx = *pin && *pin <= INTERRUPTS_PINS &&
			vfio_intx_probe(&pci->intx, &pci->vm->loop, pci->options.no_kvm_irqfd);
	if (!pci->has_intx)
		*pin = 0;
}

int vfio_interrupts_init(struct vfio_pci *pci)
{
	int ret = interrupts_init_msix(pci);

	if (ret == 0)
		ret = interrupts_init_msi(pci);
	if (ret == 0)
		interrupts_init_pin(pci);
	return ret;
}

/* Otherwise the guest's writes to them would not be seen. */
int vfio_interrupts_check(const struct vfio_pci *pci)
{
	uint64_t table_end = pci->msix_table_offset + msix_table_size(&pci->msix);
	uint64_t pba_end = pci->msix_pba_offset + msix_pba_size(&pci->msix);

	if (!pci->msix_cap ||
	    (pci->msix_table_bar < PCI_BAR_ROM && pci->msix_pba_bar < PCI_BAR_ROM &&
	     table_end <= pci->bars[pci->msix_table_bar].region.size &&
	     pba_end <= pci->bars[pci->msix_pba_bar].region.size))
		return 0;
	log_error(pci->device.name, "its MSI-X table or PBA lies outside its BARs");
	return -EIO;
}

void vfio_interrupts_destroy(struct vfio_pci *pci)
{
	vfio_intx_destroy(&pci->intx);
	vfio_vectors_destroy(&pci->msi_vectors);
	vfio_vectors_destroy(&pci->msix_vectors);
	msix_destroy(&pci->msix);
}

int vfio_interrupts_power_on(struct vfio_pci *pci)
{
	if (pci->has_intx)
		pci->intx.gsi =
			pci_host_intx_gsi(&pci->function, pci->function.config[PCI_INTERRUPT_PIN]);
	pci->msix_vectors.devid = pci->msi_vectors.devid = pci->function.devfn;
	pci->powered = true;
	return interrupts_switch(pci);
}

void vfio_interrupts_reset(struct vfio_pci *pci)
{
	pci->powered = false;
	interrupts_switch(pci);
	msi_reset(&pci->msi);
	if (!pci->msix_cap)
		return;
	msix_reset(&pci->msix);
	pci_set_word(&pci->function, pci->msix_cap + PCI_MSIX_FLAGS,
		     (uint16_t)(pci->msix.vectors - 1));
}

/* ---- configuration space ---- */

void vfio_interrupts_config_reading(struct vfio_pci *pci, unsigned int offset, unsigned int size)
{
	pthread_mutex_lock(&pci->lock);
	msi_config_reading(&pci->msi, offset, size);
	pthread_mutex_unlock(&pci->lock);
}

void vfio_interrupts_config_written(struct vfio_pci *pci, unsigned int offset, unsigned int size)
{
	unsigned int msix_control = pci->msix_cap + PCI_MSIX_FLAGS;

	pthread_mutex_lock(&pci->lock);
	msi_config_written(&pci->msi, offset, size);
	if (pci->msix_cap && pci_access_covers(offset, size, msix_control + 1))
		msix_control_write(&pci->msix, pci_get_word(&pci->function, msix_control));
	pthread_mutex_unlock(&pci->lock);
}
