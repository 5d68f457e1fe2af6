/* SPDX-License-Identifier: MIT */
#include "guest_ram.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "core/arch.h"
#include "cpu_list.h"
#include "ram_bank.h"
#include "vfio/host/look/host_pages.h"
#include "vmm/trace/log.h"

#define MIB_SHIFT 20

/* KVM counts the pages of a memory slot in 31 bits: 8 TiB less one page (KVM_MEM_MAX_NR_PAGES). */
#define RAM_BANK_MAX (((uint64_t)1 << 43) - 4096)

uint64_t ram_end(uint64_t size)
{
	uint64_t low = arch_layout.ram_low.size;

	return size > low ? arch_ram_high(size - low) + (size - low)
			  : arch_layout.ram_low.base + size;
}

uint64_t ram_huge_page(uint64_t wanted)
{
	return wanted == RAM_HUGE_DEFAULT ? host_default_huge_page() : wanted;
}

/* Check that each bank is a whole number of huge pages. 0 or -EINVAL, logged. */
static int ram_check_pages(uint64_t size, uint64_t huge_page)
{
	if (!huge_page || (size % huge_page == 0 && arch_layout.ram_low.size % huge_page == 0))
		return 0;
	log_error("--memory",
		  "%" PRIu64 " MiB: expected a multiple of the %" PRIu64
		  " MiB that a huge page has",
		  size >> MIB_SHIFT, huge_page >> MIB_SHIFT);
	return -EINVAL;
}

int ram_check_size(uint64_t size, uint64_t wanted)
{
	uint64_t low = arch_layout.ram_low.size;

	if (size > low && ram_end(size) > 1ull << arch_gpa_bits()) {
		log_error("--memory",
			  "%" PRIu64 " MiB are more than this CPU can address with %u bits",
			  size >> MIB_SHIFT, arch_gpa_bits());
		return -EINVAL;
	}
	if (size > low && size - low > RAM_BANK_MAX) {
		log_error("--memory",
			  "%" PRIu64 " MiB: KVM takes less than %" PRIu64
			  " MiB in one piece above %" PRIu64 " MiB",
			  size >> MIB_SHIFT, (RAM_BANK_MAX >> MIB_SHIFT) + 1, low >> MIB_SHIFT);
		return -EINVAL;
	}
	return ram_check_pages(size, ram_huge_page(wanted));
}

/* Each thread runs on a CPU that is next to the memory that it populates. */
static void ram_populate(const struct ram *ram, struct prefault *job, void *hva, uint64_t size)
{
	struct cpu_list near;
	char text[256];

	if (ram->node < 0 || host_read_node_cpus(ram->node, text, sizeof(text)) < 0 ||
	    cpu_list_parse(&near, text) < 0)
		near.count = 0;
	prefault_start(job, hva, size, ram->huge_page, &near);
}

static int ram_add_bank(struct ram *ram, struct memory *memory, const struct ram_options *options,
			uint64_t gpa, uint64_t size)
{
	struct prefault *job = &ram->banks[gpa != arch_layout.ram_low.base];
	const struct ram_backing backing = { options->shared, ram->huge_page, options->node };
	int ret = ram_bank_add(memory, &backing, gpa, size);

	if (ret == 0 && options->pinned)
		ram_populate(ram, job, memory_ram_ptr(memory, gpa, size), size);
	return ret;
}

int ram_add(struct ram *ram, struct memory *memory, const struct ram_options *options)
{
	uint64_t low = arch_layout.ram_low.size;
	int ret;

	ram->node = options->node;
	ram->huge_page = ram_huge_page(options->huge_page);
	if (options->size <= low)
		return ram_add_bank(ram, memory, options, arch_layout.ram_low.base, options->size);
	ret = ram_add_bank(ram, memory, options, arch_layout.ram_low.base, low);
	if (ret < 0)
		return ret;
	return ram_add_bank(ram, memory, options, arch_ram_high(options->size - low),
			    options->size - low);
}

int ram_wait(struct ram *ram)
{
	int ret = 0;

	for (unsigned int bank = 0; bank < RAM_BANKS && ret == 0; bank++)
		if (ram->banks[bank].size)
			ret = prefault_finish(&ram->banks[bank]);
	return ret;
}

void ram_cancel(struct ram *ram)
{
	for (unsigned int bank = 0; bank < RAM_BANKS; bank++)
		prefault_cancel(&ram->banks[bank]);
}

void ram_print(const struct ram *ram, struct memory *memory, FILE *out)
{
	fprintf(out, "guest RAM: %" PRIu64 " MiB", memory_ram_size(memory) >> MIB_SHIFT);
	if (ram->huge_page)
		fprintf(out, " in huge pages of %" PRIu64 " MiB", ram->huge_page >> MIB_SHIFT);
	if (ram->node >= 0)
		fprintf(out, ", on NUMA node %d if it has room", ram->node);
	fputc('\n', out);
}
