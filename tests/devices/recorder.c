/* SPDX-License-Identifier: MIT */
/*
 * recorder DEVICE SOCKET LOG: be the device that the file DEVICE describes, to one vfio-user
 * client, and write down what is asked of it, a line each. With a fourth word, `mapped`, the client
 * may map BAR 0: its accesses there are not seen.
 *
 *	config is 0x000.4 0x10c98086	after power-on
 *	config read 0x006.2 0x0010	the access, its size, what was read or written
 *	config became 0x004.2 0x7	after a write: what the register holds now
 *	bar0 write 0x00000010.4 0x1
 *	irqs msix trigger 0+1 fds 1	VFIO_DEVICE_SET_IRQS
 *	reset				by the client
 *	flr	power 3			by the guest, through configuration space
 *	mark 2 command 0x0007 ...	the guest has read STATUS many times on end: so far it is
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "device_bits.h"
#include "guests/demo/user_server.h"

#define RECORDER_KINDS   (VFIO_PCI_REQ_IRQ_INDEX + 1)
#define RECORDER_MARK    6u /* reads of STATUS on end */
#define RECORDER_VECTORS 2048u
#define RECORDER_HELD    (1ull << 20) /* bytes of a region; a larger one repeats them */

struct recorder {
	struct user_server server;
	struct device_file file;
	struct device_bits bits;
	uint8_t config[PCI_CFG_SPACE_EXP_SIZE];
	uint8_t *memory[DEVICE_REGIONS];
	bool wired[RECORDER_KINDS][RECORDER_VECTORS]; /* it was given an eventfd */
	int memory_fd; /* BAR 0, for the client to map; -1: each access is one to write down */
	unsigned int marks, status_reads;
	FILE *log;
};

static const char *const recorder_kinds[RECORDER_KINDS] = { "intx", "msi", "msix", "err", "req" };

static unsigned int recorder_word(const struct recorder *recorder, unsigned int offset)
{
	return recorder->config[offset] | (unsigned int)recorder->config[offset + 1] << 8;
}

static uint64_t recorder_held(const struct recorder *recorder, uint32_t region)
{
	uint64_t size = recorder->file.sizes[region];

	return size < RECORDER_HELD ? size : RECORDER_HELD;
}

/* Returns where an access is. No part of it is past the end. */
static uint8_t *recorder_memory(struct recorder *recorder, uint32_t region, uint64_t offset)
{
	return &recorder->memory[region][offset & (recorder_held(recorder, region) - 1)];
}

/* ---- what is written down ---- */

static void recorder_log_access(struct recorder *recorder, const char *what, uint32_t region,
				uint64_t offset, const void *data, size_t size)
{
	uint64_t value = 0;

	memcpy(&value, data, size < sizeof(value) ? size : sizeof(value));
	if (region == VFIO_PCI_CONFIG_REGION_INDEX)
		fprintf(recorder->log, "config %s %#05" PRIx64 ".%zu %#" PRIx64 "\n", what, offset,
			size, value);
	else
		fprintf(recorder->log, "bar%" PRIu32 " %s %#" PRIx64 ".%zu %#" PRIx64 "\n", region,
			what, offset, size, value);
}

static unsigned int recorder_count_wired(const struct recorder *recorder, uint32_t kind)
{
	unsigned int count = 0;

	for (unsigned int vector = 0; vector < RECORDER_VECTORS; vector++)
		count += recorder->wired[kind][vector];
	return count;
}

/* The guest's sign that a part of its walk is over. */
static void recorder_log_mark(struct recorder *recorder)
{
	fprintf(recorder->log, "mark %u command %#06x intx %u msi %u msix %u\n", recorder->marks++,
		recorder_word(recorder, PCI_COMMAND), recorder_count_wired(recorder, 0),
		recorder_count_wired(recorder, 1), recorder_count_wired(recorder, 2));
}

