/* SPDX-License-Identifier: MIT */
#include "ram_bank.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/memfd.h>
#include <linux/mempolicy.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "vmm/trace/log.h"

/* Transparent huge pages of x86-64 and of arm64 with 4 KiB pages. */
#define RAM_HUGE_PAGE (2ull << 20)

#define RAM_NODES_MAX 1024 /* no kernel is built for more NUMA nodes */

/* If the node cannot be preferred, the memory is only farther away, so the start goes on. */
static void ram_prefer_node(void *hva, uint64_t size, int node)
{
	unsigned long nodes[RAM_NODES_MAX / 64] = { 0 };

	if (node < 0 || node >= RAM_NODES_MAX)
		return;
	nodes[node / 64] = 1ul << (node % 64);
	syscall(SYS_mbind, hva, size, MPOL_PREFERRED, nodes, RAM_NODES_MAX, 0);
}

/*
 * Map memory, anonymous or of the file `fd`. Guest-physical and host-virtual addresses are equal
 * modulo the size of a huge page, so that one huge page can back both. NULL, with errno, on
 * failure.
 */
static void *ram_bank_map(const struct ram_backing *backing, uint64_t gpa, uint64_t size, int fd)
{
	const uint64_t page = backing->huge_page ? backing->huge_page : RAM_HUGE_PAGE;
	const int prot = PROT_READ | PROT_WRITE;
	void *ram = memory_reserve(size, page, gpa, prot);

	if (!ram)
		return NULL;
	if (fd >= 0 && mmap(ram, size, prot, MAP_SHARED | MAP_FIXED, fd, 0) == MAP_FAILED) {
		int err = errno;

		munmap(ram, size);
		errno = err;
		return NULL;
	}
	ram_prefer_node(ram, size, backing->node);
	if (!backing->huge_page)
		madvise(ram, size, MADV_HUGEPAGE);
	/*
	 * The guest's memory must not get into a core file, or into programs that minivmm starts.
	 */
	madvise(ram, size, MADV_DONTDUMP);
	madvise(ram, size, MADV_DONTFORK);
	return ram;
}

/*
 * Create a file that is sealed, so that a process that gets it cannot shrink it, which would make
 * accesses of the guest and of minivmm fault. Returns a file descriptor, or -errno.
 */
static int ram_bank_create_file(const struct ram_backing *backing, uint64_t size)
{
	unsigned int flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
	int ret = 0, fd;

	if (backing->huge_page) /* the size as a power of two, memfd_create(2) */
		flags |= MFD_HUGETLB | (unsigned int)__builtin_ctzll(backing->huge_page)
					       << MFD_HUGE_SHIFT;
	fd = memfd_create("guest RAM", flags);
	if (fd < 0)
		return -errno;
	if (ftruncate(fd, (off_t)size) < 0 ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0)
		ret = -errno;
	if (ret == 0)
		return fd;
	close(fd);
	return ret;
}

int ram_bank_add(struct memory *memory, const struct ram_backing *backing, uint64_t gpa,
		 uint64_t size)
{
	struct memory_region region = { .gpa = gpa, .size = size, .fd = -1, .kind = MEMORY_RAM };
	int ret;

	if (backing->shared || backing->huge_page) {
		region.fd = ram_bank_create_file(backing, size);
		if (region.fd < 0)
			return log_errno("guest RAM", region.fd, "a file of %" PRIu64 " MiB",
					 size >> 20);
	}
	region.hva = ram_bank_map(backing, gpa, size, region.fd);
	if (!region.hva) {
		ret = log_errno("guest RAM", -errno, "mmap of %" PRIu64 " MiB", size >> 20);
	} else {
		ret = memory_add_region(memory, &region);
		if (ret < 0)
			munmap(region.hva, size);
	}
	if (ret < 0 && region.fd >= 0)
		close(region.fd);
	return ret;
}
