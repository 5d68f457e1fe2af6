/* SPDX-License-Identifier: MIT */
/* What the trace tells of a call: vmm/trace/trace_event.c, and the decoders of VFIO's ioctls. */
#include <errno.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <string.h>

#include "unit.h"
#include "vfio/backend/backend_trace.h"
#include "vfio/backend/iommufd_abi.h"
#include "vmm/core/kvm_calls.h"

/* Write an event as "key value, key value = result; reason". */
static void fields_text(const struct trace_fields *fields, const char *why, char *text, size_t room)
{
	size_t used = 0;

	text[0] = '\0';
	for (unsigned int i = 0; i < fields->count; i++)
		used += (size_t)snprintf(text + used, room - used, "%s%s %s", i ? ", " : "",
					 fields->keys[i], fields->text + fields->at[i]);
	if (fields->result[0])
		used += (size_t)snprintf(text + used, room - used, " = %s", fields->result);
	if (why)
		snprintf(text + used, room - used, "; %s", why);
}

static const struct {
	uint64_t bytes;
	const char *text;
} sizes[] = {
	{ 0, "0 bytes" },
	{ 1, "1 bytes" },
	{ 4095, "4095 bytes" },
	{ 4096, "4 KiB" },
	{ 4097, "0x1001 bytes" },
	{ 512ull << 20, "512 MiB" },
	{ (512ull << 20) + 4096, "524292 KiB" },
	{ 1ull << 40, "1 TiB" },
	{ 1ull << 62, "4194304 TiB" },
	{ UINT64_MAX, "0xffffffffffffffff bytes" },
};

START_TEST(says_sizes)
{
	char text[32];

	ck_assert_str_eq(trace_size_text(text, sizeof(text), sizes[_i].bytes), sizes[_i].text);
}
END_TEST

START_TEST(says_flags)
{
	static const struct trace_name names[] = {
		{ 3, "BOTH" }, { 1, "ONE" }, { 2, "TWO" }, { 0x80, "HIGH" }, { 0, NULL },
	};
	char text[32];

	ck_assert_str_eq(trace_flags_text(text, sizeof(text), 0, names), "0");
	ck_assert_str_eq(trace_flags_text(text, sizeof(text), 3, names), "BOTH");
	ck_assert_str_eq(trace_flags_text(text, sizeof(text), 0x81, names), "ONE|HIGH");
	ck_assert_str_eq(trace_flags_text(text, sizeof(text), 0x40, names), "0x40");
	ck_assert_str_eq(trace_flags_text(text, sizeof(text), 0xc2, names), "TWO|HIGH|0x40");
	ck_assert_str_eq(trace_flags_text(text, 8, 0xc3, names), "BOTH|HI");
	ck_assert_ptr_null(trace_find_name(names, 0));
	ck_assert_str_eq(trace_find_name(names, 0x80), "HIGH");
}
END_TEST

/*
 * There are more pairs, or longer ones, than there is room for. The first ones are kept, whole or
 * cut.
 */
START_TEST(cuts_off)
{
	struct trace_fields fields;

	trace_fields_init(&fields);
	for (unsigned int i = 0; i < 100; i++)
		trace_put(&fields, "n", "%u", i);
	ck_assert_uint_eq(fields.count, TRACE_FIELDS_MAX);
	ck_assert_str_eq(fields.text + fields.at[TRACE_FIELDS_MAX - 1], "23");
	trace_fields_init(&fields);
	trace_put(&fields, "short", "x");
	for (unsigned int i = 0; i < 3; i++)
		trace_put(&fields, "long", "%02000d", 7);
	ck_assert_uint_eq(fields.count, 2);
	ck_assert_uint_eq(strlen(fields.text + fields.at[1]), TRACE_FIELDS_TEXT - 3);
	trace_put_result(&fields, "%0500d", 7);
	ck_assert_uint_eq(strlen(fields.result), sizeof(fields.result) - 1);
}
END_TEST

static const struct vfio_region_info bar = {
	.argsz = sizeof(bar),
	.flags = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE |
		 VFIO_REGION_INFO_FLAG_MMAP,
	.index = VFIO_PCI_BAR2_REGION_INDEX,
	.size = 0x4000,
	.offset = 0x20000000000,
};
static const struct vfio_region_info config = { .argsz = sizeof(config),
						.index = VFIO_PCI_CONFIG_REGION_INDEX,
						.size = 4096 };
