/* SPDX-License-Identifier: MIT */
/*
 * vfio/backend/backend_group.c and backend_kernel.c: what they ask the kernel, and that they
 * believe no answer without a check. The kernel is this file's ioctl().
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "call_log.h"
#include "fake_kvm.h"
#include "stderr_text.h"
#include "unit.h"
#include "vfio/backend/backend_group.h"
#include "vmm/base/opener.h"

#define BDF   "0000:01:00.0"
#define TOKEN "2ab74924-c335-45f4-9b16-8569e5b08258"

/* What the kernel answers. */
static struct {
	int version;   /* of VFIO_GET_API_VERSION */
	int extension; /* of VFIO_CHECK_EXTENSION */
	int ret;       /* of VFIO_GROUP_GET_DEVICE_FD */
	int reach_err; /* of VFIO_DEVICE_GET_PCI_HOT_RESET_INFO */
	uint32_t dependents;
	uint32_t grows; /* so many more after each answer */
	struct vfio_pci_dependent_device devices[4];
	uint32_t info_size; /* of the region's answer; bytes below */
	uint8_t info[4096] __attribute__((aligned(8)));
} kernel;

struct world {
	struct vfio_space space;
	struct group_space *groups; /* the space's own */
	struct vfio_device_request request;
	struct vfio_device device;
	struct stderr_text caught;
};

static int answer_hot_reset_info(struct vfio_pci_hot_reset_info *info)
{
	uint32_t room = (uint32_t)((info->argsz - sizeof(*info)) / sizeof(info->devices[0]));

	if (kernel.reach_err)
		return kernel.reach_err;
	info->count = kernel.dependents;
	kernel.dependents += kernel.grows;
	if (room < info->count)
		return -ENOSPC;
	memcpy(info->devices, kernel.devices, info->count * sizeof(info->devices[0]));
	return 0;
}

static int answer_hot_reset(const struct vfio_pci_hot_reset *reset, const struct group *groups)
{
	char text[64] = "hot reset";

	for (uint32_t i = 0; i < reset->count; i++)
		for (unsigned int g = 0; g < 2; g++)
			if (reset->group_fds[i] == groups[g].fd)
				strcat(text, g ? " group 2" : " group 1");
	ck_assert_uint_eq(reset->argsz, sizeof(*reset) + reset->count * sizeof(int32_t));
	calls_add("%s", text);
	return 0;
}

/* The kernel never writes more than it was told there is room for. */
static int answer_region_info(struct vfio_region_info *info)
{
	uint32_t argsz = info->argsz, index = info->index;
	size_t size = argsz < kernel.info_size ? argsz : kernel.info_size;

	memcpy(info, kernel.info, size);
	info->argsz = kernel.info_size;
	info->index = index;
	return 0;
}

static struct world *kernel_world;

static int answer(int fd, unsigned long request, unsigned long arg)
{
	(void)fd;
	switch (request) {
	case VFIO_GET_API_VERSION:
		return kernel.version;
	case VFIO_CHECK_EXTENSION:
		return kernel.extension;
	case VFIO_GROUP_GET_DEVICE_FD:
		calls_add("get device '%s'", (const char *)arg);
		return kernel.ret < 0 ? kernel.ret : eventfd(0, EFD_CLOEXEC);
	case VFIO_DEVICE_GET_PCI_HOT_RESET_INFO:
		return answer_hot_reset_info((void *)arg);
	case VFIO_DEVICE_PCI_HOT_RESET:
		return answer_hot_reset((const void *)arg, kernel_world->groups->groups);
	case VFIO_DEVICE_GET_REGION_INFO:
		return answer_region_info((void *)arg);
	default:
		calls_add("ioctl %#lx", request);
		return 0;
	}
}

static int tell_kvm(struct vfio_device *device)
{
	const struct group_space *groups = device->space->priv;

	calls_add("tell KVM of %s",
		  device->kvm_file == groups->groups[0].fd ? "the group" : "what?");
	return 0;
}

