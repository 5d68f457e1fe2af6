/* SPDX-License-Identifier: MIT */
/*
 * devices/virtio_pci.c and virtio_vhost.c: a disk as the guest sees it, in front of a server of
 * the test's own.
 */
#include <errno.h>
#include <linux/virtio_blk.h>
#include <linux/virtio_config.h>
#include <linux/virtio_pci.h>
#include <stddef.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "call_log.h"
#include "devices/pci_windows.h"
#include "devices/vhost_user.h"
#include "devices/virtio_pci.h"
#include "devices/virtio_vhost.h"
#include "fake_kvm.h"
#include "fake_vm.h"
#include "stderr_text.h"
#include "unit.h"
#include "vhost_peer.h"
#include "vmm/core/vm.h"

#define RAM_SIZE (1u << 20)
#define VECTOR   1u
#define ADDRESS  0xfee00000u
#define READY                                                                                      \
	(VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER | VIRTIO_CONFIG_S_FEATURES_OK |      \
	 VIRTIO_CONFIG_S_DRIVER_OK)

struct rig {
	struct vm vm;
	struct pci_host host;
	struct vhost_peer peer;
	struct pci_function *function;
	uint64_t bar;
};

static const struct vhost_peer server = {
	.features = 1ull << VIRTIO_F_VERSION_1 | VHOST_F_PROTOCOL_FEATURES | 1u << 9 | 1u << 24,
	.protocol = VHOST_PROTOCOL_MQ | VHOST_PROTOCOL_REPLY_ACK | VHOST_PROTOCOL_CONFIG,
	.queues = 4,
	.config = { 0x00, 0x08 }, /* sectors */
};

static void rig_init(struct rig *rig)
{
	memset(rig, 0, sizeof(*rig));
	fake_vm_begin(&rig->vm, &rig->host, RAM_SIZE);
	rig->peer = server;
}

static int rig_add(struct rig *rig, enum virtio_vhost_kind kind, const char *tag)
{
	const struct virtio_vhost_options options = { .kind = kind, .name = "disk", .tag = tag };
	struct virtio_vhost *vhost;
	int ret;

	vhost_peer_start(&rig->peer);
	ret = virtio_vhost_add(&rig->host, &options, rig->peer.client, &vhost);
	if (ret < 0)
		return ret;
	ck_assert_int_eq(pci_windows_assign_bars(&rig->host), 0);
	rig->function = rig->host.functions[8];
	rig->bar = rig->function->bars[0].assigned;
	return 0;
}

static void rig_open(struct rig *rig)
{
	rig_init(rig);
	ck_assert_int_eq(rig_add(rig, VIRTIO_VHOST_BLK, NULL), 0);
	calls_begin();
}

static void rig_close(struct rig *rig)
{
	pci_host_destroy(&rig->host);
	vhost_peer_join(&rig->peer);
	vm_destroy(&rig->vm);
	fake_kvm_end();
}

static uint64_t at_config(unsigned int offset)
{
	return arch_layout.ecam.base + (8u << 12) + offset;
}

static uint64_t config_read(struct rig *rig, unsigned int offset, unsigned int size)
{
	uint64_t value = 0;

	bus_read(&rig->vm.mmio, at_config(offset), &value, size);
	return value;
}

static void config_write(struct rig *rig, unsigned int offset, unsigned int size, uint64_t value)
{
	bus_write(&rig->vm.mmio, at_config(offset), &value, size);
}

static uint64_t bar_read(struct rig *rig, uint64_t offset, unsigned int size)
{
	uint64_t value = 0;

	bus_read(&rig->vm.mmio, rig->bar + offset, &value, size);
	return value;
}

static void bar_write(struct rig *rig, uint64_t offset, unsigned int size, uint64_t value)
{
	bus_write(&rig->vm.mmio, rig->bar + offset, &value, size);
}