static void recorder_watch_marks(struct recorder *recorder, uint64_t offset, size_t size)
{
	bool status = offset == PCI_STATUS && size == 2;

	recorder->status_reads = status ? recorder->status_reads + 1 : 0;
	if (recorder->status_reads < RECORDER_MARK)
		return;
	recorder_log_mark(recorder);
	recorder->status_reads = 0;
}

/* ---- the device ---- */

static void recorder_clear(struct recorder *recorder, uint8_t id, unsigned int reg, uint8_t bits)
{
	unsigned int cap = device_file_find(&recorder->file, id);

	if (cap)
		recorder->config[cap + reg] &= (uint8_t)~bits;
}

/*
 * The file shows a device that a driver may have been using, so what a driver switches on is
 * switched off here. Memory holds its own offsets.
 */
static void recorder_power_on(struct recorder *recorder)
{
	memcpy(recorder->config, recorder->file.config, sizeof(recorder->config));
	memset(&recorder->config[PCI_COMMAND], 0, 2);
	memset(&recorder->config[PCI_CACHE_LINE_SIZE], 0, 2); /* and the latency timer */
	recorder->config[PCI_INTERRUPT_LINE] = 0;
	recorder_clear(recorder, PCI_CAP_ID_MSI, PCI_MSI_FLAGS, PCI_MSI_FLAGS_ENABLE);
	recorder_clear(recorder, PCI_CAP_ID_MSIX, PCI_MSIX_FLAGS + 1, 0xc0);
	recorder_clear(recorder, PCI_CAP_ID_PM, PCI_PM_CTRL, PCI_PM_CTRL_STATE_MASK);
	for (unsigned int region = 0; region < DEVICE_REGIONS; region++)
		for (uint64_t at = 0; at < recorder_held(recorder, region); at++)
			recorder->memory[region][at] = (uint8_t)(at ^ at >> 8 ^ region << 4);
}

static bool recorder_is_flr(const struct recorder *recorder, unsigned int at, uint8_t value)
{
	unsigned int exp = device_file_find(&recorder->file, PCI_CAP_ID_EXP);
	unsigned int af = device_file_find(&recorder->file, PCI_CAP_ID_AF);

	if (exp && at == exp + PCI_EXP_DEVCTL + 1)
		return value & PCI_EXP_DEVCTL_BCR_FLR >> 8 &&
		       recorder->file.config[exp + PCI_EXP_DEVCAP + 3] & PCI_EXP_DEVCAP_FLR >> 24;
	return af && at == af + PCI_AF_CTRL && value & PCI_AF_CTRL_FLR &&
	       recorder->file.config[af + PCI_AF_CAP] & PCI_AF_CAP_FLR;
}

/*
 * Vital product data are there as soon as they are asked for, so the flag turns at once. PCI 3.0,
 * appendix I.
 */
static void recorder_touch_vpd(struct recorder *recorder, unsigned int at)
{
	unsigned int vpd = device_file_find(&recorder->file, PCI_CAP_ID_VPD);

	if (vpd && at == vpd + PCI_VPD_ADDR + 1)
		recorder->config[at] ^= PCI_VPD_ADDR_F >> 8;
}

static void recorder_log_power(struct recorder *recorder, unsigned int at, uint8_t before)
{
	unsigned int pm = device_file_find(&recorder->file, PCI_CAP_ID_PM);
	uint8_t now = recorder->config[at];

	if (pm && at == pm + PCI_PM_CTRL && (before ^ now) & PCI_PM_CTRL_STATE_MASK)
		fprintf(recorder->log, "power %u\n", now & PCI_PM_CTRL_STATE_MASK);
}

static void recorder_config_write(struct recorder *recorder, unsigned int at, uint8_t value)
{
	uint8_t writable = recorder->bits.writable[at], before = recorder->config[at];

	if (recorder_is_flr(recorder, at, value)) {
		fprintf(recorder->log, "flr\n");
		recorder_power_on(recorder);
		return;
	}
	recorder->config[at] = (uint8_t)((before & ~writable) | (value & writable));
	recorder->config[at] &= (uint8_t) ~(value & recorder->bits.w1c[at]);
	recorder_log_power(recorder, at, before);
	recorder_touch_vpd(recorder, at);
}