/* Two groups are attached. The device of the first is not open yet. */
static void begin(struct world *world)
{
	memset(&kernel, 0, sizeof(kernel));
	memset(world, 0, sizeof(*world));
	kernel_world = world;
	world->groups = calloc(1, sizeof(*world->groups));
	world->groups->container = eventfd(0, EFD_CLOEXEC);
	world->groups->count = 2;
	for (int i = 0; i < 2; i++)
		world->groups->groups[i] = (struct group){ i + 1, eventfd(0, EFD_CLOEXEC) };
	world->space = (struct vfio_space){ .backend = &vfio_backend_group, .priv = world->groups };
	world->request =
		(struct vfio_device_request){ .name = BDF, .group = 1, .cdev = -1, .fd = -1 };
	world->device = (struct vfio_device){
		.backend = &vfio_backend_group, .name = BDF, .kvm_file = -1, .tell_kvm = tell_kvm
	};
	fake_kvm_begin();
	fake_kvm_set_other(answer);
}

static void end(struct world *world)
{
	vfio_backend_group.dev_close(&world->device);
	vfio_backend_group.space_close(&world->space);
	fake_kvm_end();
}

static int open_device(struct world *world)
{
	int ret;

	stderr_begin(&world->caught);
	ret = vfio_backend_group.dev_open(&world->space, &world->device, &world->request);
	stderr_end(&world->caught);
	return ret;
}

/* KVM's documentation wants the group to be made known before the device is opened. */
START_TEST(rule_23_kvm_before_the_device)
{
	static struct world world;

	begin(&world);
	ck_assert_int_eq(open_device(&world), 0);
	calls_expect("tell KVM of the group\nget device '" BDF "'\n");
	/*
	 * The device is given back and opened again. The container still has its groups and its
	 * DMA maps.
	 */
	vfio_backend_group.dev_close(&world.device);
	vfio_backend_group.dev_close(&world.device);
	ck_assert_uint_eq(world.groups->count, 2);
	ck_assert_int_eq(open_device(&world), 0);
	calls_expect("tell KVM of the group\nget device '" BDF "'\n");
	end(&world);
}
END_TEST

static const struct {
	const char *token;
	int ret;
	const char *words; /* NULL: it opens */
} tokens[] = {
	{ TOKEN, 0, NULL },
	{ NULL, -EACCES, "  fix: --vfio " BDF ",vf-token=UUID" },
	{ TOKEN, -EACCES, "must be the UUID" },
	{ TOKEN, -EINVAL, "without vf-token=" },
	{ NULL, -EINVAL, "VFIO_GROUP_GET_DEVICE_FD: Invalid argument" },
	{ NULL, -ENODEV, "VFIO_GROUP_GET_DEVICE_FD: No such device" },
};

START_TEST(token_goes_with_the_name)
{
	static struct world world;

	begin(&world);
	kernel.ret = tokens[_i].ret;
	world.request.vf_token = tokens[_i].token;
	ck_assert_int_eq(open_device(&world), tokens[_i].ret);
	calls_expect(tokens[_i].token ? "tell KVM of the group\nget device '" BDF " vf_token=" TOKEN
					"'\n"
				      : "tell KVM of the group\nget device '" BDF "'\n");
	if (tokens[_i].words)
		stderr_holds(&world.caught, tokens[_i].words);
	else
		ck_assert_str_eq(world.caught.text, "");
	ck_assert(tokens[_i].ret == 0 || kernel_file(&world.device) == -1);
	vfio_backend_group.dev_close(&world.device);
	ck_assert_int_eq(world.device.kvm_file, -1);
	end(&world);
}
END_TEST

/* ---- hot reset ---- */

#define DEPENDENT(in_group, in_segment, on_bus, function)                                          \
	{                                                                                          \
		.group_id = in_group, .segment = in_segment, .bus = on_bus, .devfn = function      \
	}

static const struct {
	uint32_t count;
	struct vfio_pci_dependent_device devices[4];
	const char *calls, *others; /* others: who is not ours; then no reset may be tried */
} resets[] = {
	{ 1, { DEPENDENT(1, 0, 1, 0) }, "hot reset group 1\n", NULL },
	/* several of one group: its file once; the other group has nothing to do with it */
	{ 2, { DEPENDENT(1, 0, 1, 0), DEPENDENT(1, 0, 1, 1) }, "hot reset group 1\n", NULL },
	{ 3,
	  { DEPENDENT(1, 0, 1, 0), DEPENDENT(2, 0, 1, 1), DEPENDENT(2, 0, 1, 2) },
	  "hot reset group 1 group 2\n",
	  NULL },
	/* somebody else's is named */
	{ 2,
	  { DEPENDENT(1, 0, 1, 0), DEPENDENT(9, 2, 0x41, 0xfb) },
	  "",
	  "0002:41:1f.3 of group 9" },
};

