/* SPDX-License-Identifier: MIT */
#include "vfio_bar.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vmm/trace/log.h"

#define BAR_ALIGN_MAX (1ull << 30) /* the largest page of CPU and IOMMU */

/* ---- our own mapping ---- */

/*
 * Address space for the whole BAR, aligned like the BAR itself: guest-physical, host-virtual and
 * bus address are then congruent, and Linux 6.12 and later maps it with huge pages.
 */
static int bar_reserve(struct vfio_bar *bar)
{
	uint64_t size = bar->region.size;
	uint64_t align = size < BAR_ALIGN_MAX ? size : BAR_ALIGN_MAX;
	uint64_t lead;
	char *base;

	base = mmap(NULL, size + align, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
		    0);
	if (base == MAP_FAILED)
		return -errno;
	lead = -(uintptr_t)base & (align - 1);
	if (lead)
		munmap(base, lead);
	if (align - lead)
		munmap(base + lead + size, align - lead);
	bar->hva = base + lead;
	bar->hva_size = size;
	return 0;
}

static int bar_map_piece(struct vfio_bar *bar, const struct vfio_piece *piece)
{
	uint32_t flags = bar->region.flags;
	int prot = (flags & VFIO_REGION_INFO_FLAG_READ ? PROT_READ : 0) |
		   (flags & VFIO_REGION_INFO_FLAG_WRITE ? PROT_WRITE : 0);
	void *at = (char *)bar->hva + piece->offset;

	at = mmap(at, piece->size, prot, MAP_SHARED | MAP_FIXED, bar->region.mmap_fd,
		  (off_t)(bar->region.mmap_offset + piece->offset));
	return at == MAP_FAILED ? -errno : 0;
}

/* A piece that cannot be mapped after all is trapped: slower, not wrong. */
static void bar_map_pieces(struct vfio_pci *pci, struct vfio_bar *bar)
{
	for (unsigned int i = 0; i < bar->window_count; i++) {
		struct vfio_piece *piece = &bar->windows[i].piece;
		int ret = 0;

		if (!piece->mapped)
			continue;
		if (!bar->hva)
			ret = bar_reserve(bar);
		if (ret == 0)
			ret = bar_map_piece(bar, piece);
		piece->mapped = ret == 0;
		if (ret < 0)
			log_warn(pci->device.name,
				 "BAR %u: cannot be mapped: %s: every access to it will be slow",
				 bar->windows[i].bar, strerror(-ret));
	}
}

/* Where the MSI-X structures lie in this BAR: the guest's accesses to them must be seen. */
static unsigned int bar_holes(const struct vfio_pci *pci, unsigned int bar,
			      struct vfio_area holes[2])
{
	unsigned int count = 0;

	if (pci->msix_cap && pci->msix_table_bar == bar)
		holes[count++] =
			(struct vfio_area){ pci->msix_table_offset, msix_table_size(&pci->msix) };
	if (pci->msix_cap && pci->msix_pba_bar == bar)
		holes[count++] =
			(struct vfio_area){ pci->msix_pba_offset, msix_pba_size(&pci->msix) };
	return count;
}

static void bar_cut(struct vfio_pci *pci, unsigned int index)
{
	struct vfio_piece pieces[VFIO_PIECES_MAX];
	struct vfio_bar *bar = &pci->bars[index];
	struct vfio_area holes[2];
	unsigned int hole_count = bar_holes(pci, index, holes);

	bar->window_count = vfio_region_cut(&bar->region, holes, hole_count,
					    (uint64_t)sysconf(_SC_PAGESIZE), pieces);
	for (unsigned int i = 0; i < bar->window_count; i++)
		bar->windows[i] = (struct vfio_window){ pci, index, pieces[i] };
}

/* The flags in the low bits, as the device has them; the kernel's copy shows them. */
static uint32_t bar_flags(const struct vfio_pci *pci, unsigned int index)
{
	uint32_t low = pci_get_long(&pci->function, PCI_BASE_ADDRESS_0 + 4 * index);

	if (low & PCI_BASE_ADDRESS_SPACE_IO)
		return PCI_BASE_ADDRESS_SPACE_IO;
	return low & (PCI_BASE_ADDRESS_MEM_TYPE_64 | PCI_BASE_ADDRESS_MEM_PREFETCH);
}

