/* SPDX-License-Identifier: MIT */
#include "vfio_bar.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vmm/trace/log.h"

#define BAR_ALIGN_MAX (1ull << 30) /* the largest page of CPU and IOMMU */

#define BAR_LEAST_PORTS  4u
#define BAR_MOST_PORTS   (1ull << 16)
#define BAR_LEAST_MEMORY 16u
#define BAR_MOST_32      (1ull << 31)

/* ---- our own mapping ---- */

/* A BAR smaller than a page is mapped as a whole page. */
static uint64_t bar_round_up(uint64_t size)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);

	return (size + page - 1) & ~(page - 1);
}

/*
 * Reserve address space for the whole BAR, aligned like the BAR itself. Guest-physical,
 * host-virtual and bus address are then congruent, and Linux 6.12 and later maps the BAR with huge
 * pages.
 */
static int bar_reserve(struct vfio_bar *bar)
{
	uint64_t size = bar_round_up(bar->region.size);

	bar->hva = memory_reserve(size, size < BAR_ALIGN_MAX ? size : BAR_ALIGN_MAX, 0, PROT_NONE);
	if (!bar->hva)
		return -errno;
	bar->hva_size = size;
	return 0;
}

/* A child has no use for it, and its copy would keep the device open when it is closed here. */
static int bar_map_piece(struct vfio_bar *bar, const struct vfio_piece *piece)
{
	uint32_t flags = bar->region.flags;
	int prot = (flags & VFIO_REGION_INFO_FLAG_READ ? PROT_READ : 0) |
		   (flags & VFIO_REGION_INFO_FLAG_WRITE ? PROT_WRITE : 0);
	void *at = (char *)bar->hva + piece->offset;

	at = mmap(at, bar_round_up(piece->size), prot, MAP_SHARED | MAP_FIXED, bar->region.mmap_fd,
		  (off_t)(bar->region.mmap_offset + piece->offset));
	if (at == MAP_FAILED || madvise(at, bar_round_up(piece->size), MADV_DONTFORK) < 0)
		return -errno;
	return 0;
}

/* A piece that cannot be mapped after all is trapped, which is slow but correct. */
static void bar_map_pieces(const struct vfio_bars *bars, struct vfio_bar *bar)
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
			log_warn(bars->device->name,
				 "BAR %u: cannot be mapped: %s: every access to it will be slow",
				 bar->windows[i].bar, log_reason(ret));
	}
}

static void bar_cut(struct vfio_bars *bars, unsigned int index)
{
	struct vfio_piece pieces[VFIO_PIECES_MAX];
	struct vfio_bar *bar = &bars->list[index];
	struct vfio_area holes[2 + VFIO_QUIRKS_MAX];
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	unsigned int hole_count = vfio_msix_table_area(bars->msix, index, holes);
	struct vfio_area pba;

	hole_count += vfio_quirks_areas(bars->quirks, index, &holes[hole_count]);
	bar->window_count = vfio_region_cut(&bar->region, holes, hole_count, page, pieces);
	if (vfio_msix_pba_area(bars->msix, index, &pba))
		bar->window_count = vfio_region_loosen(pieces, bar->window_count, &pba, page);
	for (unsigned int i = 0; i < bar->window_count; i++)
		bar->windows[i] = (struct vfio_window){ bars, index, pieces[i], false };
}

/* Why no BAR has this size, which is not 0; NULL if one may. PCI Local Bus 3.0, 6.2.5.1. */
static const char *bar_why_not(uint64_t size, uint32_t flags)
{
	bool io = flags & PCI_BASE_ADDRESS_SPACE_IO;

	if (size & (size - 1))
		return "is not a power of two";
	if (size < (io ? BAR_LEAST_PORTS : BAR_LEAST_MEMORY))
		return "is smaller than a BAR can be";
	if (io && size > BAR_MOST_PORTS)
		return "is larger than all I/O ports together";
	if (!io && !(flags & PCI_BASE_ADDRESS_MEM_TYPE_64) && size > BAR_MOST_32)
		return "is too large for a BAR of 32 bits";
	return NULL;
}

static int bar_init(struct vfio_bars *bars, unsigned int index, bool no_mmap)
{
	struct vfio_bar *bar = &bars->list[index];
	struct vfio_device *device = bars->device;
	uint32_t flags = pci_bar_flags(bars->function->config, index);
	const char *why;
	int ret;

	ret = device->backend->get_region(device, VFIO_PCI_BAR0_REGION_INDEX + index, &bar->region);
	if (ret < 0)
		return log_errno(device->name, ret, "VFIO_DEVICE_GET_REGION_INFO, BAR %u", index);
	/* I/O ports cannot be mapped, whatever a vfio-user server says about their region. */
	if (no_mmap || (flags & PCI_BASE_ADDRESS_SPACE_IO) ||
	    !(bar->region.flags & VFIO_REGION_INFO_FLAG_READ))
		bar->region.flags &= ~VFIO_REGION_INFO_FLAG_MMAP;
	if (bar->region.size == 0) {
		pci_set_long(bars->function, PCI_BASE_ADDRESS_0 + 4 * index, 0);
		return 0;
	}
	why = bar_why_not(bar->region.size, flags);
	if (why) {
		log_error(device->name, "BAR %u: its size %#llx %s", index,
			  (unsigned long long)bar->region.size, why);
		return -EIO;
	}
	pci_set_bar(bars->function, index, bar->region.size, flags);
	bar_cut(bars, index);
	bar_map_pieces(bars, bar);
	return 0;
}