static const struct vfio_iommu_type1_dma_map map = {
	.argsz = sizeof(map),
	.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
	.vaddr = 0x7f0000000000,
	.iova = 0x100000000,
	.size = 1ull << 30,
};
static const struct vfio_irq_info irq_info = {
	.argsz = sizeof(irq_info),
	.flags = VFIO_IRQ_INFO_EVENTFD | VFIO_IRQ_INFO_NORESIZE,
	.index = VFIO_PCI_MSIX_IRQ_INDEX,
	.count = 65,
};
static const struct {
	struct vfio_irq_set head;
	int32_t fds[6];
} six_vectors = {
	{ .argsz = sizeof(six_vectors),
	  .flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER,
	  .index = VFIO_PCI_MSIX_IRQ_INDEX,
	  .count = 6 },
	{ 30, -1, 31, 32, 33, 34 },
};
static const struct vfio_irq_set intx_off = {
	.argsz = sizeof(intx_off),
	.flags = VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER,
	.index = VFIO_PCI_INTX_IRQ_INDEX,
};
static const struct vfio_group_status viable = { .argsz = sizeof(viable), .flags = 3 };

static const struct iommu_ioas_alloc ioas = { .size = sizeof(ioas), .out_ioas_id = 7 };
static const struct iommu_destroy ioas_gone = { .size = sizeof(ioas_gone), .id = 7 };
static const struct iommu_ioas_iova_ranges ioas_ranges = { .ioas_id = 7, .num_iovas = 2 };
static const struct iommu_ioas_map ioas_map = {
	.flags = IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_READABLE,
	.ioas_id = 7,
	.user_va = 0x7f0000000000,
	.length = 1ull << 30,
	.iova = 0x100000000,
};
static const struct iommu_ioas_map_file ioas_map_file = {
	.flags = IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_READABLE | IOMMU_IOAS_MAP_WRITEABLE,
	.ioas_id = 7,
	.fd = 12,
	.start = 0x200000,
	.length = 1ull << 30,
	.iova = 0x100000000,
};
static const struct iommu_ioas_unmap ioas_unmap = { .ioas_id = 7, .iova = 0, .length = 4096 };
static const struct vfio_device_bind_iommufd bind_iommufd = { .iommufd = 5, .out_devid = 9 };
static const struct backend_binding binding = { &bind_iommufd, "0000:01:00.0" };
static const struct vfio_device_attach_iommufd_pt attach = { .pt_id = 7 };