START_TEST(rule_25_reach_of_a_bus_reset)
{
	static struct vfio_reach reach;
	static struct world world;
	char text[32] = "";

	begin(&world);
	ck_assert_int_eq(open_device(&world), 0);
	calls_begin();
	kernel.dependents = resets[_i].count;
	memcpy(kernel.devices, resets[_i].devices, sizeof(kernel.devices));
	ck_assert_int_eq(vfio_backend_group.reset_reach(&world.device, &reach), 0);
	ck_assert_uint_eq(reach.count, resets[_i].count);
	for (unsigned int i = 0; i < reach.count; i++)
		if (!reach.list[i].ours)
			snprintf(text, sizeof(text), "%04x:%02x:%02x.%x of group %d",
				 reach.list[i].segment, reach.list[i].bus, reach.list[i].devfn >> 3,
				 reach.list[i].devfn & 7, reach.list[i].group);
	ck_assert_str_eq(text, resets[_i].others ? resets[_i].others : "");
	if (!resets[_i].others)
		ck_assert_int_eq(vfio_backend_group.hot_reset(&world.device, &reach), 0);
	calls_expect(resets[_i].calls);
	end(&world);
}
END_TEST

/* What the kernel says where it cannot tell, and what the caller makes of it. */
static const struct {
	int err;         /* the kernel's answer at once; 0: it answers ... */
	uint32_t grows;  /* ... of this many more functions at the second time */
	uint32_t number; /* of functions */
	int ret;
} no_reaches[] = {
	{ -ENODEV, 0, 1, -ENODEV },               /* its bus cannot be reset */
	{ -EPERM, 0, 1, -EPERM },                 /* a function of it has no IOMMU group */
	{ 0, 1, 1, -EAGAIN },                     /* one has just come */
	{ 0, 0, VFIO_BUS_FUNCTIONS + 1, -E2BIG }, /* more than there can be */
};

START_TEST(rule_25_no_answer_about_the_reach)
{
	static struct vfio_reach reach;
	static struct world world;

	begin(&world);
	ck_assert_int_eq(open_device(&world), 0);
	kernel.reach_err = no_reaches[_i].err;
	kernel.dependents = no_reaches[_i].number;
	kernel.grows = no_reaches[_i].grows;
	ck_assert_int_eq(vfio_backend_group.reset_reach(&world.device, &reach), no_reaches[_i].ret);
	ck_assert_uint_eq(reach.count, 0);
	end(&world);
}
END_TEST

/* ---- the answer about a region ---- */

static struct vfio_region_info *region_info(uint32_t size, uint32_t cap_offset)
{
	struct vfio_region_info *info = (void *)kernel.info;

	kernel.info_size = size;
	*info = (struct vfio_region_info){
		.flags = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_MMAP |
			 (cap_offset ? VFIO_REGION_INFO_FLAG_CAPS : 0),
		.cap_offset = cap_offset,
		.size = 0x10000,
		.offset = 1ull << 40,
	};
	return info;
}

static void put_cap(uint32_t at, uint16_t id, uint32_t next, uint32_t areas)
{
	struct vfio_region_info_cap_sparse_mmap *cap = (void *)&kernel.info[at];

	cap->header = (struct vfio_info_cap_header){ id, 1, next };
	if (id != VFIO_REGION_INFO_CAP_SPARSE_MMAP)
		return;
	cap->nr_areas = areas;
	for (uint32_t i = 0; i < areas && at + sizeof(*cap) + (i + 1) * 16 <= sizeof(kernel.info);
	     i++)
		cap->areas[i] = (struct vfio_region_sparse_mmap_area){ 0x1000 * i, 0x800 };
}

enum { SPARSE = VFIO_REGION_INFO_CAP_SPARSE_MMAP, TYPE = VFIO_REGION_INFO_CAP_TYPE };

