/* SPDX-License-Identifier: MIT */
/* vfio/backend/backend_user.c: the file that a server gives for a BAR, and whether it is mapped. */
#include <fcntl.h>
#include <linux/pci_regs.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include "unit.h"
#include "user_client.h"

static int get_bar2(struct client *client, struct vfio_region *region)
{
	return vfio_backend_user.get_region(&client->device,
					    VFIO_PCI_BAR0_REGION_INDEX + DEMO_MEMORY_BAR, region);
}

/* The file would end before what may be mapped does, and with it an access of the guest. */
START_TEST(short_file_is_not_mapped)
{
	static const struct {
		off_t size;
		bool mapped;
	} files[] = { { DEMO_MEMORY_SIZE - 1, true },
		      { DEMO_MIRROR, true },
		      { DEMO_MIRROR - 1, false },
		      { 0, false } };
	struct vfio_region region;
	struct client client;

	client_start(&client);
	for (size_t i = 0; i < UNIT_COUNT(files); i++) {
		ck_assert_int_eq(ftruncate(client.bar2.mmap_fd, files[i].size), 0);
		ck_assert_int_eq(get_bar2(&client, &region), 0);
		ck_assert_int_eq((region.flags & VFIO_REGION_INFO_FLAG_MMAP) != 0, files[i].mapped);
		client.bar2.mmap_fd = region.mmap_fd >= 0 ? region.mmap_fd : client.bar2.mmap_fd;
	}
	client_close(&client);
}
END_TEST

/* The peer in this process has closed its own file once it answers something else. */
static unsigned int count_open_files(struct client *client)
{
	unsigned int count = 0;

	get(client, &client->config, PCI_VENDOR_ID, 2);
	for (int fd = 0; fd < 256; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

/* Old servers with libvfio-user send the region's file once for each area. Some send another. */
static const struct {
	struct user_lie lie;
	bool mapped;
} surplus[] = {
	{ { USER_GET_REGION_INFO, USER_COPIES, 1, 0, 0, NULL }, true },
	{ { USER_GET_REGION_INFO, USER_COPIES, 2, 0, 0, NULL }, true },
	{ { USER_GET_REGION_INFO, USER_COPIES, USER_FDS_MAX, 0, 0, NULL }, true },
	{ { USER_GET_REGION_INFO, USER_COPIES, 0, 0, 0, NULL }, false },
	{ { USER_GET_REGION_INFO, USER_MIXED, 0, 0, 0, NULL }, false },
};

START_TEST(surplus_files_are_closed)
{
	struct vfio_region region;
	unsigned int files;
	struct client client;

	client_init(&client, &surplus[_i].lie);
	ck_assert_int_eq(client_open(&client), 0);
	ck_assert_int_eq((client.bar2.flags & VFIO_REGION_INFO_FLAG_MMAP) != 0, surplus[_i].mapped);
	files = count_open_files(&client);
	ck_assert_int_eq(get_bar2(&client, &region), 0);
	ck_assert_uint_ne(region.flags & VFIO_REGION_INFO_FLAG_MMAP, 0);
	ck_assert_uint_eq(count_open_files(&client), files + !surplus[_i].mapped);
	client_close(&client);
}
END_TEST

/* The files are no memory, or not enough of it. The BAR is trapped, and the server lives on. */
static int make_memory(off_t size)
{
	int fd = memfd_create("bar", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	ck_assert_int_eq(ftruncate(fd, size), 0);
	return fd;
}

static int make_long(void)
{
	return make_memory(2 * DEMO_MEMORY_SIZE);
}

static int make_short(void)
{
	return make_memory(DEMO_MIRROR - 1);
}

static int make_sealed(void)
{
	int fd = make_memory(DEMO_MEMORY_SIZE);

	ck_assert_int_eq(fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK), 0);
	return fd;
}

/* This stands in for a file system that another program serves, which a test cannot have. */
static int open_proc(void)
{
	return open("/proc/self/status", O_RDONLY | O_CLOEXEC);
}

static int open_zeros(void)
{
	return open("/dev/zero", O_RDWR | O_CLOEXEC);
}

static int open_folder(void)
{
	return open("/", O_PATH | O_CLOEXEC);
}

static int make_event(void)
{
	return eventfd(0, EFD_CLOEXEC);
}

static int make_socket(void)
{
	return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static const struct {
	int (*make)(void);
	bool mapped;
} others[] = {
	{ make_long, true },   { make_sealed, true },  { make_short, false },
	{ open_proc, false },  { open_zeros, false },  { open_folder, false },
	{ make_event, false }, { make_socket, false },
};

START_TEST(rule_47_files_of_every_kind)
{
	int fd = others[_i].make();
	const struct user_lie lie = {
		USER_GET_REGION_INFO, USER_OTHER, 1, 0, (uint64_t)fd, NULL,
	};
	struct client client;

	ck_assert_int_ge(fd, 0);
	client_init(&client, &lie);
	ck_assert_int_eq(client_open(&client), 0);
	ck_assert_int_eq((client.bar2.flags & VFIO_REGION_INFO_FLAG_MMAP) != 0, others[_i].mapped);
	if (others[_i].mapped) /* from now on nobody can make it shorter */
		ck_assert_int_lt(ftruncate(fd, 0), 0);
	put(&client, &client.bar2, DEMO_MIRROR, 1, 4);
	client_close(&client);
	close(fd);
}
END_TEST

UNIT_MAIN("user_region", { short_file_is_not_mapped, 0 },
	  { surplus_files_are_closed, UNIT_COUNT(surplus) },
	  { rule_47_files_of_every_kind, UNIT_COUNT(others) })
