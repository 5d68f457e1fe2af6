/* SPDX-License-Identifier: MIT */
#include "pci_windows.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vmm/trace/log.h"

#define GIB (1ull << 30)

/* A BAR of a function, or a window of a bridge, which is placed as if it were one. */
struct pci_bar_ref {
	struct pci_function *function;
	struct pci_bar *bar;
};

/* All BARs of a bus, the largest first, so that natural alignment leaves no gaps. */
struct pci_bar_list {
	struct pci_bar_ref *refs;
	size_t count;
};

/* BARs of the same size stay in the order of functions and registers. */
static int pci_compare_refs(const void *left, const void *right)
{
	const struct pci_bar_ref *a = left, *b = right;
	uint64_t x = a->bar->size, y = b->bar->size;

	if (x != y)
		return x < y ? 1 : -1;
	if (a->function != b->function)
		return a->function->devfn < b->function->devfn ? -1 : 1;
	return a->bar < b->bar ? -1 : 1;
}

/* `bars` are all of the function's own, or all windows of a bridge that is `function`. */
static int pci_list_add(struct pci_bar_list *list, struct pci_function *function,
			struct pci_bar *bars, unsigned int count)
{
	struct pci_bar_ref *grown;

	grown = realloc(list->refs, (list->count + count) * sizeof(*grown));
	if (!grown)
		return log_errno("PCI host bridge", -ENOMEM, "list the BARs");
	list->refs = grown;
	for (unsigned int i = 0; i < count; i++)
		if (bars[i].size)
			list->refs[list->count++] = (struct pci_bar_ref){ function, &bars[i] };
	return 0;
}

static void pci_list_sort(struct pci_bar_list *list)
{
	if (list->count)
		qsort(list->refs, list->count, sizeof(list->refs[0]), pci_compare_refs);
}

/* List the BARs of the root bus. 0 or -ENOMEM, logged. The caller frees the refs in either case. */
static int pci_list_root(const struct pci_host *host, struct pci_bar_list *list)
{
	int ret = 0;

	*list = (struct pci_bar_list){ NULL, 0 };
	for (unsigned int i = 0; i < PCI_HOST_FUNCTIONS && ret == 0; i++)
		if (host->functions[i])
			ret = pci_list_add(list, host->functions[i], host->functions[i]->bars,
					   PCI_BARS);
	for (unsigned int i = 0; i < host->bridge_count && ret == 0; i++)
		ret = pci_list_add(list, &host->bridges[i]->function, host->bridges[i]->windows,
				   PCI_WINDOWS);
	pci_list_sort(list);
	return ret;
}

/* The same for the bus below a bridge. */
static int pci_list_below(struct pci_bridge *bridge, struct pci_bar_list *list)
{
	int ret = 0;

	*list = (struct pci_bar_list){ NULL, 0 };
	for (unsigned int i = 0; i < PCI_BRIDGE_FUNCTIONS && ret == 0; i++)
		if (bridge->below[i])
			ret = pci_list_add(list, bridge->below[i], bridge->below[i]->bars,
					   PCI_BARS);
	pci_list_sort(list);
	return ret;
}

/* Host pages are mapped as a whole, so a memory BAR takes at least one. */
static uint64_t pci_bar_room(const struct pci_bar *bar)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);

	return !pci_bar_is_io(bar) && bar->size < page ? page : bar->size;
}

struct pci_demand {
	uint64_t total;
	uint64_t largest;
};

/* Sum up the 64-bit BARs. 0, or -ENOSPC if the sum does not fit into 64 bits. */
static int pci_sum_demand(const struct pci_bar_list *list, struct pci_demand *demand)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct pci_bar *bar = list->refs[i].bar;
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

/*
 * True if the demand fits below `end`, from the next multiple of its largest BAR above `base` on.
 */
static bool pci_window_fits(const struct pci_demand *demand, uint64_t *base, uint64_t end)
{
	uint64_t mask = demand->largest - 1, top;

	if (__builtin_add_overflow(*base, mask, &top))
		return false;
	*base = top & ~mask;
	return !__builtin_add_overflow(*base, demand->total, &top) && top <= end;
}