static const struct {
	uint32_t size, offset;
	struct {
		uint32_t at;
		uint16_t id;
		uint32_t next, areas;
	} caps[2];
	bool sparse;
	unsigned int count;
} infos[] = {
	{ 32, 0, { { 0 } }, false, 0 },
	{ 32 + 48, 32, { { 32, SPARSE, 0, 2 } }, true, 2 },
	{ 32 + 64, 32, { { 32, TYPE, 48, 0 }, { 48, SPARSE, 0, 2 } }, true, 2 },
	{ 32 + 16, 32, { { 32, SPARSE, 0, 0 } }, true, 0 },
	/* more than we keep, and fewer than it says */
	{ 1024, 32, { { 32, SPARSE, 0, 40 } }, true, VFIO_SPARSE_MAX },
	{ 32 + 32, 32, { { 32, SPARSE, 0, 100 } }, true, 1 },
	{ 32 + 32, 32, { { 32, SPARSE, 0, UINT32_MAX } }, true, 1 },
	/* chains that go astray: around, outside, over the edge */
	{ 32 + 32, 32, { { 32, TYPE, 32, 0 } }, false, 0 },
	{ 32 + 64, 32, { { 32, TYPE, 64, 0 }, { 64, TYPE, 32, 0 } }, false, 0 },
	{ 32 + 32, 2000, { { 0 } }, false, 0 },
	{ 32 + 32, 60, { { 0 } }, false, 0 },
	{ 32 + 32, UINT32_MAX, { { 0 } }, false, 0 },
	{ 32 + 32, 32, { { 32, TYPE, 0xfffffff8, 0 } }, false, 0 },
	/* an answer too long to believe: as if it had no capabilities */
	{ 1u << 20, 32, { { 0 } }, false, 0 },
};

START_TEST(rule_16_region_capabilities)
{
	static struct world world;
	struct vfio_region region;

	begin(&world);
	ck_assert_int_eq(open_device(&world), 0);
	region_info(infos[_i].size, infos[_i].offset);
	for (unsigned int i = 0; i < 2 && infos[_i].caps[i].at; i++)
		put_cap(infos[_i].caps[i].at, infos[_i].caps[i].id, infos[_i].caps[i].next,
			infos[_i].caps[i].areas);
	ck_assert_int_eq(kernel_get_region(&world.device, 3, &region), 0);
	ck_assert_uint_eq(region.index, 3);
	ck_assert_uint_eq(region.size, 0x10000);
	ck_assert_uint_eq(region.mmap_offset, 1ull << 40);
	ck_assert(region.sparse == infos[_i].sparse);
	ck_assert_uint_eq(region.sparse_count, infos[_i].count);
	for (unsigned int i = 0; i < region.sparse_count; i++)
		ck_assert_uint_eq(region.areas[i].offset, 0x1000 * i);
	end(&world);
}
END_TEST

/* What the container says of itself, and what is made of it. */
static const struct {
	int version, extension, ret;
	const char *says;
} containers[] = {
	{ 0, 1, 0, "" },
	{ 1, 1, -ENOTSUP, "VFIO API version 1, expected 0" },
	{ -EPERM, 1, -EPERM, "VFIO_GET_API_VERSION: Operation not permitted" },
	{ 0, 0, -ENOTSUP, "this kernel has no VFIO driver for its IOMMU" },
	{ 0, -ENOTTY, -ENOTTY, "VFIO_CHECK_EXTENSION: Inappropriate ioctl for device" },
};

START_TEST(container_that_is_asked)
{
	const struct vfio_space_request request = { .fd = -1 };
	const struct opener_answer opened = { .err = 0 };
	struct vfio_space space = { .backend = &vfio_backend_group };
	int ends[2], file = eventfd(0, EFD_CLOEXEC), ret;
	struct opener opener = { 0 };
	struct stderr_text caught;

	fake_kvm_begin();
	fake_kvm_set_other(answer);
	memset(&kernel, 0, sizeof(kernel));
	kernel.version = containers[_i].version;
	kernel.extension = containers[_i].extension;
	/* Whoever opens files has answered already. */
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
	ck_assert(opener_reply(ends[1], &opened, sizeof(opened), file));
	opener.socket = ends[0];
	space.opener = &opener;
	stderr_begin(&caught);
	ret = vfio_backend_group.space_open(&space, &request);
	stderr_end(&caught);
	ck_assert_int_eq(ret, containers[_i].ret);
	stderr_holds(&caught, containers[_i].says);
	vfio_backend_group.space_close(&space);
	close(ends[0]);
	close(ends[1]);
	close(file);
	fake_kvm_end();
}
END_TEST

UNIT_MAIN("backend_group", { container_that_is_asked, UNIT_COUNT(containers) },
	  { rule_23_kvm_before_the_device, 0 }, { token_goes_with_the_name, UNIT_COUNT(tokens) },
	  { rule_25_reach_of_a_bus_reset, UNIT_COUNT(resets) },
	  { rule_25_no_answer_about_the_reach, UNIT_COUNT(no_reaches) },
	  { rule_16_region_capabilities, UNIT_COUNT(infos) })