/* ---- what the client asks ---- */

static void recorder_region(void *owner, uint32_t index, struct user_server_region *region)
{
	const struct recorder *recorder = owner;

	if (index == VFIO_PCI_CONFIG_REGION_INDEX)
		region->size = recorder->file.config_size;
	else if (index < DEVICE_REGIONS)
		region->size = recorder->file.sizes[index];
	if (index != VFIO_PCI_BAR0_REGION_INDEX || recorder->memory_fd < 0)
		return;
	region->mappable = region->size;
	region->fd = recorder->memory_fd;
}

static uint32_t recorder_irq_count(void *owner, uint32_t kind)
{
	const struct device_file *file = &((struct recorder *)owner)->file;
	unsigned int cap;

	switch (kind) {
	case VFIO_PCI_INTX_IRQ_INDEX:
		return file->config[PCI_INTERRUPT_PIN] != 0;
	case VFIO_PCI_MSI_IRQ_INDEX:
		cap = device_file_find(file, PCI_CAP_ID_MSI);
		return cap ? 1u << ((device_file_word(file, cap + PCI_MSI_FLAGS) & 0xe) >> 1) : 0;
	case VFIO_PCI_MSIX_IRQ_INDEX:
		cap = device_file_find(file, PCI_CAP_ID_MSIX);
		return cap ? (device_file_word(file, cap + PCI_MSIX_FLAGS) & 0x7ffu) + 1 : 0;
	default:
		return kind < RECORDER_KINDS;
	}
}

static void recorder_read(void *owner, uint32_t region, uint64_t offset, void *data, size_t size)
{
	struct recorder *recorder = owner;

	memset(data, 0xff, size);
	if (region == VFIO_PCI_CONFIG_REGION_INDEX)
		memcpy(data, &recorder->config[offset], size);
	else if (region < DEVICE_REGIONS)
		memcpy(data, recorder_memory(recorder, region, offset), size);
	recorder_log_access(recorder, "read", region, offset, data, size);
	if (region == VFIO_PCI_CONFIG_REGION_INDEX)
		recorder_watch_marks(recorder, offset, size);
}

static void recorder_write(void *owner, uint32_t region, uint64_t offset, const void *data,
			   size_t size)
{
	struct recorder *recorder = owner;

	recorder->status_reads = 0;
	recorder_log_access(recorder, "write", region, offset, data, size);
	if (region < VFIO_PCI_ROM_REGION_INDEX)
		memcpy(recorder_memory(recorder, region, offset), data, size);
	if (region != VFIO_PCI_CONFIG_REGION_INDEX)
		return;
	for (size_t i = 0; i < size; i++)
		recorder_config_write(recorder, (unsigned int)(offset + i),
				      ((const uint8_t *)data)[i]);
	recorder_log_access(recorder, "became", region, offset, &recorder->config[offset], size);
}

static const char *recorder_action(uint32_t flags)
{
	switch (flags & VFIO_IRQ_SET_ACTION_TYPE_MASK) {
	case VFIO_IRQ_SET_ACTION_MASK:
		return "mask";
	case VFIO_IRQ_SET_ACTION_UNMASK:
		return "unmask";
	default:
		return "trigger";
	}
}

static int recorder_set_irqs(void *owner, const struct vfio_irq_set *set,
			     struct user_message *message)
{
	struct recorder *recorder = owner;
	bool *wired = recorder->wired[set->index < RECORDER_KINDS ? set->index : 0];

