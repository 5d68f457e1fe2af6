/* SPDX-License-Identifier: MIT */
#include "pci_windows.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "vmm/trace/log.h"

#define GIB (1ull << 30)

/* A BAR of a function. */
struct pci_bar_ref {
	struct pci_function *function;
	unsigned int bar;
};

/* All BARs of a bus, the largest first, so that natural alignment leaves no gaps. */
struct pci_bar_list {
	struct pci_bar_ref *refs;
	size_t count;
};

static uint64_t pci_ref_size(const struct pci_bar_ref *ref)
{
	return ref->function->bars[ref->bar].size;
}

/* Those of one size in the order of functions and registers. */
static int pci_compare_refs(const void *left, const void *right)
{
	const struct pci_bar_ref *a = left, *b = right;
	uint64_t x = pci_ref_size(a), y = pci_ref_size(b);

	if (x != y)
		return x < y ? 1 : -1;
	if (a->function != b->function)
		return a->function->devfn < b->function->devfn ? -1 : 1;
	return a->bar < b->bar ? -1 : 1;
}

static int pci_list_function(struct pci_bar_list *list, struct pci_function *function)
{
	struct pci_bar_ref *grown;

	grown = realloc(list->refs, (list->count + PCI_BARS) * sizeof(*grown));
	if (!grown)
		return log_errno("PCI host bridge", -ENOMEM, "list the BARs");
	list->refs = grown;
	for (unsigned int bar = 0; bar < PCI_BARS; bar++)
		if (function->bars[bar].size)
			list->refs[list->count++] = (struct pci_bar_ref){ function, bar };
	return 0;
}

/* 0 or -ENOMEM, logged. The refs are the caller's to free either way. */
static int pci_list_bars(const struct pci_host *host, struct pci_bar_list *list)
{
	int ret = 0;

	*list = (struct pci_bar_list){ NULL, 0 };
	for (unsigned int i = 0; i < PCI_HOST_FUNCTIONS && ret == 0; i++)
		if (host->functions[i])
			ret = pci_list_function(list, host->functions[i]);
	if (ret == 0 && list->count)
		qsort(list->refs, list->count, sizeof(list->refs[0]), pci_compare_refs);
	return ret;
}

/* Host pages are mapped whole: a memory BAR takes up one at least. */
static uint64_t pci_bar_room(const struct pci_bar *bar)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);

	return !pci_bar_is_io(bar) && bar->size < page ? page : bar->size;
}

struct pci_demand {
	uint64_t total;
	uint64_t largest;
};

/* Of the 64-bit BARs. 0, or -ENOSPC where the sum is no 64-bit number. */
static int pci_sum_demand(const struct pci_bar_list *list, struct pci_demand *demand)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct pci_bar *bar = &list->refs[i].function->bars[list->refs[i].bar];
		uint64_t size = pci_bar_room(bar);

		if (!pci_bar_is_64(bar))
			continue;
		if (__builtin_add_overflow(demand->total, size, &demand->total))
			return -ENOSPC;
		if (size > demand->largest)
			demand->largest = size;
	}
	return 0;
}

/* First address above all RAM. */
static uint64_t pci_ram_end(struct pci_host *host)
{
	uint64_t low = arch_layout.ram_low.size, size = memory_ram_size(&host->vm->memory);

	return size > low ? arch_ram_high(size - low) + (size - low) : arch_layout.ram_high;
}

void pci_windows_set_reach(struct pci_host *host, const struct arch_range *reach,
			   unsigned int count)
{
	host->reach = reach;
	host->reach_count = count;
}

/* Whether the demand fits below `end`, from `base` or the next multiple of its largest BAR on. */
static bool pci_window_fits(const struct pci_demand *demand, uint64_t *base, uint64_t end)
{
	uint64_t mask = demand->largest - 1, top;

	if (__builtin_add_overflow(*base, mask, &top))
		return false;
	*base = top & ~mask;
	return !__builtin_add_overflow(*base, demand->total, &top) && top <= end;
}

/*
 * The lowest place above RAM that DMA reaches. Should there be none - an IOMMU narrower than the
 * CPU, and BARs that large - the CPU's view decides: only peer-to-peer DMA misses them then.
 */
static bool pci_place_window(const struct pci_host *host, const struct pci_demand *demand,
			     uint64_t *base, uint64_t *end)
{
	uint64_t ram_end = *base, limit = *end;

	for (unsigned int i = 0; i < host->reach_count; i++) {
		const struct arch_range *reach = &host->reach[i];
		uint64_t top;

		if (__builtin_add_overflow(reach->base, reach->size, &top) || top > limit)
			top = limit;
		*base = reach->base > ram_end ? reach->base : ram_end;
		*end = top;
		if (pci_window_fits(demand, base, top))
			return true;
	}
	*base = ram_end;
	*end = limit;
	return pci_window_fits(demand, base, limit);
}

