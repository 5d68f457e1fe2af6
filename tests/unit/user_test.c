/* SPDX-License-Identifier: MIT */
/* vfio/backend/backend_user.c in front of the demo device and its honest server. */
#include <errno.h>
#include <fcntl.h>
#include <linux/pci_regs.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "guests/demo/demo_regs.h"
#include "devices/testdev_regs.h"
#include "stderr_text.h"
#include "unit.h"
#include "user_client.h"
#include "vfio/vfio.h"
#include "vmm/trace/log.h"

static void command(struct client *client, uint64_t source, uint64_t target, uint32_t length,
		    uint32_t flags)
{
	put(client, &client->config, PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER, 2);
	put(client, &client->bar0, TESTDEV_SOURCE_LOW, (uint32_t)source, 4);
	put(client, &client->bar0, TESTDEV_SOURCE_HIGH, (uint32_t)(source >> 32), 4);
	put(client, &client->bar0, TESTDEV_TARGET_LOW, (uint32_t)target, 4);
	put(client, &client->bar0, TESTDEV_TARGET_HIGH, (uint32_t)(target >> 32), 4);
	put(client, &client->bar0, TESTDEV_LENGTH, length, 4);
	put(client, &client->bar0, TESTDEV_COMMAND, TESTDEV_COMMAND_COPY | flags, 4);
}

/* Control words in the configuration space of the device. */
#define MSI_FLAGS  0x42u
#define MSIX_FLAGS 0x5au

START_TEST(device_is_described)
{
	static struct vfio_reach reach;
	struct client client;
	struct vfio_irq irq;
	struct vfio_info info;

	client_start(&client);
	ck_assert_int_eq(client.device.kvm_file, -1);
	ck_assert_int_eq(vfio_backend_user.get_info(&client.device, &info), 0);
	ck_assert_uint_eq(info.flags, VFIO_DEVICE_FLAGS_PCI | VFIO_DEVICE_FLAGS_RESET);
	ck_assert_uint_eq(client.bar0.size, TESTDEV_BAR_SIZE);
	ck_assert_uint_eq(client.bar0.flags & VFIO_REGION_INFO_FLAG_MMAP, 0);
	ck_assert_uint_eq(get(&client, &client.config, PCI_VENDOR_ID, 4),
			  TESTDEV_VENDOR | TESTDEV_DEVICE << 16);
	ck_assert_int_eq(vfio_backend_user.get_irq(&client.device, VFIO_PCI_MSIX_IRQ_INDEX, &irq),
			 0);
	ck_assert_uint_eq(irq.count, TESTDEV_VECTORS);
	ck_assert_int_eq(vfio_backend_user.get_irq(&client.device, VFIO_PCI_REQ_IRQ_INDEX, &irq),
			 -EINVAL);
	ck_assert_int_eq(vfio_backend_user.reset_reach(&client.device, &reach), -ENOTSUP);
	ck_assert_int_eq(vfio_backend_user.hot_reset(&client.device, &reach), -ENOTSUP);
	client_close(&client);
}
END_TEST

START_TEST(region_is_mapped)
{
	const struct vfio_region *region;
	struct client client;
	uint32_t *memory;

	client_start(&client);
	region = &client.bar2;
	ck_assert_uint_ne(region->flags & VFIO_REGION_INFO_FLAG_MMAP, 0);
	ck_assert(region->sparse);
	ck_assert_uint_eq(region->sparse_count, 1);
	ck_assert_uint_eq(region->areas[0].size, DEMO_MIRROR);
	memory = mmap(NULL, DEMO_MIRROR, PROT_READ | PROT_WRITE, MAP_SHARED, region->mmap_fd,
		      (off_t)region->mmap_offset);
	ck_assert_ptr_ne(memory, MAP_FAILED);
	memory[1] = 0x12345678;
	ck_assert_uint_eq(get(&client, region, 4, 4), 0x12345678);
	ck_assert_uint_eq(get(&client, region, DEMO_MIRROR + 4, 4), ~0x12345678u);
	munmap(memory, DEMO_MIRROR);
	client_close(&client);
}
END_TEST

START_TEST(accesses_end_with_the_region)
{
	struct client client;
	uint64_t value;

	client_start(&client);
	ck_assert_int_eq(put(&client, &client.bar0, TESTDEV_BAR_SIZE, 0, 4), -EINVAL);
	ck_assert_int_eq(put(&client, &client.bar0, TESTDEV_BAR_SIZE - 2, 0, 4), -EINVAL);
	ck_assert_int_eq(vfio_backend_user.region_read(&client.device, &client.bar0, UINT64_MAX - 3,
						       &value, 8),
			 -EINVAL);
	client_close(&client);
}
END_TEST

/*
 * Row 0 has the memory's file. Row 1 has none, so messages do the work. In row 2 they do it
 * although there is a file.
 */