static void switch_on(struct rig *rig)
{
	config_write(rig, PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
}

static void set_msix(struct rig *rig, bool on)
{
	unsigned int cap = pci_find_capability(rig->function, PCI_CAP_ID_MSIX);
	uint64_t entry = VIRTIO_PCI_MSIX_TABLE + PCI_MSIX_ENTRY_SIZE * VECTOR;

	bar_write(rig, entry, 8, ADDRESS);
	bar_write(rig, entry + 8, 4, 0x41);
	bar_write(rig, entry + 12, 4, 0);
	config_write(rig, cap + PCI_MSIX_FLAGS, 2, on ? PCI_MSIX_FLAGS_ENABLE : 0);
}

/* Start the device as a driver does, with one queue at `ring`. */
static void start(struct rig *rig, uint64_t ring)
{
	bar_write(rig, VIRTIO_PCI_COMMON_STATUS, 1, 0);
	bar_write(rig, VIRTIO_PCI_COMMON_GFSELECT, 4, 1);
	bar_write(rig, VIRTIO_PCI_COMMON_GF, 4, 1);
	bar_write(rig, VIRTIO_PCI_COMMON_STATUS, 1, READY & ~VIRTIO_CONFIG_S_DRIVER_OK);
	bar_write(rig, VIRTIO_PCI_COMMON_Q_SIZE, 2, 16);
	bar_write(rig, VIRTIO_PCI_COMMON_Q_MSIX, 2, VECTOR);
	bar_write(rig, VIRTIO_PCI_COMMON_Q_DESCLO, 4, ring);
	bar_write(rig, VIRTIO_PCI_COMMON_Q_AVAILLO, 4, ring + 0x100);
	bar_write(rig, VIRTIO_PCI_COMMON_Q_USEDLO, 4, ring + 0x200);
	bar_write(rig, VIRTIO_PCI_COMMON_Q_ENABLE, 2, 1);
	bar_write(rig, VIRTIO_PCI_COMMON_STATUS, 1, READY);
}

START_TEST(as_the_guest_finds_it)
{
	static const uint8_t types[] = { VIRTIO_PCI_CAP_COMMON_CFG, VIRTIO_PCI_CAP_ISR_CFG,
					 VIRTIO_PCI_CAP_DEVICE_CFG, VIRTIO_PCI_CAP_NOTIFY_CFG,
					 VIRTIO_PCI_CAP_PCI_CFG };
	unsigned int found = 0;
	struct rig rig;

	rig_open(&rig);
	ck_assert_uint_eq(config_read(&rig, PCI_VENDOR_ID, 4), 0x10421af4);
	ck_assert_uint_eq(config_read(&rig, PCI_CLASS_REVISION, 4), 0x01000001);
	for (uint64_t cap = config_read(&rig, PCI_CAPABILITY_LIST, 1); cap;
	     cap = config_read(&rig, (unsigned int)cap + 1, 1))
		if (config_read(&rig, (unsigned int)cap, 1) == PCI_CAP_ID_VNDR)
			found |= 1u << config_read(&rig,
						   (unsigned int)cap + VIRTIO_PCI_CAP_CFG_TYPE, 1);
	for (unsigned int i = 0; i < sizeof(types); i++)
		ck_assert(found & 1u << types[i]);
	switch_on(&rig);
	ck_assert_uint_eq(bar_read(&rig, VIRTIO_PCI_COMMON_NUMQ, 2), 1);
	/*
	 * A feature of disks passes. A feature that nobody knows does not pass, and nor does the
	 * protocol's.
	 */
	ck_assert_uint_eq(bar_read(&rig, VIRTIO_PCI_COMMON_DF, 4), 1u << 9);
	ck_assert_uint_eq(bar_read(&rig, VIRTIO_PCI_DEVICE, 8), 0x800);
	ck_assert_uint_eq(bar_read(&rig, VIRTIO_PCI_DEVICE + 56, 4), 0);
	ck_assert_uint_eq(bar_read(&rig, VIRTIO_PCI_DEVICE + 60, 4), 0xffffffff);
	rig_close(&rig);
}
END_TEST

/* There is a doorbell for each queue where the BAR is, and none where it was. */
START_TEST(doorbells_follow_the_bar)
{
	struct rig rig;

	rig_open(&rig);
	switch_on(&rig);
	calls_expect("KVM_IOEVENTFD 0xc0001000 on\n");
	config_write(&rig, PCI_BASE_ADDRESS_0, 4, rig.bar + 0x100000);
	calls_expect("KVM_IOEVENTFD 0xc0001000 off\nKVM_IOEVENTFD 0xc0101000 on\n");
	config_write(&rig, PCI_COMMAND, 2, 0);
	calls_expect("KVM_IOEVENTFD 0xc0101000 off\n");
	rig_close(&rig);
}
END_TEST

START_TEST(doorbell_refused)
{
	struct stderr_text caught;
	struct rig rig;

	rig_open(&rig);
	fake_kvm_fail("KVM_IOEVENTFD", 1, -ENOSPC);
	stderr_begin(&caught);
	switch_on(&rig);
	stderr_end(&caught);
	stderr_holds(&caught, "KVM_IOEVENTFD at 0xc0001000: No space");
	ck_assert_uint_eq(bar_read(&rig, VIRTIO_PCI_COMMON_NUMQ, 2), 0xffff);
	rig_close(&rig);
}
END_TEST

/* What the server is told, from the start of a driver to its end. */
START_TEST(driver_comes_and_goes)
{
	struct rig rig;
	char *log = rig.peer.log;

	rig_open(&rig);
	switch_on(&rig);
	set_msix(&rig, true);
	start(&rig, 0x1000);
	ck_assert_uint_eq(bar_read(&rig, VIRTIO_PCI_COMMON_STATUS, 1), READY);
	ck_assert(fake_kvm_plugged(24));
	bar_write(&rig, VIRTIO_PCI_COMMON_STATUS, 1, 0);
	start(&rig, 0x2000);
	pci_host_reset(&rig.host);
	ck_assert(!fake_kvm_plugged(24));
	rig_close(&rig);
	ck_assert_str_eq(log, "1\n15\n16\n17\n3\n24\n"
			      "2 0x140000000\n5 1 f\n8 0 16\n10 0 0\n9\n13 0 f\n12 0 f\n18 0 1\n"
			      "11 0 0\n"
			      "2 0x140000000\n5 1 f\n8 0 16\n10 0 0\n9\n13 0 f\n12 0 f\n18 0 1\n"
			      "11 0 0\n");
}
END_TEST

/* Rings that are not wholly in RAM never reach the server. */
static const uint64_t bad_rings[] = { RAM_SIZE, RAM_SIZE - 0x200, 0x1001, 0xfffffffffffff000 };

START_TEST(ring_outside_of_ram)
{
	struct stderr_text caught;
	struct rig rig;

	rig_open(&rig);
	switch_on(&rig);
	stderr_begin(&caught);
	start(&rig, bad_rings[_i]);
	stderr_end(&caught);
	stderr_holds(&caught, "the guest put queue 0 outside its memory");
	ck_assert_uint_eq(bar_read(&rig, VIRTIO_PCI_COMMON_STATUS, 1),
			  READY | VIRTIO_CONFIG_S_NEEDS_RESET);
	/* The state of the device changed, as the pin says. */
	ck_assert_uint_eq(bar_read(&rig, VIRTIO_PCI_ISR_STATUS, 1), VIRTIO_PCI_ISR_CONFIG);
	ck_assert_uint_eq(bar_read(&rig, VIRTIO_PCI_ISR_STATUS, 1), 0);
	start(&rig, 0x1000);
	ck_assert_uint_eq(bar_read(&rig, VIRTIO_PCI_COMMON_STATUS, 1), READY);
	rig_close(&rig);
}
END_TEST

/* With MSI-X switched under a running queue the server gets another eventfd. */
START_TEST(call_follows_msix)
{
	struct rig rig;

	rig_open(&rig);
	switch_on(&rig);
	start(&rig, 0x1000);
	set_msix(&rig, true);
	set_msix(&rig, false);
	bar_write(&rig, VIRTIO_PCI_COMMON_Q_MSIX, 2, VIRTIO_MSI_NO_VECTOR);
	set_msix(&rig, true);
	rig_close(&rig);
	ck_assert_ptr_nonnull(strstr(rig.peer.log, "18 0 1\n13 0 f\n13 0 f\n13 0x100\n11 0 0\n"));
}
END_TEST

/* The whole device can be reached through the window in configuration space. */
START_TEST(window)
{
	unsigned int cap;
	struct rig rig;

	rig_open(&rig);
	cap = (unsigned int)config_read(&rig, PCI_CAPABILITY_LIST, 1);
	ck_assert_uint_eq(config_read(&rig, cap + VIRTIO_PCI_CAP_CFG_TYPE, 1),
			  VIRTIO_PCI_CAP_PCI_CFG);
	config_write(&rig, cap + VIRTIO_PCI_CAP_OFFSET, 4, VIRTIO_PCI_COMMON_STATUS);
	config_write(&rig, cap + VIRTIO_PCI_CAP_LENGTH, 4, 1);
	config_write(&rig, cap + sizeof(struct virtio_pci_cap), 4, VIRTIO_CONFIG_S_DRIVER);
	ck_assert_uint_eq(config_read(&rig, cap + sizeof(struct virtio_pci_cap), 4),
			  VIRTIO_CONFIG_S_DRIVER);
	config_write(&rig, cap + VIRTIO_PCI_CAP_OFFSET, 4, VIRTIO_PCI_DEVICE);
	config_write(&rig, cap + VIRTIO_PCI_CAP_LENGTH, 4, 4);
	ck_assert_uint_eq(config_read(&rig, cap + sizeof(struct virtio_pci_cap), 4), 0x800);
	/* Places and lengths that make no sense leave the data as it is. */
	config_write(&rig, cap + VIRTIO_PCI_CAP_LENGTH, 4, 8);
	ck_assert_uint_eq(config_read(&rig, cap + sizeof(struct virtio_pci_cap), 4), 0x800);
	config_write(&rig, cap + VIRTIO_PCI_CAP_LENGTH, 4, 4);
	config_write(&rig, cap + VIRTIO_PCI_CAP_OFFSET, 4, 0xfffffffc);
	config_write(&rig, cap + sizeof(struct virtio_pci_cap), 4, 0x55);
	ck_assert_uint_eq(config_read(&rig, cap + sizeof(struct virtio_pci_cap), 4), 0x55);
	rig_close(&rig);
}
END_TEST

START_TEST(server_dies)
{
	struct stderr_text caught;
	struct rig rig;

	rig_open(&rig);
	switch_on(&rig);
	start(&rig, 0x1000);
	stderr_begin(&caught);
	shutdown(rig.peer.here, SHUT_RDWR);
	ck_assert_int_eq(vm_wait(&rig.vm), VM_EVENT_DEVICE_LOST);
	bar_write(&rig, VIRTIO_PCI_COMMON_STATUS, 1, 0);
	rig_close(&rig);
	stderr_end(&caught);
	ck_assert_str_eq(caught.text, "minivmm: error: disk: its vhost-user server closed the "
				      "connection: the guest is stopped\n");
}
END_TEST

START_TEST(other_kinds)
{
	struct rig rig;

	rig_init(&rig);
	rig.peer.features |= 1u << 15;
	ck_assert_int_eq(rig_add(&rig, _i ? VIRTIO_VHOST_FS : VIRTIO_VHOST_NET, "work"), 0);
	switch_on(&rig);
	ck_assert_uint_eq(bar_read(&rig, VIRTIO_PCI_COMMON_NUMQ, 2), 2);
	if (_i) {
		ck_assert_uint_eq(config_read(&rig, PCI_DEVICE_ID, 2), 0x105a);
		ck_assert_uint_eq(bar_read(&rig, VIRTIO_PCI_DEVICE, 8), 0x6b726f77);
		ck_assert_uint_eq(bar_read(&rig, VIRTIO_PCI_DEVICE + 36, 4), 1);
	} else {
		ck_assert_uint_eq(config_read(&rig, PCI_DEVICE_ID, 2), 0x1041);
		ck_assert_uint_eq(bar_read(&rig, VIRTIO_PCI_COMMON_DF, 4),
				  1u << 15 | 1u << 9 | 1u << 5);
		ck_assert_uint_eq(bar_read(&rig, VIRTIO_PCI_DEVICE, 2), 0x5452);
		/* The address is minivmm's own. The server hears nothing of it. */
		start(&rig, 0x1000);
	}
	rig_close(&rig);
	ck_assert_ptr_null(strstr(rig.peer.log, "2 0x140000220"));
}
END_TEST

static const struct {
	uint64_t features, protocol, queues;
	enum virtio_vhost_kind kind;
	const char *words;
} unfit[] = {
	{ 0, 0, 0, VIRTIO_VHOST_FS, "does not support virtio 1.0" },
	{ 1ull << 32, 0, 0, VIRTIO_VHOST_BLK, "read the disk's size" },
	{ 1ull << 32 | VHOST_F_PROTOCOL_FEATURES, VHOST_PROTOCOL_MQ, 1, VIRTIO_VHOST_FS,
	  "has 1 queues, but 2 are needed" },
};

START_TEST(unfit_server)
{
	struct stderr_text caught;
	struct rig rig;

	rig_init(&rig);
	rig.peer.features = unfit[_i].features;
	rig.peer.protocol = unfit[_i].protocol;
	rig.peer.queues = unfit[_i].queues;
	stderr_begin(&caught);
	ck_assert_int_eq(rig_add(&rig, unfit[_i].kind, "tag"), -ENOTSUP);
	stderr_end(&caught);
	stderr_holds(&caught, unfit[_i].words);
	rig_close(&rig);
}
END_TEST

/* What the server of a disk says of its queues, in its configuration space and when asked. */
static const struct {
	uint16_t in_config;
	uint64_t asked;
	unsigned int queues; /* that the guest gets; 0: the server is refused */
	const char *words;
} queue_counts[] = {
	{ 1, 4, 1, NULL },
	{ 4, 4, 4, NULL },
	{ 4, UINT64_MAX, 4, NULL },
	{ 0, 4, 1, NULL },
	{ VIRTIO_QUEUES_MAX, UINT16_MAX, VIRTIO_QUEUES_MAX, NULL },
	{ VIRTIO_QUEUES_MAX + 1, UINT16_MAX, 1, NULL },
	{ UINT16_MAX, UINT16_MAX, 1, NULL },
	{ 4, 3, 0, "has 3 queues, but 4 are needed" },
	{ 4, 0, 0, "has no queues" },
	{ 0, 0, 0, "has no queues" },
};

START_TEST(queues_of_a_disk)
{
	const uint64_t multiqueue = 1u << VIRTIO_BLK_F_MQ;
	unsigned int queues = queue_counts[_i].queues;
	struct stderr_text caught;
	struct rig rig;
	int ret;

	rig_init(&rig);
	rig.peer.features |= multiqueue;
	rig.peer.queues = queue_counts[_i].asked;
	memcpy(rig.peer.config + offsetof(struct virtio_blk_config, num_queues),
	       &queue_counts[_i].in_config, sizeof(uint16_t));
	stderr_begin(&caught);
	ret = rig_add(&rig, VIRTIO_VHOST_BLK, NULL);
	stderr_end(&caught);
	ck_assert_int_eq(ret == 0, queues > 0);
	if (queues) {
		switch_on(&rig);
		ck_assert_uint_eq(bar_read(&rig, VIRTIO_PCI_COMMON_NUMQ, 2), queues);
	} else {
		stderr_holds(&caught, queue_counts[_i].words);
	}
	rig_close(&rig);
}
END_TEST

UNIT_MAIN("virtio_pci", { as_the_guest_finds_it, 0 }, { doorbells_follow_the_bar, 0 },
	  { doorbell_refused, 0 }, { driver_comes_and_goes, 0 },
	  { ring_outside_of_ram, UNIT_COUNT(bad_rings) }, { call_follows_msix, 0 }, { window, 0 },
	  { server_dies, 0 }, { other_kinds, 2 }, { unfit_server, UNIT_COUNT(unfit) },
	  { queues_of_a_disk, UNIT_COUNT(queue_counts) })
