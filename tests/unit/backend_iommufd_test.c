/* SPDX-License-Identifier: MIT */
/* vfio/backend/backend_iommufd.c: what it asks the kernel, which is this file's ioctl(). */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "call_log.h"
#include "fake_kvm.h"
#include "stderr_text.h"
#include "unit.h"
#include "vfio/backend/backend_kernel.h"
#include "vfio/backend/iommufd_abi.h"

#define BDF  "0000:01:00.0"
#define IOAS 7u

/* What the kernel answers. */
static struct {
	unsigned long fails; /* this request ... */
	int err;             /* ... with this */
	uint32_t ranges;
	uint32_t reset_flags;
	uint32_t dependents;
	struct vfio_pci_dependent_device devices[3];
} kernel;

struct world {
	struct vfio_space_request space_request;
	struct vfio_space space;
	struct vfio_device_request request;
	struct vfio_device device;
	struct stderr_text caught;
};

static int answer_ranges(struct iommu_ioas_iova_ranges *query)
{
	struct iommu_iova_range *ranges = (void *)(uintptr_t)query->allowed_iovas;
	uint32_t room = query->num_iovas;

	ck_assert_uint_eq(query->size, sizeof(*query));
	ck_assert_uint_eq(query->ioas_id, IOAS);
	for (uint32_t i = 0; i < room && i < kernel.ranges; i++)
		ranges[i] = (struct iommu_iova_range){ i * 0x10000ull, i * 0x10000ull + 0xfff };
	query->num_iovas = kernel.ranges;
	return room < kernel.ranges ? -EMSGSIZE : 0;
}

static int answer_hot_reset_info(struct vfio_pci_hot_reset_info *info)
{
	info->count = kernel.dependents;
	info->flags = kernel.reset_flags | VFIO_PCI_HOT_RESET_FLAG_DEV_ID;
	if (info->argsz < sizeof(*info) + kernel.dependents * sizeof(info->devices[0]))
		return -ENOSPC;
	memcpy(info->devices, kernel.devices, kernel.dependents * sizeof(info->devices[0]));
	return 0;
}

static int answer_map(const struct iommu_ioas_map *map)
{
	ck_assert_uint_eq(map->size, sizeof(*map));
	calls_add("map %#llx + %#llx at %#llx for %s, IOAS %u", (unsigned long long)map->iova,
		  (unsigned long long)map->length, (unsigned long long)map->user_va,
		  map->flags == 7   ? "reading and writing"
		  : map->flags == 5 ? "reading"
				    : "what?",
		  map->ioas_id);
	return 0;
}

/* Whether the page at `offset` of a file is there: holes are data to nobody. */
static bool file_has(int fd, off_t offset)
{
	return lseek(fd, offset, SEEK_DATA) == offset;
}

/* The kernel would fill a hole itself, and not as minivmm wants it. */
static int answer_map_file(const struct iommu_ioas_map_file *map)
{
	ck_assert_uint_eq(map->size, sizeof(*map));
	for (uint64_t at = 0; at < map->length; at += 4096)
		ck_assert(file_has(map->fd, (off_t)(map->start + at)));
	calls_add("map %#llx + %#llx at %#llx of the file for %s, IOAS %u",
		  (unsigned long long)map->iova, (unsigned long long)map->length,
		  (unsigned long long)map->start, map->flags == 7 ? "reading and writing" : "what?",
		  map->ioas_id);
	return 0;
}

static int answer_unmap(const struct iommu_ioas_unmap *unmap)
{
	ck_assert_uint_eq(unmap->size, sizeof(*unmap));
	calls_add("unmap %#llx + %#llx, IOAS %u", (unsigned long long)unmap->iova,
		  (unsigned long long)unmap->length, unmap->ioas_id);
	return 0;
}

static int answer_bind(const struct vfio_device_bind_iommufd *bind)
{
	ck_assert_uint_eq(bind->argsz, sizeof(*bind));
	ck_assert_uint_eq(bind->flags, 0);
	ck_assert_int_ge(fcntl(bind->iommufd, F_GETFD), 0);
	calls_add("bind");
	return 0;
}