START_TEST(dma_goes_both_ways)
{
	struct client client;

	client_start(&client);
	ck_assert_int_eq(dma_map(&client, false, _i == 1 ? -1 : client.ram_fd), 0);
	strcpy(client.ram, "from the guest");
	command(&client, RAM, RAM + PAGE, 15, _i == 2 ? DEMO_COMMAND_MESSAGES : 0);
	ck_assert_uint_eq(get(&client, &client.bar0, TESTDEV_STATUS, 4), TESTDEV_STATUS_COPIED);
	ck_assert_str_eq(client.ram + PAGE, "from the guest");
	command(&client, RAM, RAM + PAGES * PAGE - 8, 9, DEMO_COMMAND_MESSAGES);
	ck_assert_uint_eq(get(&client, &client.bar0, TESTDEV_STATUS, 4), TESTDEV_STATUS_FAILED);
	command(&client, UINT64_MAX - 3, RAM, 8, DEMO_COMMAND_MESSAGES);
	ck_assert_uint_eq(get(&client, &client.bar0, TESTDEV_STATUS, 4), TESTDEV_STATUS_FAILED);
	ck_assert_int_eq(vfio_backend_user.dma_unmap(&client.space, RAM, PAGES * PAGE), 0);
	command(&client, RAM, RAM + PAGE, 15, 0);
	ck_assert_uint_eq(get(&client, &client.bar0, TESTDEV_STATUS, 4), TESTDEV_STATUS_FAILED);
	client_close(&client);
}
END_TEST

START_TEST(readonly_memory_is_not_written)
{
	struct client client;

	client_start(&client);
	ck_assert_int_eq(dma_map(&client, true, -1), 0);
	command(&client, RAM, RAM + PAGE, 8, DEMO_COMMAND_MESSAGES);
	ck_assert_uint_eq(get(&client, &client.bar0, TESTDEV_STATUS, 4), TESTDEV_STATUS_FAILED);
	client_close(&client);
}
END_TEST

START_TEST(maps_are_exact)
{
	struct client client;

	client_start(&client);
	ck_assert_int_eq(dma_map(&client, false, client.ram_fd), 0);
	ck_assert_int_eq(dma_map(&client, false, client.ram_fd), -EEXIST);
	ck_assert_int_eq(vfio_backend_user.dma_unmap(&client.space, RAM, PAGE), -ENOENT);
	ck_assert_int_eq(vfio_backend_user.dma_unmap(&client.space, RAM, PAGES * PAGE), 0);
	ck_assert_int_eq(vfio_backend_user.dma_unmap(&client.space, RAM, PAGES * PAGE), -ENOENT);
	client_close(&client);
}
END_TEST

/*
 * There are more vectors than the server takes files at once, and one in the middle has no
 * eventfd.
 */
START_TEST(vectors_ring)
{
	int fds[TESTDEV_VECTORS];
	struct client client;

	client_start(&client);
	for (unsigned int i = 0; i < TESTDEV_VECTORS; i++)
		fds[i] = i == 1 ? -1 : eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	put(&client, &client.config, PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER, 2);
	ck_assert_int_eq(
		set_irq(&client, VFIO_PCI_MSIX_IRQ_INDEX, TRIGGER, 0, TESTDEV_VECTORS, fds), 0);
	/* The backend has switched MSI-X on in the device itself, as the kernel would. */
	ck_assert_uint_eq(get(&client, &client.config, MSIX_FLAGS, 2), 0x8003);
	for (unsigned int i = 0; i < TESTDEV_VECTORS; i++) {
		put(&client, &client.bar0, TESTDEV_TRIGGER, i, 4);
		if (i != 1)
			ck_assert(rings(fds[i], 1000));
	}
	ck_assert_int_eq(set_irq(&client, VFIO_PCI_MSIX_IRQ_INDEX, TRIGGER, 0, 0, NULL), 0);
	ck_assert_uint_eq(get(&client, &client.config, MSIX_FLAGS, 2), 0x0003);
	put(&client, &client.bar0, TESTDEV_TRIGGER, 0, 4);
	ck_assert(!rings(fds[0], 20));
	ck_assert_int_eq(
		set_irq(&client, VFIO_PCI_MSIX_IRQ_INDEX, TRIGGER, TESTDEV_VECTORS, 1, fds),
		-EINVAL);
	for (unsigned int i = 0; i < TESTDEV_VECTORS; i++)
		close(fds[i]);
	client_close(&client);
}
END_TEST