static const struct {
	const struct trace_about *about;
	const void *arg;
	int result;
	const char *text; /* how it begins */
} calls[] = {
	{ &trace_about_VFIO_CHECK_EXTENSION, (const void *)VFIO_TYPE1v2_IOMMU, 1,
	  "extension VFIO_TYPE1v2_IOMMU; is there an IOMMU driver" },
	{ &trace_about_VFIO_GROUP_GET_STATUS, &viable, 0,
	  "flags VIABLE|CONTAINER_SET; viable: no" },
	{ &trace_about_VFIO_GROUP_GET_STATUS, &viable, -EIO, "; viable: no" },
	{ &trace_about_VFIO_GROUP_GET_DEVICE_FD, "0000:01:00.0", 9,
	  "device 0000:01:00.0 = fd 9; the device itself" },
	{ &trace_about_VFIO_DEVICE_GET_REGION_INFO, &bar, 0,
	  "region BAR 2, size 16 KiB, flags READ|WRITE|MMAP, file offset 0x20000000000; how "
	  "large" },
	{ &trace_about_VFIO_DEVICE_GET_REGION_INFO, &bar, -EINVAL,
	  "region BAR 2; the device may not have" },
	{ &trace_about_VFIO_DEVICE_GET_REGION_INFO, &config, 0,
	  "region configuration space, size 4 KiB, flags 0, file offset 0; where in the device's" },
	{ &trace_about_VFIO_IOMMU_MAP_DMA, &map, 0,
	  "iova 0x100000000, size 1 GiB, hva 0x7f0000000000, flags READ|WRITE; the device finds" },
	{ &trace_about_VFIO_DEVICE_GET_IRQ_INFO, &irq_info, 0,
	  "kind MSI-X, vectors 65, flags EVENTFD|NORESIZE; how many vectors" },
	{ &trace_about_VFIO_DEVICE_SET_IRQS, &six_vectors, 0,
	  "kind MSI-X, flags DATA_EVENTFD|ACTION_TRIGGER, start 0, count 6, eventfd 30, eventfd "
	  "-1, "
	  "eventfd 31, eventfd 32; the device's vectors" },
	{ &trace_about_VFIO_DEVICE_SET_IRQS, &six_vectors, 4,
	  "kind MSI-X, flags DATA_EVENTFD|ACTION_TRIGGER, start 0, count 6, eventfd 30, eventfd "
	  "-1, "
	  "eventfd 31, eventfd 32 = 4, which is how many can be had" },
	{ &trace_about_VFIO_DEVICE_SET_IRQS, &intx_off, 0,
	  "kind INTx, flags DATA_NONE|ACTION_TRIGGER, start 0, count 0; the pin is let go" },
	{ &trace_about_IOMMU_IOAS_ALLOC, &ioas, 0, "IOAS 7; an empty address space" },
	{ &trace_about_IOMMU_IOAS_ALLOC, &ioas, -ENOMEM, "; an empty address space" },
	{ &trace_about_IOMMU_DESTROY, &ioas_gone, 0, "object 7; who gave us the file" },
	{ &trace_about_IOMMU_IOAS_IOVA_RANGES, &ioas_ranges, 0, "IOAS 7, ranges 2; which" },
	{ &trace_about_IOMMU_IOAS_IOVA_RANGES, &ioas_ranges, -EINVAL, "IOAS 7; which" },
	{ &trace_about_IOMMU_IOAS_MAP, &ioas_map, 0,
	  "IOAS 7, iova 0x100000000, size 1 GiB, hva 0x7f0000000000, flags FIXED_IOVA|READABLE; "
	  "the device finds" },
	{ &trace_about_IOMMU_IOAS_MAP_FILE, &ioas_map_file, -ENOTTY,
	  "IOAS 7, iova 0x100000000, size 1 GiB, file fd 12, file offset 0x200000, flags "
	  "FIXED_IOVA|WRITEABLE|READABLE; the same by the file" },
	{ &trace_about_IOMMU_IOAS_UNMAP, &ioas_unmap, 0,
	  "IOAS 7, iova 0, size 4 KiB; the device reaches" },
	{ &trace_about_VFIO_DEVICE_BIND_IOMMUFD, &binding, 0, "iommufd 5, device 9; the device" },
	{ &trace_about_VFIO_DEVICE_BIND_IOMMUFD, &binding, -EBUSY, "iommufd 5; the device" },
	{ &trace_about_VFIO_DEVICE_ATTACH_IOMMUFD_PT, &attach, 0, "IOAS 7; the device sees" },
};

START_TEST(tells_vfio_calls)
{
	const struct trace_about *about = calls[_i].about;
	struct trace_fields fields;
	char text[2048];

	trace_fields_init(&fields);
	about->decode(&fields, calls[_i].arg, calls[_i].result);
	fields_text(&fields, fields.why ? fields.why : about->why, text, sizeof(text));
	ck_assert_msg(strncmp(text, calls[_i].text, strlen(calls[_i].text)) == 0, "%s", text);
}
END_TEST

/* If the trace tells what a call is, it must also tell why it is made, in one line. */
START_TEST(every_call_has_a_reason)
{
	static const struct trace_about *const abouts[] = {
		&trace_about_VFIO_GET_API_VERSION,      &trace_about_VFIO_SET_IOMMU,
		&trace_about_VFIO_GROUP_SET_CONTAINER,  &trace_about_VFIO_GROUP_UNSET_CONTAINER,
		&trace_about_VFIO_DEVICE_GET_INFO,      &trace_about_VFIO_DEVICE_RESET,
		&trace_about_VFIO_DEVICE_PCI_HOT_RESET, &trace_about_VFIO_IOMMU_UNMAP_DMA,
		&trace_about_KVM_GET_API_VERSION,       &trace_about_KVM_CREATE_VM,
		&trace_about_KVM_CREATE_VCPU,           &trace_about_KVM_RUN,
	};

	for (size_t i = 0; i < UNIT_COUNT(abouts); i++)
		ck_assert_msg(abouts[i]->why && strlen(abouts[i]->why) <= 100 &&
				      !strchr(abouts[i]->why, '\n'),
			      "%s", abouts[i]->name);
}
END_TEST

UNIT_MAIN("trace_decode", { says_sizes, UNIT_COUNT(sizes) }, { says_flags, 0 }, { cuts_off, 0 },
	  { tells_vfio_calls, UNIT_COUNT(calls) }, { every_call_has_a_reason, 0 })