/* The expansion ROM's BAR, if there is one: read through minivmm. */
static int bar_init_rom(struct vfio_bars *bars, const struct vfio_device_options *options)
{
	struct vfio_bar *bar = &bars->list[PCI_BAR_ROM];
	uint32_t id = pci_get_long(bars->function, PCI_VENDOR_ID);
	int ret;

	if (options->no_rom)
		return 0;
	if (bars->quirks->bad_rom && !options->romfile) {
		log_warn(bars->device->name,
			 "its expansion ROM is not shown, because it hangs the firmware (%s)",
			 bars->quirks->bad_rom);
		return 0;
	}
	ret = vfio_rom_init(&bars->rom, bars->device, options->romfile, id);
	if (ret < 0 || bars->rom.size == 0)
		return ret;
	pci_set_bar(bars->function, PCI_BAR_ROM, bars->rom.size, 0);
	bar->windows[0] = (struct vfio_window){ .bars = bars,
						.bar = PCI_BAR_ROM,
						.piece.size = bars->rom.size };
	bar->window_count = 1;
	return 0;
}

int vfio_bars_init(struct vfio_bars *bars, struct vfio_device *device,
		   struct pci_function *function, struct vfio_msix *msix,
		   struct vfio_quirks *quirks, struct vm *vm,
		   const struct vfio_device_options *options)
{
	int ret = 0;

	*bars = (struct vfio_bars){
		.device = device, .function = function, .msix = msix, .quirks = quirks, .vm = vm
	};
	pthread_mutex_init(&bars->lock, NULL);
	for (unsigned int index = 0; index < PCI_BAR_ROM && ret == 0; index++) {
		ret = bar_init(bars, index, options->no_mmap);
		if (pci_bar_is_64(&function->bars[index]))
			index++; /* the next register is the upper half of this BAR */
	}
	return ret < 0 ? ret : bar_init_rom(bars, options);
}

/* The reserved address space is kept. */
void vfio_bars_release(struct vfio_bars *bars)
{
	for (unsigned int index = 0; index < PCI_BAR_ROM; index++) {
		struct vfio_bar *bar = &bars->list[index];

		if (!bar->hva || mmap(bar->hva, bar->hva_size, PROT_NONE,
				      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1,
				      0) != MAP_FAILED)
			continue;
		munmap(bar->hva, bar->hva_size);
		bar->hva = NULL; /* it will be reserved anew */
	}
}

static int bar_retake(struct vfio_bars *bars, unsigned int index)
{
	struct vfio_bar *bar = &bars->list[index];
	struct vfio_device *device = bars->device;
	struct vfio_region now;
	int ret = device->backend->get_region(device, VFIO_PCI_BAR0_REGION_INDEX + index, &now);

	if (ret == 0 && now.size != bar->region.size)
		ret = -EIO;
	if (ret < 0)
		return log_errno(device->name, ret, "map BAR %u again as it was", index);
	bar->region.mmap_fd = now.mmap_fd;
	bar->region.mmap_offset = now.mmap_offset;
	bar_map_pieces(bars, bar);
	return 0;
}

int vfio_bars_retake(struct vfio_bars *bars)
{
	int ret = 0;

	for (unsigned int index = 0; index < PCI_BAR_ROM && ret == 0; index++)
		if (bars->list[index].region.size)
			ret = bar_retake(bars, index);
	return ret;
}

void vfio_bars_destroy(struct vfio_bars *bars)
{
	for (unsigned int index = 0; index < PCI_BARS; index++) {
		struct vfio_bar *bar = &bars->list[index];

		if (bar->hva)
			munmap(bar->hva, bar->hva_size);
		bar->hva = NULL;
	}
	vfio_rom_destroy(&bars->rom);
	pthread_mutex_destroy(&bars->lock);
}

/* ---- where the guest sees it ---- */

static struct bus *bar_bus(struct vfio_bars *bars, unsigned int index)
{
	return pci_bar_is_io(&bars->function->bars[index]) ? &bars->vm->pio : &bars->vm->mmio;
}

/* True for memory that the guest may read directly, but whose writes are trapped. */
static bool bar_is_readonly(const struct vfio_bar *bar)
{
	return !(bar->region.flags & VFIO_REGION_INFO_FLAG_WRITE);
}