int vfio_bar_init(struct vfio_pci *pci, unsigned int index)
{
	struct vfio_bar *bar = &pci->bars[index];
	uint32_t flags = bar_flags(pci, index);
	int ret;

	ret = pci->device.backend->get_region(&pci->device, VFIO_PCI_BAR0_REGION_INDEX + index,
					      &bar->region);
	if (ret < 0)
		return log_errno(pci->device.name, ret, "VFIO_DEVICE_GET_REGION_INFO, BAR %u",
				 index);
	/* Ports are no memory, whatever a vfio-user server says of their region. */
	if (pci->options.no_mmap || (flags & PCI_BASE_ADDRESS_SPACE_IO))
		bar->region.flags &= ~VFIO_REGION_INFO_FLAG_MMAP;
	if (bar->region.size == 0) {
		pci_set_long(&pci->function, PCI_BASE_ADDRESS_0 + 4 * index, 0);
		return 0;
	}
	if (bar->region.size & (bar->region.size - 1)) {
		log_error(pci->device.name, "BAR %u: its size %#llx is not a power of two", index,
			  (unsigned long long)bar->region.size);
		return -EIO;
	}
	pci_set_bar(&pci->function, index, bar->region.size, flags);
	bar_cut(pci, index);
	bar_map_pieces(pci, bar);
	return 0;
}

int vfio_bar_init_rom(struct vfio_pci *pci)
{
	struct vfio_bar *bar = &pci->bars[PCI_BAR_ROM];
	uint32_t id = pci_get_long(&pci->function, PCI_VENDOR_ID);
	int ret;

	if (pci->options.no_rom)
		return 0;
	ret = vfio_rom_init(&pci->rom, &pci->device, pci->options.romfile, id);
	if (ret < 0 || pci->rom.size == 0)
		return ret;
	pci_set_bar(&pci->function, PCI_BAR_ROM, pci->rom.size, 0);
	bar->windows[0] = (struct vfio_window){ pci, PCI_BAR_ROM, { 0, pci->rom.size, false } };
	bar->window_count = 1;
	return 0;
}

void vfio_bar_destroy(struct vfio_pci *pci, unsigned int index)
{
	struct vfio_bar *bar = &pci->bars[index];

	if (bar->hva)
		munmap(bar->hva, bar->hva_size);
	bar->hva = NULL;
}

/* ---- trapped accesses ---- */

static uint64_t bar_device_read(struct vfio_pci *pci, unsigned int bar, uint64_t offset,
				unsigned int size)
{
	uint64_t value = 0;
	int ret = pci->device.backend->region_read(&pci->device, &pci->bars[bar].region, offset,
						   &value, size);

	return ret < 0 ? UINT64_MAX : value;
}

enum bar_part { BAR_DEVICE, BAR_MSIX_TABLE, BAR_MSIX_PBA, BAR_NOBODY };

/* `part` if all of the access is inside the structure, BAR_NOBODY if some, BAR_DEVICE if none. */
static enum bar_part bar_overlap(uint64_t offset, unsigned int size, uint64_t start,
				 uint64_t length, enum bar_part part)
{
	if (offset + size <= start || offset >= start + length)
		return BAR_DEVICE;
	return offset >= start && offset + size <= start + length ? part : BAR_NOBODY;
}

/*
 * Whose register an access means. Bytes around table and PBA in the same page are the device's; an
 * access across the edge has no meaning, and the device's own table must not see it.
 */
static enum bar_part bar_classify(const struct vfio_pci *pci, unsigned int bar, uint64_t offset,
				  unsigned int size)
{
	enum bar_part part = BAR_DEVICE;

	if (pci->msix_cap && bar == pci->msix_table_bar)
		part = bar_overlap(offset, size, pci->msix_table_offset,
				   msix_table_size(&pci->msix), BAR_MSIX_TABLE);
	if (part == BAR_DEVICE && pci->msix_cap && bar == pci->msix_pba_bar)
		part = bar_overlap(offset, size, pci->msix_pba_offset, msix_pba_size(&pci->msix),
				   BAR_MSIX_PBA);
	return part;
}

static uint64_t bar_read(void *owner, uint64_t offset, unsigned int size)
{
	struct vfio_window *window = owner;
	struct vfio_pci *pci = window->pci;
	uint64_t value = UINT64_MAX;

	offset += window->piece.offset;
	switch (bar_classify(pci, window->bar, offset, size)) {
	case BAR_DEVICE:
		return bar_device_read(pci, window->bar, offset, size);
	case BAR_MSIX_TABLE:
		pthread_mutex_lock(&pci->lock);
		value = msix_table_read(&pci->msix, offset - pci->msix_table_offset, size);
		pthread_mutex_unlock(&pci->lock);
		break;
	case BAR_MSIX_PBA:
		pthread_mutex_lock(&pci->lock);
		value = msix_pba_read(&pci->msix, offset - pci->msix_pba_offset, size);
		pthread_mutex_unlock(&pci->lock);
		break;
	case BAR_NOBODY:
		break;
	}
	return value;
}