/*
 * Find the lowest place above RAM that DMA can reach. If there is none, because the IOMMU has fewer
 * address bits than the CPU and the BARs are large, the CPU's limit decides, and only peer-to-peer
 * DMA cannot reach the BARs.
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
			  ", but this CPU can address %u bits only",
			  demand.total >> 20, base, arch_gpa_bits());
		return -ENOSPC;
	}
	host->mmio64 = (struct arch_range){ base, (demand.total + GIB - 1) & ~(GIB - 1) };
	if (host->mmio64.base + host->mmio64.size > end)
		host->mmio64.size = end - base;
	return 0;
}

/* The window of the host bridge that firmware puts a BAR into. */
static enum pci_window pci_root_window_of(const struct pci_bar *bar)
{
	if (pci_bar_is_io(bar))
		return PCI_WINDOW_IO;
	return pci_bar_is_64(bar) ? PCI_WINDOW_PREFETCHABLE : PCI_WINDOW_MEMORY;
}

static int pci_refuse_bar(const struct pci_bar_ref *ref, enum pci_window window)
{
	static const char *const names[PCI_WINDOWS] = {
		[PCI_WINDOW_IO] = "I/O",
		[PCI_WINDOW_MEMORY] = "32-bit",
		[PCI_WINDOW_PREFETCHABLE] = "64-bit",
	};
	const struct pci_function *function = ref->function;
	char what[24] = "what is below it";

	if (ref->bar >= function->bars && ref->bar < function->bars + PCI_BARS)
		snprintf(what, sizeof(what), "BAR %u", (unsigned int)(ref->bar - function->bars));
	log_error(function->name,
		  "%s of %#" PRIx64 " bytes does not fit into the guest's %s window", what,
		  ref->bar->size, names[window]);
	return -ENOSPC;
}

static bool pci_take_room(struct arch_range *range, struct pci_bar *bar)
{
	uint64_t align = pci_bar_room(bar);
	uint64_t base = (range->base + align - 1) & ~(align - 1);
	uint64_t skipped = base - range->base;

	if (skipped > range->size || align > range->size - skipped)
		return false;
	bar->assigned = base;
	range->base = base + align;
	range->size -= skipped + align;
	return true;
}

static int pci_assign_bar(struct arch_range *range, const struct pci_bar_ref *ref,
			  enum pci_window window)
{
	return pci_take_room(range, ref->bar) ? 0 : pci_refuse_bar(ref, window);
}

/* A bridge's window of I/O ports, which is 4096 of them at least. */
static bool pci_is_io_window(const struct pci_bar_ref *ref)
{
	const struct pci_bar *bars = ref->function->bars;

	return pci_bar_is_io(ref->bar) && (ref->bar < bars || ref->bar >= bars + PCI_BARS);
}

/*
 * There are too few I/O ports for many bridges, so theirs come last, and a bridge that finds none
 * left forwards none; pci_goes_without() says so of the BARs below.
 */
static void pci_assign_io_windows(struct arch_range *range, const struct pci_bar_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		if (pci_is_io_window(&list->refs[i]) && !pci_take_room(range, list->refs[i].bar))
			list->refs[i].bar->size = 0;
}

static int pci_assign_list(struct pci_host *host, const struct pci_bar_list *list)
{
	int ret = pci_size_mmio64(host, list);
	struct arch_range left[PCI_WINDOWS] = {
		[PCI_WINDOW_IO] = host->io,
		[PCI_WINDOW_MEMORY] = host->mmio32,
		[PCI_WINDOW_PREFETCHABLE] = host->mmio64,
	};

	for (size_t i = 0; i < list->count && ret == 0; i++) {
		enum pci_window window = pci_root_window_of(list->refs[i].bar);

		if (!pci_is_io_window(&list->refs[i]))
			ret = pci_assign_bar(&left[window], &list->refs[i], window);
	}
	if (ret == 0)
		pci_assign_io_windows(&left[PCI_WINDOW_IO], list);
	return ret;
}