/* The device is told how many messages it may send, and folds its interrupts into them. */
START_TEST(messages_are_shared)
{
	struct client client;
	int fds[2];

	client_start(&client);
	for (unsigned int i = 0; i < 2; i++)
		fds[i] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	put(&client, &client.config, PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER, 2);
	ck_assert_int_eq(set_irq(&client, VFIO_PCI_MSI_IRQ_INDEX, TRIGGER, 0, 1, fds), 0);
	ck_assert_uint_eq(get(&client, &client.config, MSI_FLAGS, 2), 0x185);
	ck_assert_int_eq(set_irq(&client, VFIO_PCI_MSI_IRQ_INDEX, TRIGGER, 1, 1, &fds[1]), 0);
	ck_assert_uint_eq(get(&client, &client.config, MSI_FLAGS, 2), 0x195);
	ck_assert_int_eq(set_irq(&client, VFIO_PCI_MSI_IRQ_INDEX, TRIGGER, 0, 1, fds), 0);
	ck_assert_uint_eq(get(&client, &client.config, MSI_FLAGS, 2), 0x195);
	put(&client, &client.bar0, TESTDEV_TRIGGER, 3, 4);
	ck_assert(rings(fds[1], 1000));
	ck_assert(!rings(fds[0], 0));
	ck_assert_int_eq(set_irq(&client, VFIO_PCI_MSI_IRQ_INDEX, TRIGGER, 0, 0, NULL), 0);
	ck_assert_uint_eq(get(&client, &client.config, MSI_FLAGS, 2), 0x194);
	close(fds[0]);
	close(fds[1]);
	client_close(&client);
}
END_TEST

/* The pin is a level: it comes back after each acknowledgement while the device holds it. */
START_TEST(pin_rings_until_it_is_lowered)
{
	struct client client;
	int pin[2];

	client_start(&client);
	pin[0] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	pin[1] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	ck_assert_int_eq(set_irq(&client, VFIO_PCI_INTX_IRQ_INDEX, TRIGGER, 0, 1, &pin[0]), 0);
	ck_assert_int_eq(set_irq(&client, VFIO_PCI_INTX_IRQ_INDEX, VFIO_IRQ_SET_ACTION_UNMASK, 0, 1,
				 &pin[1]),
			 0);
	put(&client, &client.bar0, TESTDEV_TRIGGER, 0, 4);
	ck_assert(rings(pin[0], 1000));
	ck_assert(!rings(pin[0], 20));
	eventfd_write(pin[1], 1);
	ck_assert(rings(pin[0], 1000));
	put(&client, &client.bar0, TESTDEV_STATUS, TESTDEV_STATUS_INTX, 4);
	eventfd_write(pin[1], 1);
	ck_assert(!rings(pin[0], 20));
	ck_assert_int_eq(set_irq(&client, VFIO_PCI_INTX_IRQ_INDEX, TRIGGER, 0, 0, NULL), 0);
	close(pin[0]);
	close(pin[1]);
	client_close(&client);
}
END_TEST

START_TEST(reset_reaches_the_device)
{
	struct client client;

	client_start(&client);
	put(&client, &client.bar0, TESTDEV_SCRATCH, 5, 4);
	ck_assert_uint_eq(get(&client, &client.bar0, TESTDEV_SCRATCH, 4), 5);
	ck_assert_int_eq(vfio_backend_user.reset(&client.device), 0);
	ck_assert_uint_eq(get(&client, &client.bar0, TESTDEV_SCRATCH, 4), 0);
	client_close(&client);
}
END_TEST

START_TEST(server_that_is_not_there)
{
	const struct vfio_space_request server = { "/nonexistent/socket", -1 };
	struct vfio_space space = { .backend = &vfio_backend_user };
	struct stderr_text caught;

	stderr_begin(&caught);
	ck_assert_int_eq(vfio_backend_user.space_open(&space, &server), -ENOENT);
	stderr_end(&caught);
	vfio_backend_user.space_close(&space);
	stderr_holds(&caught, "/nonexistent/socket: connect");
	stderr_holds(&caught, "fix: ");
}
END_TEST

/* The call's own errno is named, once; callers that log what they get back add nothing. */
START_TEST(failed_call_is_named_once)
{
	const int closed = 9999;
	struct stderr_text caught;
	struct client client;
	char kept[128];
	int ret;

	client_start(&client);
	stderr_begin(&caught);
	ret = set_irq(&client, VFIO_PCI_MSIX_IRQ_INDEX, TRIGGER, 0, 1, &closed);
	ck_assert_int_eq(ret, -LOG_TOLD);
	ck_assert_int_eq(log_errno("caller", ret, "set up its interrupts"), ret);
	log_fix("nothing that helps");
	log_keep_error(kept, sizeof(kept));
	ck_assert_int_eq(vfio_backend_user.reset(&client.device), -LOG_TOLD);
	log_keep_error(NULL, 0);
	client_close(&client);
	stderr_end(&caught);
	ck_assert_str_eq(caught.text, "minivmm: error: peer: its vfio-user server cannot be "
				      "reached: Bad file descriptor\n");
	ck_assert_str_eq(kept, "peer: its vfio-user server cannot be reached");
}
END_TEST

UNIT_MAIN("user", { device_is_described, 0 }, { region_is_mapped, 0 },
	  { accesses_end_with_the_region, 0 }, { dma_goes_both_ways, 3 },
	  { readonly_memory_is_not_written, 0 }, { maps_are_exact, 0 }, { vectors_ring, 0 },
	  { messages_are_shared, 0 }, { pin_rings_until_it_is_lowered, 0 },
	  { reset_reaches_the_device, 0 }, { server_that_is_not_there, 0 },
	  { failed_call_is_named_once, 0 })