static int answer(int fd, unsigned long request, unsigned long arg)
{
	void *data = (void *)arg;

	(void)fd;
	if (request == kernel.fails)
		return kernel.err;
	switch (request) {
	case IOMMU_IOAS_ALLOC:
		((struct iommu_ioas_alloc *)data)->out_ioas_id = IOAS;
		calls_add("new IOAS");
		return 0;
	case IOMMU_DESTROY:
		calls_add("destroy %u", ((struct iommu_destroy *)data)->id);
		return 0;
	case IOMMU_IOAS_IOVA_RANGES:
		return answer_ranges(data);
	case IOMMU_IOAS_MAP:
		return answer_map(data);
	case IOMMU_IOAS_MAP_FILE:
		return answer_map_file(data);
	case IOMMU_IOAS_UNMAP:
		return answer_unmap(data);
	case VFIO_DEVICE_BIND_IOMMUFD:
		return answer_bind(data);
	case VFIO_DEVICE_ATTACH_IOMMUFD_PT:
		calls_add("attach to %u", ((struct vfio_device_attach_iommufd_pt *)data)->pt_id);
		return 0;
	case VFIO_DEVICE_DETACH_IOMMUFD_PT:
		calls_add("detach");
		return 0;
	case VFIO_DEVICE_GET_PCI_HOT_RESET_INFO:
		return answer_hot_reset_info(data);
	case VFIO_DEVICE_PCI_HOT_RESET:
		calls_add("hot reset, %u files", ((struct vfio_pci_hot_reset *)data)->count);
		return 0;
	default:
		calls_add("ioctl %#lx", request);
		return 0;
	}
}

static int tell_kvm(struct vfio_device *device)
{
	calls_add("tell KVM of %s",
		  device->kvm_file == kernel_file(device) ? "the device" : "what?");
	return 0;
}

/* Both files are open already, as for a user who may open neither. */
static void begin(struct world *world)
{
	memset(&kernel, 0, sizeof(kernel));
	memset(world, 0, sizeof(*world));
	fake_kvm_begin();
	fake_kvm_set_other(answer);
	world->space_request.fd = eventfd(0, EFD_CLOEXEC);
	world->space = (struct vfio_space){ .backend = &vfio_backend_iommufd };
	world->request = (struct vfio_device_request){
		.name = BDF, .group = 3, .cdev = 0, .fd = eventfd(0, EFD_CLOEXEC)
	};
	world->device = (struct vfio_device){
		.backend = &vfio_backend_iommufd, .name = BDF, .kvm_file = -1, .tell_kvm = tell_kvm
	};
}

static void open_space(struct world *world)
{
	ck_assert_int_eq(vfio_backend_iommufd.space_open(&world->space, &world->space_request), 0);
	calls_expect("new IOAS\n");
}

static int open_device(struct world *world)
{
	int ret;

	stderr_begin(&world->caught);
	ret = vfio_backend_iommufd.dev_open(&world->space, &world->device, &world->request);
	stderr_end(&world->caught);
	return ret;
}

/* Each is called twice, because each is idempotent. */
static void end(struct world *world)
{
	vfio_backend_iommufd.dev_close(&world->device);
	vfio_backend_iommufd.dev_close(&world->device);
	vfio_backend_iommufd.space_close(&world->space);
	vfio_backend_iommufd.space_close(&world->space);
	ck_assert_ptr_null(world->device.priv);
	ck_assert_int_eq(world->device.kvm_file, -1);
	ck_assert_ptr_null(world->space.priv);
	fake_kvm_end();
}

START_TEST(rule_23_kvm_before_the_device)
{
	static struct world world;
	int files[2];

	begin(&world);
	files[0] = world.space_request.fd;
	files[1] = world.request.fd;
	open_space(&world);
	ck_assert_int_eq(open_device(&world), 0);
	calls_expect("tell KVM of the device\nbind\nattach to 7\n");
	end(&world);
	calls_expect("detach\ndestroy 7\n");
	for (size_t i = 0; i < UNIT_COUNT(files); i++)
		ck_assert_int_eq(fcntl(files[i], F_GETFD), -1);
}
END_TEST

/* Which request fails, what is said then, and what had been done by then. */
static const struct {
	unsigned long request;
	int err;
	const char *words, *calls;
} failures[] = {
	{ VFIO_DEVICE_BIND_IOMMUFD, -EBUSY, "  fix: sudo fuser -v", "tell KVM of the device\n" },
	{ VFIO_DEVICE_BIND_IOMMUFD, -EINVAL,
	  "  fix: open /dev/vfio/devices/vfio0 anew for each start", "tell KVM of the device\n" },
	{ VFIO_DEVICE_ATTACH_IOMMUFD_PT, -EPERM, "no interrupt remapping",
	  "tell KVM of the device\nbind\n" },
	{ VFIO_DEVICE_ATTACH_IOMMUFD_PT, -ENOMEM,
	  "minivmm: error: " BDF ": VFIO_DEVICE_ATTACH_IOMMUFD_PT: Cannot allocate memory",
	  "tell KVM of the device\nbind\n" },
};

START_TEST(failed_opening_is_explained)
{
	static struct world world;

	begin(&world);
	open_space(&world);
	kernel.fails = failures[_i].request;
	kernel.err = failures[_i].err;
	ck_assert_int_eq(open_device(&world), failures[_i].err);
	stderr_holds(&world.caught, failures[_i].words);
	calls_expect(failures[_i].calls);
	end(&world);
	calls_expect("destroy 7\n");
}
END_TEST