/*
 * The 64-bit window starts above RAM at a multiple of its largest BAR (1 GiB at least, the largest
 * page a CPU or IOMMU knows) and must end below what the CPU can address.
 */
static int pci_size_mmio64(struct pci_host *host, const struct pci_bar_list *list)
{
	struct pci_demand demand = { 0, GIB };
	uint64_t base = pci_ram_end(host), end = 1ull << arch_gpa_bits();
	int ret = pci_sum_demand(list, &demand);

	if (ret == 0 && demand.total == 0)
		return 0;
	if (ret < 0 || !pci_place_window(host, &demand, &base, &end)) {
		log_error("PCI host bridge",
			  "64-bit BARs need %" PRIu64 " MiB above %#" PRIx64
			  ", this CPU addresses %u bits",
			  demand.total >> 20, base, arch_gpa_bits());
		return -ENOSPC;
	}
	host->mmio64 = (struct arch_range){ base, (demand.total + GIB - 1) & ~(GIB - 1) };
	if (host->mmio64.base + host->mmio64.size > end)
		host->mmio64.size = end - base;
	return 0;
}

/* What is left of each window. */
struct pci_windows {
	struct arch_range mmio32, mmio64, io;
};

static int pci_assign_bar(struct pci_windows *left, const struct pci_bar_ref *ref)
{
	struct pci_bar *b = &ref->function->bars[ref->bar];
	struct arch_range *range = pci_bar_is_io(b)   ? &left->io
				   : pci_bar_is_64(b) ? &left->mmio64
						      : &left->mmio32;
	uint64_t align = pci_bar_room(b);
	uint64_t base = (range->base + align - 1) & ~(align - 1);
	uint64_t skipped = base - range->base;

	if (skipped > range->size || align > range->size - skipped) {
		log_error(ref->function->name,
			  "BAR %u of %#" PRIx64 " bytes does not fit into the guest's %s window",
			  ref->bar, b->size,
			  pci_bar_is_io(b)   ? "I/O"
			  : pci_bar_is_64(b) ? "64-bit"
					     : "32-bit");
		return -ENOSPC;
	}
	b->assigned = base;
	range->base = base + align;
	range->size -= skipped + align;
	return 0;
}

static int pci_assign_list(struct pci_host *host, const struct pci_bar_list *list)
{
	struct pci_windows left;
	int ret = pci_size_mmio64(host, list);

	left = (struct pci_windows){ host->mmio32, host->mmio64, host->io };
	for (size_t i = 0; i < list->count && ret == 0; i++)
		ret = pci_assign_bar(&left, &list->refs[i]);
	return ret;
}

int pci_windows_assign_bars(struct pci_host *host)
{
	struct pci_bar_list list;
	int ret = pci_list_bars(host, &list);

	if (ret == 0)
		ret = pci_assign_list(host, &list);
	free(list.refs);
	if (ret < 0)
		return ret;
	for (unsigned int i = 0; i < PCI_HOST_FUNCTIONS; i++)
		if (host->functions[i])
			pci_reset(host->functions[i]);
	return 0;
}

/* The last address that DMA reaches. */
static uint64_t pci_reach_last(const struct pci_host *host)
{
	const struct arch_range *last;

	if (host->reach_count == 0)
		return UINT64_MAX;
	last = &host->reach[host->reach_count - 1];
	return last->base + (last->size - 1);
}

unsigned int pci_windows_gpa_bits(struct pci_host *host, unsigned int most)
{
	unsigned int bits = arch_gpa_bits() < most ? arch_gpa_bits() : most;
	uint64_t needed =
		host->mmio64.size ? host->mmio64.base + host->mmio64.size : pci_ram_end(host);

	while (bits > 32 && (1ull << bits) - 1 > pci_reach_last(host))
		bits--;
	while (1ull << bits < needed)
		bits++;
	return bits;
}

void pci_windows_widen(struct pci_host *host, unsigned int gpa_bits)
{
	uint64_t low = memory_ram_size(&host->vm->memory), high = pci_ram_end(host);

	if (low > arch_layout.ram_low.size)
		low = arch_layout.ram_low.size;
	host->mmio32.base = arch_layout.ram_low.base + low;
	host->mmio32.size = arch_layout.ecam.base - host->mmio32.base;
	host->mmio64 = (struct arch_range){ high, (1ull << gpa_bits) - high };
}