/* ---- below bridges ---- */

int pci_windows_needed(struct pci_bridge *bridge, uint64_t needed[PCI_WINDOWS])
{
	struct pci_bar_list list;
	int ret = pci_list_below(bridge, &list);

	memset(needed, 0, PCI_WINDOWS * sizeof(needed[0]));
	for (size_t i = 0; i < list.count && ret == 0; i++)
		needed[pci_bridge_window_of(list.refs[i].bar)] += pci_bar_room(list.refs[i].bar);
	free(list.refs);
	return ret;
}

/*
 * A window has room for everything below, and at least its smallest size for devices that are
 * plugged in later. The size is a power of two, so that a window is placed like a BAR; this costs
 * only addresses.
 */
static void pci_size_windows(struct pci_bridge *bridge, const uint64_t needed[PCI_WINDOWS])
{
	for (unsigned int window = 0; window < PCI_WINDOWS; window++) {
		uint64_t size = pci_bridge_granularity(window);

		while (size < needed[window] && size << 1)
			size <<= 1;
		if (needed[window] && size > bridge->windows[window].size)
			bridge->windows[window].size = size;
	}
}

/*
 * There are few I/O ports, so an empty port forwards none. PCI Express Base 1.3.2.2: an endpoint
 * must work without.
 */
static bool pci_goes_without(const struct pci_bridge *bridge, const struct pci_bar *bar)
{
	return pci_bar_is_io(bar) && bridge->windows[PCI_WINDOW_IO].size == 0;
}

static int pci_assign_below(struct pci_bridge *bridge, const struct pci_bar_list *list)
{
	struct arch_range left[PCI_WINDOWS];
	int ret = 0;

	for (unsigned int window = 0; window < PCI_WINDOWS; window++)
		left[window] = (struct arch_range){ bridge->windows[window].assigned,
						    bridge->windows[window].size };
	for (size_t i = 0; i < list->count && ret == 0; i++) {
		const struct pci_bar_ref *ref = &list->refs[i];
		enum pci_window window = pci_bridge_window_of(ref->bar);

		if (pci_goes_without(bridge, ref->bar))
			log_info(ref->function->name, "its root port has no I/O ports for BAR %td",
				 ref->bar - ref->function->bars);
		else
			ret = pci_assign_bar(&left[window], ref, window);
	}
	return ret;
}

static int pci_size_bridges(struct pci_host *host)
{
	int ret = 0;

	for (unsigned int i = 0; i < host->bridge_count && ret == 0; i++) {
		uint64_t needed[PCI_WINDOWS];

		ret = pci_windows_needed(host->bridges[i], needed);
		if (ret == 0)
			pci_size_windows(host->bridges[i], needed);
	}
	return ret;
}

int pci_windows_assign_below(struct pci_bridge *bridge)
{
	struct pci_bar_list list;
	int ret = pci_list_below(bridge, &list);

	if (ret == 0)
		ret = pci_assign_below(bridge, &list);
	free(list.refs);
	for (unsigned int i = 0; i < PCI_BRIDGE_FUNCTIONS && ret == 0; i++)
		if (bridge->below[i])
			pci_reset(bridge->below[i]);
	return ret;
}

/* ---- all ---- */

static int pci_assign_root(struct pci_host *host)
{
	struct pci_bar_list list;
	int ret = pci_list_root(host, &list);

	if (ret == 0)
		ret = pci_assign_list(host, &list);
	free(list.refs);
	for (unsigned int i = 0; i < PCI_HOST_FUNCTIONS && ret == 0; i++)
		if (host->functions[i])
			pci_reset(host->functions[i]);
	return ret;
}

int pci_windows_assign_bars(struct pci_host *host)
{
	int ret = pci_size_bridges(host);

	if (ret == 0)
		ret = pci_assign_root(host);
	for (unsigned int i = 0; i < host->bridge_count && ret == 0; i++) {
		pci_bridge_reset(host->bridges[i]);
		ret = pci_windows_assign_below(host->bridges[i]);
	}
	return ret;
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