START_TEST(space_that_cannot_be)
{
	static struct world world;

	begin(&world);
	kernel.fails = IOMMU_IOAS_ALLOC;
	kernel.err = -ENOTTY;
	stderr_begin(&world.caught);
	ck_assert_int_eq(vfio_backend_iommufd.space_open(&world.space, &world.space_request),
			 -ENOTTY);
	stderr_end(&world.caught);
	stderr_holds(&world.caught, "minivmm: error: /dev/iommu: IOMMU_IOAS_ALLOC");
	end(&world);
	calls_expect(""); /* nothing to destroy */
}
END_TEST

/* The kernel takes a token only if the device was named through its group. */
START_TEST(token_needs_the_group)
{
	static struct world world;

	begin(&world);
	open_space(&world);
	world.request.vf_token = "2ab74924-c335-45f4-9b16-8569e5b08258";
	ck_assert_int_eq(open_device(&world), -ENOTSUP);
	stderr_holds(&world.caught, "  fix: --vfio " BDF ",iommufd=off,vf-token=2ab74924");
	calls_expect("");
	end(&world);
}
END_TEST

START_TEST(files_that_are_not_there)
{
	static struct world world;

	begin(&world);
	open_space(&world);
	close(world.request.fd);
	world.request.fd = -1;
	world.request.cdev = 4711;
	ck_assert_int_eq(open_device(&world), -ENOENT);
	stderr_holds(&world.caught, "minivmm: error: /dev/vfio/devices/vfio4711: open: No such");
	end(&world);
}
END_TEST

/* ---- DMA ---- */

START_TEST(rule_19_maps_where_it_is_told)
{
	static struct world world;
	struct vfio_dma dma = {
		.iova = 0x100000000, .size = 0x200000, .hva = (void *)0x7f000000, .fd = -1
	};

	begin(&world);
	open_space(&world);
	ck_assert_int_eq(vfio_backend_iommufd.dma_map(&world.space, &dma), 0);
	dma.readonly = true;
	ck_assert_int_eq(vfio_backend_iommufd.dma_map(&world.space, &dma), 0);
	ck_assert_int_eq(vfio_backend_iommufd.dma_unmap(&world.space, dma.iova, dma.size), 0);
	calls_expect("map 0x100000000 + 0x200000 at 0x7f000000 for reading and writing, IOAS 7\n"
		     "map 0x100000000 + 0x200000 at 0x7f000000 for reading, IOAS 7\n"
		     "unmap 0x100000000 + 0x200000, IOAS 7\n");
	kernel.fails = IOMMU_IOAS_MAP;
	kernel.err = -ENOMEM;
	ck_assert_int_eq(vfio_backend_iommufd.dma_map(&world.space, &dma), -ENOMEM);
	end(&world);
}
END_TEST

#define MAP       "map 0x100000000 + 0x10000 at "
#define BY_FILE   MAP "0x4000 of the file for reading and writing, IOAS 7\n"
#define BY_MEMORY MAP "0x7e0000000000 for reading and writing, IOAS 7\n"

/*
 * What the kernel answers to a map by a file. A kernel that does not know the call, or cannot pin
 * such a file, gets the address; any other error is final.
 */
static const struct {
	bool memfd; /* RAM, and not a BAR that also is a file */
	int err, ret;
	const char *calls;
} file_maps[] = {
	{ true, 0, 0, BY_FILE },         { true, -ENOTTY, 0, BY_MEMORY },
	{ true, -EINVAL, 0, BY_MEMORY }, { true, -ENOMEM, -ENOMEM, "" },
	{ true, -EEXIST, -EEXIST, "" },  { false, 0, 0, BY_MEMORY },
};

START_TEST(ram_is_mapped_by_its_file)
{
	static struct world world;
	struct vfio_dma dma = {
		.iova = 0x100000000,
		.size = 0x10000,
		.hva = (void *)0x7e0000000000,
		.fd = memfd_create("RAM", MFD_CLOEXEC),
		.fd_offset = 0x4000,
		.memfd = file_maps[_i].memfd,
	};

	begin(&world);
	open_space(&world);
	ck_assert_int_eq(ftruncate(dma.fd, 0x20000), 0);
	ck_assert_ptr_eq(mmap(dma.hva, dma.size, PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_FIXED_NOREPLACE, dma.fd, (off_t)dma.fd_offset),
			 dma.hva);
	kernel.fails = file_maps[_i].err ? IOMMU_IOAS_MAP_FILE : 0;
	kernel.err = file_maps[_i].err;
	ck_assert_int_eq(vfio_backend_iommufd.dma_map(&world.space, &dma), file_maps[_i].ret);
	calls_expect(file_maps[_i].calls);
	ck_assert(!file_has(dma.fd, 0)); /* the rest of the file is left alone */
	munmap(dma.hva, dma.size);
	close(dma.fd);
	end(&world);
}
END_TEST