static void bar_write(void *owner, uint64_t offset, unsigned int size, uint64_t value)
{
	struct vfio_window *window = owner;
	struct vfio_pci *pci = window->pci;

	offset += window->piece.offset;
	switch (bar_classify(pci, window->bar, offset, size)) {
	case BAR_DEVICE:
		pci->device.backend->region_write(&pci->device, &pci->bars[window->bar].region,
						  offset, &value, size);
		break;
	case BAR_MSIX_TABLE:
		pthread_mutex_lock(&pci->lock);
		msix_table_write(&pci->msix, offset - pci->msix_table_offset, size, value);
		pthread_mutex_unlock(&pci->lock);
		break;
	case BAR_MSIX_PBA: /* read-only */
	case BAR_NOBODY:
		break;
	}
}

static void bar_locate(void *owner, uint64_t offset, struct trace_place *place)
{
	struct vfio_window *window = owner;
	struct vfio_pci *pci = window->pci;

	offset += window->piece.offset;
	place->topic = TRACE_TOPIC_bar;
	place->object = pci->device.name;
	place->bar = (int)window->bar;
	place->offset = offset;
	place->area = "the device's registers";
	switch (bar_classify(pci, window->bar, offset, 1)) {
	case BAR_MSIX_TABLE:
		msix_locate_table(offset - pci->msix_table_offset, place);
		break;
	case BAR_MSIX_PBA:
		msix_locate_pba(offset - pci->msix_pba_offset, place);
		break;
	case BAR_DEVICE:
	case BAR_NOBODY:
		break;
	}
}

static const struct bus_ops bar_ops = { bar_read, bar_write, bar_locate };

static uint64_t bar_read_rom(void *owner, uint64_t offset, unsigned int size)
{
	const struct vfio_window *window = owner;
	uint64_t value;

	pthread_mutex_lock(&window->pci->lock);
	value = vfio_rom_read(&window->pci->rom, offset, size);
	pthread_mutex_unlock(&window->pci->lock);
	return value;
}

static void bar_write_rom(void *owner, uint64_t offset, unsigned int size, uint64_t value)
{
	(void)owner;
	(void)offset;
	(void)size;
	(void)value;
}

static void bar_locate_rom(void *owner, uint64_t offset, struct trace_place *place)
{
	const struct vfio_window *window = owner;

	place->topic = TRACE_TOPIC_bar;
	place->object = window->pci->device.name;
	place->bar = (int)window->bar;
	place->offset = offset;
	place->area = "expansion ROM";
}

static const struct bus_ops bar_rom_ops = { bar_read_rom, bar_write_rom, bar_locate_rom };

/* ---- where the guest sees it ---- */

static struct bus *bar_bus(struct vfio_pci *pci, unsigned int index)
{
	return pci_bar_is_io(&pci->function.bars[index]) ? &pci->vm->pio : &pci->vm->mmio;
}

static int bar_place(struct vfio_pci *pci, unsigned int index, struct vfio_window *window)
{
	struct vfio_bar *bar = &pci->bars[index];
	uint64_t addr = pci->function.bars[index].addr + window->piece.offset;
	struct memory_region memory = {
		.gpa = addr,
		.size = window->piece.size,
		.hva = bar->hva ? (char *)bar->hva + window->piece.offset : NULL,
		.fd = bar->region.mmap_fd,
		.fd_offset = bar->region.mmap_offset + window->piece.offset,
		.kind = MEMORY_DEVICE,
		.owner = pci->device.name,
		.bar = index,
	};
	struct bus_region trapped = { addr, window->piece.size,
				      index == PCI_BAR_ROM ? &bar_rom_ops : &bar_ops, window };

	if (window->piece.mapped)
		return memory_add_region(&pci->vm->memory, &memory);
	return bus_add_region(bar_bus(pci, index), &trapped);
}

int vfio_bar_map(struct pci_function *function, unsigned int index)
{
	struct vfio_pci *pci = vfio_pci_of(function);
	struct vfio_bar *bar = &pci->bars[index];
	int ret = 0;

	while (bar->placed < bar->window_count && ret == 0) {
		ret = bar_place(pci, index, &bar->windows[bar->placed]);
		bar->placed += ret == 0;
	}
	if (ret < 0)
		vfio_bar_unmap(function, index);
	return ret;
}

void vfio_bar_unmap(struct pci_function *function, unsigned int index)
{
	struct vfio_pci *pci = vfio_pci_of(function);
	struct vfio_bar *bar = &pci->bars[index];

	while (bar->placed) {
		const struct vfio_piece *piece = &bar->windows[--bar->placed].piece;
		uint64_t addr = function->bars[index].addr + piece->offset;

		if (piece->mapped)
			memory_del_region(&pci->vm->memory, addr);
		else
			bus_del_region(bar_bus(pci, index), addr);
	}
}