	if (set->index >= RECORDER_KINDS)
		return -EINVAL;
	fprintf(recorder->log, "irqs %s %s %" PRIu32 "+%" PRIu32 " fds %u\n",
		recorder_kinds[set->index], recorder_action(set->flags), set->start, set->count,
		message->fd_count);
	recorder->status_reads = 0;
	if (!(set->flags & VFIO_IRQ_SET_ACTION_TRIGGER))
		return 0;
	if (set->count == 0)
		memset(wired, 0, RECORDER_VECTORS * sizeof(*wired));
	for (uint32_t i = 0; i < set->count && set->start + i < RECORDER_VECTORS; i++)
		wired[set->start + i] = message->fd_count > 0;
	return 0;
}

static void recorder_reset(void *owner)
{
	struct recorder *recorder = owner;

	fprintf(recorder->log, "reset\n");
	recorder->status_reads = 0;
	recorder_power_on(recorder);
}

static const struct user_server_ops recorder_ops = {
	.irqs = RECORDER_KINDS,
	.region = recorder_region,
	.irq_count = recorder_irq_count,
	.read = recorder_read,
	.write = recorder_write,
	.set_irqs = recorder_set_irqs,
	.reset = recorder_reset,
};

/* ---- life ---- */

static int recorder_fail(const char *what, int err)
{
	fprintf(stderr, "recorder: %s: %s\n", what, strerror(err));
	return 1;
}

/* What BAR 0 holds can be shared with the client. */
static void *recorder_map(const struct recorder *recorder, uint32_t region)
{
	int fd = region == VFIO_PCI_BAR0_REGION_INDEX ? recorder->memory_fd : -1;
	uint64_t size = recorder_held(recorder, region);

	if (fd >= 0 && ftruncate(fd, (off_t)size) < 0)
		return MAP_FAILED;
	return mmap(NULL, size + 1, PROT_READ | PROT_WRITE,
		    fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED, fd, 0);
}

static int recorder_init(struct recorder *recorder, const char *device, const char *log)
{
	int ret = device_file_read(&recorder->file, device);

	if (ret < 0)
		return recorder_fail(device, -ret);
	device_bits_find(&recorder->bits, &recorder->file);
	for (unsigned int region = 0; region < DEVICE_REGIONS; region++) {
		recorder->memory[region] = recorder_map(recorder, region);
		if (recorder->memory[region] == MAP_FAILED)
			return recorder_fail(device, errno);
	}
	recorder_power_on(recorder);
	recorder->log = fopen(log, "w");
	if (!recorder->log)
		return recorder_fail(log, errno);
	for (unsigned int at = 0; at < recorder->file.config_size; at += 4)
		recorder_log_access(recorder, "is", VFIO_PCI_CONFIG_REGION_INDEX, at,
				    &recorder->config[at], 4);
	return 0;
}

/* Serve from the listening socket to the end of its first client. */
static int recorder_serve(struct recorder *recorder, const char *path)
{
	int listener = user_server_listen(path), client;

	if (listener < 0)
		return recorder_fail(path, -listener);
	client = accept(listener, NULL, NULL);
	close(listener);
	if (client < 0)
		return recorder_fail(path, errno);
	recorder->server =
		(struct user_server){ .socket = client, .ops = &recorder_ops, .owner = recorder };
	return user_server_run(&recorder->server) < 0 ? recorder_fail(path, EPROTO) : 0;
}

int main(int argc, char **argv)
{
	static struct recorder recorder = { .memory_fd = -1 };
	int ret;

	if (argc != 4 && (argc != 5 || strcmp(argv[4], "mapped") != 0)) {
		fprintf(stderr, "Usage: recorder DEVICE SOCKET LOG [mapped]\n");
		return 2;
	}
	if (argc == 5)
		recorder.memory_fd = memfd_create("BAR 0", MFD_CLOEXEC);
	ret = recorder_init(&recorder, argv[1], argv[3]);
	if (ret == 0)
		ret = recorder_serve(&recorder, argv[2]);
	if (recorder.log && fclose(recorder.log) != 0)
		return recorder_fail(argv[3], errno);
	return ret;
}