/*
 * How many affected devices the kernel tells of, and how many were asked for. With -1 the
 * question fails.
 */
static const struct {
	int there;
	unsigned int max;
	int told;
} ranges[] = { { 0, 8, 0 },    { 3, 8, 3 },        { 8, 3, 3 },
	       { 1000, 8, 8 }, { 1000, 1000, 64 }, { -1, 8, -EIO } };

START_TEST(rule_19_ranges)
{
	static struct world world;
	static struct vfio_range got[1000];

	begin(&world);
	open_space(&world);
	kernel.ranges = (uint32_t)ranges[_i].there;
	kernel.fails = ranges[_i].there < 0 ? IOMMU_IOAS_IOVA_RANGES : 0;
	kernel.err = -EIO;
	ck_assert_int_eq(vfio_backend_iommufd.iova_ranges(&world.space, got, ranges[_i].max),
			 ranges[_i].told);
	for (int i = 0; i < ranges[_i].told; i++) {
		ck_assert_uint_eq(got[i].first, (uint64_t)i * 0x10000);
		ck_assert_uint_eq(got[i].last, (uint64_t)i * 0x10000 + 0xfff);
	}
	end(&world);
}
END_TEST

/* ---- hot reset ---- */

#define DEPENDENT(id, function)                                                                    \
	{                                                                                          \
		.group_id = (uint32_t)(id), .segment = 2, .bus = 0x41, .devfn = function           \
	}

static const struct {
	uint32_t flags, count;
	struct vfio_pci_dependent_device devices[3];
	int ret;
	unsigned int others; /* who are not ours: 0002:41:1f.3; then no reset may be tried */
} resets[] = {
	{ VFIO_PCI_HOT_RESET_FLAG_DEV_ID_OWNED, 1, { DEPENDENT(1, 0) }, 0, 0 },
	/* 0: in a group of ours, but not open */
	{ VFIO_PCI_HOT_RESET_FLAG_DEV_ID_OWNED,
	  2,
	  { DEPENDENT(1, 0), DEPENDENT(VFIO_PCI_DEVID_OWNED, 1) },
	  0,
	  0 },
	{ 0,
	  3,
	  { DEPENDENT(1, 0), DEPENDENT(VFIO_PCI_DEVID_OWNED, 1),
	    DEPENDENT(VFIO_PCI_DEVID_NOT_OWNED, 0xfb) },
	  0,
	  1 },
	/* not all is ours, but the kernel does not say what */
	{ 0, 2, { DEPENDENT(1, 0), DEPENDENT(2, 1) }, -EPERM, 0 },
};

START_TEST(rule_25_reach_of_a_bus_reset)
{
	static struct vfio_reach reach;
	static struct world world;
	unsigned int others = 0;

	begin(&world);
	open_space(&world);
	ck_assert_int_eq(open_device(&world), 0);
	calls_begin();
	kernel.reset_flags = resets[_i].flags;
	kernel.dependents = resets[_i].count;
	memcpy(kernel.devices, resets[_i].devices, sizeof(kernel.devices));
	ck_assert_int_eq(vfio_backend_iommufd.reset_reach(&world.device, &reach), resets[_i].ret);
	ck_assert_uint_eq(reach.count, resets[_i].count);
	for (unsigned int i = 0; i < reach.count; i++) {
		ck_assert_uint_eq(reach.list[i].segment, 2);
		ck_assert_uint_eq(reach.list[i].bus, 0x41);
		ck_assert_uint_eq(reach.list[i].devfn, resets[_i].devices[i].devfn);
		ck_assert_int_eq(reach.list[i].group, -1);
		others += !reach.list[i].ours;
	}
	ck_assert_uint_eq(others, resets[_i].others);
	if (resets[_i].ret == 0 && !others) {
		ck_assert_int_eq(vfio_backend_iommufd.hot_reset(&world.device, &reach), 0);
		calls_expect("hot reset, 0 files\n");
	}
	calls_expect("");
	end(&world);
}
END_TEST

UNIT_MAIN("backend_iommufd", { rule_23_kvm_before_the_device, 0 },
	  { failed_opening_is_explained, UNIT_COUNT(failures) }, { space_that_cannot_be, 0 },
	  { token_needs_the_group, 0 }, { files_that_are_not_there, 0 },
	  { rule_19_maps_where_it_is_told, 0 },
	  { ram_is_mapped_by_its_file, UNIT_COUNT(file_maps) },
	  { rule_19_ranges, UNIT_COUNT(ranges) },
	  { rule_25_reach_of_a_bus_reset, UNIT_COUNT(resets) })