static int bar_place_mapped(struct vfio_bars *bars, const struct vfio_window *window)
{
	const struct vfio_bar *bar = &bars->list[window->bar];
	const struct memory_region memory = {
		.gpa = bars->function->bars[window->bar].addr + window->piece.offset,
		.size = bar_round_up(window->piece.size),
		.hva = (char *)bar->hva + window->piece.offset,
		.fd = bar->region.mmap_fd,
		.fd_offset = bar->region.mmap_offset + window->piece.offset,
		.kind = MEMORY_DEVICE,
		.readonly = bar_is_readonly(bar),
		.owner = bars->device->name,
		.bar = window->bar,
	};

	return memory_add_region(&bars->vm->memory, &memory);
}

static int bar_place_trapped(struct vfio_bars *bars, struct vfio_window *window)
{
	const struct bus_region trapped = {
		bars->function->bars[window->bar].addr + window->piece.offset, window->piece.size,
		window->bar == PCI_BAR_ROM ? &vfio_bar_rom_ops : &vfio_bar_ops, window
	};

	return bus_add_region(bar_bus(bars, window->bar), &trapped);
}

static bool bar_is_trapped(const struct vfio_bar *bar, const struct vfio_piece *piece)
{
	return !piece->mapped || piece->part || piece->loose || bar_is_readonly(bar);
}

/*
 * A piece smaller than a page is mapped only at the start of a page in which nothing else lies. A
 * piece with pending bits is mapped only while no bit is pending.
 */
static bool bar_may_map(const struct vfio_bars *bars, const struct vfio_window *window)
{
	const struct pci_bar *bar = &bars->function->bars[window->bar];

	if (!window->piece.mapped || (window->piece.loose && bars->pending))
		return false;
	return !window->piece.part || (bar->alone && bar->addr == bar_round_up(bar->addr));
}

static void bar_remove(struct vfio_bars *bars, struct vfio_window *window)
{
	uint64_t addr = bars->function->bars[window->bar].addr + window->piece.offset;

	if (window->on_top)
		memory_del_region(&bars->vm->memory, addr);
	window->on_top = false;
	if (bar_is_trapped(&bars->list[window->bar], &window->piece))
		bus_del_region(bar_bus(bars, window->bar), addr);
}

/*
 * A piece may be both mapped and trapped, such as one that is read-only: then the trapped region
 * takes the accesses that the mapping does not.
 */
static int bar_place(struct vfio_bars *bars, struct vfio_window *window)
{
	bool trapped = bar_is_trapped(&bars->list[window->bar], &window->piece);
	int ret = trapped ? bar_place_trapped(bars, window) : 0;

	if (ret < 0 || !bar_may_map(bars, window))
		return ret;
	ret = bar_place_mapped(bars, window);
	window->on_top = ret == 0;
	if (ret < 0)
		bar_remove(bars, window);
	return ret;
}

static void bar_unmap(struct vfio_bars *bars, struct vfio_bar *bar)
{
	while (bar->placed)
		bar_remove(bars, &bar->windows[--bar->placed]);
}

int vfio_bars_map(struct vfio_bars *bars, unsigned int index)
{
	struct vfio_bar *bar = &bars->list[index];
	int ret = 0;

	pthread_mutex_lock(&bars->lock);
	while (bar->placed < bar->window_count && ret == 0) {
		ret = bar_place(bars, &bar->windows[bar->placed]);
		bar->placed += ret == 0;
	}
	if (ret < 0)
		bar_unmap(bars, bar);
	pthread_mutex_unlock(&bars->lock);
	return ret;
}

void vfio_bars_unmap(struct vfio_bars *bars, unsigned int index)
{
	pthread_mutex_lock(&bars->lock);
	bar_unmap(bars, &bars->list[index]);
	pthread_mutex_unlock(&bars->lock);
}

/* ---- pending bits ---- */

bool vfio_bars_have_loose(const struct vfio_bars *bars)
{
	for (unsigned int index = 0; index < PCI_BAR_ROM; index++)
		for (unsigned int i = 0; i < bars->list[index].window_count; i++)
			if (bars->list[index].windows[i].piece.loose)
				return true;
	return false;
}

/* The trapped region below is always there, so no access is lost in between. */
static void bar_look_again(struct vfio_bars *bars, struct vfio_window *window)
{
	bool on_top = bar_may_map(bars, window);

	if (on_top && !window->on_top)
		window->on_top = bar_place_mapped(bars, window) == 0;
	else if (!on_top && window->on_top)
		memory_del_region(&bars->vm->memory,
				  bars->function->bars[window->bar].addr + window->piece.offset);
	window->on_top &= on_top;
}

void vfio_bars_set_pending(struct vfio_bars *bars, bool pending)
{
	pthread_mutex_lock(&bars->lock);
	bars->pending = pending;
	for (unsigned int index = 0; index < PCI_BAR_ROM; index++)
		for (unsigned int i = 0; i < bars->list[index].placed; i++)
			if (bars->list[index].windows[i].piece.loose)
				bar_look_again(bars, &bars->list[index].windows[i]);
	pthread_mutex_unlock(&bars->lock);
}
