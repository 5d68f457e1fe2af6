/* SPDX-License-Identifier: MIT */
/*
 * A driver for a virtio disk, as small as one can be: one queue, one request at a time. It drives
 * the disk that `minivmm --disk` adds.
 *
 * Each sector of the tests' disk tells its place: it repeats its own number as a 64-bit word.
 *
 * Read beside it: VIRTIO 1.1, 2.6 (queues), 3.1.1 (initialisation), 4.1 (PCI), 5.2 (block
 * device).
 */
#include <linux/virtio_blk.h>
#include <linux/virtio_config.h>
#include <linux/virtio_pci.h>
#include <linux/virtio_ring.h>

#include "bare_irq.h"
#include "bare_pci.h"

#define DISK_ID 0x10421af4u /* device and vendor */

#define SECTOR 512u
#define SIZE   8u               /* entries of the queue */
#define QUEUE  BARE_UNTOUCHED   /* descriptors, available, used: a page each */
#define AVAIL  (QUEUE + 0x1000) /* flags, index, then the ring */
#define USED   (QUEUE + 0x2000)
#define HEADER (QUEUE + 0x3000) /* the request's header */
#define STATUS (HEADER + 0x100) /* the request's outcome */
#define BUFFER (QUEUE + 0x4000)
#define TRIES  200000u
#define ROUNDS 5u

/* Offsets in BAR 0 of minivmm's virtio devices. A general driver finds them by capabilities. */
#define ISR    0x400u
#define DEVICE 0x800u
#define NOTIFY 0x1000u
#define MSIX   0x2000u
#define VECTOR 1u /* of the queue */

static unsigned int slot, msix;
static uint64_t bar;
static uint16_t requests; /* since the last reset */

static void find(void)
{
	slot = 0;
	while (read32(bare_ecam(slot, PCI_VENDOR_ID)) != DISK_ID)
		if (++slot == BARE_PCI_SLOTS) {
			bare_print("bad PCI bus: no virtio disk\n");
			bare_poweroff();
		}
	msix = read8(bare_ecam(slot, PCI_CAPABILITY_LIST));
	while (msix && read8(bare_ecam(slot, msix)) != PCI_CAP_ID_MSIX)
		msix = read8(bare_ecam(slot, msix + PCI_CAP_LIST_NEXT));
	bar = read32(bare_ecam(slot, PCI_BASE_ADDRESS_0)) & (uint32_t)PCI_BASE_ADDRESS_MEM_MASK;
	write16(bare_ecam(slot, PCI_COMMAND), PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
}

static void set_status(uint8_t bits)
{
	write8(bar + VIRTIO_PCI_COMMON_STATUS, read8(bar + VIRTIO_PCI_COMMON_STATUS) | bits);
	bare_expect("status", read8(bar + VIRTIO_PCI_COMMON_STATUS) & bits, bits);
}

static void agree(void)
{
	write8(bar + VIRTIO_PCI_COMMON_STATUS, 0);
	set_status(VIRTIO_CONFIG_S_ACKNOWLEDGE);
	set_status(VIRTIO_CONFIG_S_DRIVER);
	write32(bar + VIRTIO_PCI_COMMON_GFSELECT, 1);
	write32(bar + VIRTIO_PCI_COMMON_GF, 1u << (VIRTIO_F_VERSION_1 - 32));
	set_status(VIRTIO_CONFIG_S_FEATURES_OK);
}

static void put_address(unsigned int reg, uint64_t address)
{
	write32(bar + reg, (uint32_t)address);
	write32(bar + reg + 4, (uint32_t)(address >> 32));
}

/* Take the device from a reset to a disk that takes requests. */
static void start(uint16_t vector)
{
	agree();
	for (uint64_t at = QUEUE; at < QUEUE + 0x3000; at += 8)
		write64(at, 0);
	requests = 0;
	write16(bar + VIRTIO_PCI_COMMON_Q_SELECT, 0);
	write16(bar + VIRTIO_PCI_COMMON_Q_SIZE, SIZE);
	write16(bar + VIRTIO_PCI_COMMON_Q_MSIX, vector);
	put_address(VIRTIO_PCI_COMMON_Q_DESCLO, QUEUE);
	put_address(VIRTIO_PCI_COMMON_Q_AVAILLO, AVAIL);
	put_address(VIRTIO_PCI_COMMON_Q_USEDLO, USED);
	write16(bar + VIRTIO_PCI_COMMON_Q_ENABLE, 1);
	set_status(VIRTIO_CONFIG_S_DRIVER_OK);
}

static void put_descriptor(unsigned int n, uint64_t address, uint32_t length, uint16_t flags)
{
	uint64_t at = QUEUE + sizeof(struct vring_desc) * n;

	write64(at, address);
	write32(at + 8, length);
	write16(at + 12, flags);
	write16(at + 14, (uint16_t)(n + 1));
}

/* A request has three parts: a header, the data, and a byte for the outcome. */
static void submit(uint32_t type, uint64_t sector)
{
	uint16_t data = type == VIRTIO_BLK_T_IN ? VRING_DESC_F_WRITE : 0;

	write32(HEADER, type);
	write32(HEADER + 4, 0);
	write64(HEADER + 8, sector);
	write8(STATUS, 0xff);
	put_descriptor(0, HEADER, 16, VRING_DESC_F_NEXT);
	put_descriptor(1, BUFFER, SECTOR, VRING_DESC_F_NEXT | data);
	put_descriptor(2, STATUS, 1, VRING_DESC_F_WRITE);
	write16(AVAIL + 4 + 2 * (requests % SIZE), 0);
	write16(AVAIL + 2, ++requests);
	write16(bar + NOTIFY, 0);
}

static void wait_done(void)
{
	for (unsigned int i = 0; i < TRIES && read16(USED + 2) != requests; i++)
		inb(BARE_PORT_FREE);
	bare_expect("requests done", read16(USED + 2), requests);
	bare_expect("outcome", read8(STATUS), VIRTIO_BLK_S_OK);
}

static void expect_sector(uint64_t sector)
{
	for (unsigned int i = 0; i < SECTOR; i += 8)
		bare_expect("word of the sector", read64(BUFFER + i), sector);
}

static void read_sector(uint64_t sector)
{
	for (unsigned int i = 0; i < SECTOR; i += 8)
		write64(BUFFER + i, ~0ull);
	submit(VIRTIO_BLK_T_IN, sector);
	wait_done();
	expect_sector(sector);
}

static uint64_t capacity(void)
{
	return read32(bar + DEVICE) | (uint64_t)read32(bar + DEVICE + 4) << 32;
}

/* Without interrupts the driver polls. */
static void check_poll(void)
{
	find();
	start(VIRTIO_MSI_NO_VECTOR);
	bare_expect("sectors", capacity(), bare_argument());
	for (uint64_t sector = 0; sector < 20; sector++)
		read_sector(sector);
	read_sector(capacity() - 1);
}

static void enable_msix(bool on)
{
	uint64_t entry = bar + MSIX + PCI_MSIX_ENTRY_SIZE * VECTOR;

	write64(entry, BARE_MSI_ADDRESS);
	write32(entry + 8, BARE_VECTOR + 1);
	write32(entry + 12, 0);
	write16(bare_ecam(slot, msix + PCI_MSIX_FLAGS), on ? PCI_MSIX_FLAGS_ENABLE : 0);
}

static void check_msix(void)
{
	find();
	bare_irq_start();
	enable_msix(true);
	start(VECTOR);
	for (unsigned int i = 1; i <= ROUNDS; i++) {
		read_sector(i);
		bare_irq_wait(1, i);
		bare_expect("an interrupt", bare_irq_count[1] >= i, 1);
	}
	bare_irq_linger();
	/* QEMU's server sends one more when it is told where to send interrupts. */
	bare_expect("interrupts too many", bare_irq_count[1] > ROUNDS + 1, 0);
}

static volatile unsigned int acknowledged;

static void acknowledge(void)
{
	acknowledged |= read8(bar + ISR);
}

/* Without MSI-X the pin tells. Reading a register silences it. */
static void check_pin(void)
{
	find();
	bare_irq_start();
	bare_irq_hook = acknowledge;
	bare_irq_open_pin(BARE_INTX_GSI + slot % BARE_INTX_LINES);
	start(VIRTIO_MSI_NO_VECTOR);
	for (unsigned int i = 1; i <= ROUNDS; i++) {
		unsigned int before = bare_irq_count[0];

		acknowledged = 0;
		read_sector(i);
		bare_irq_wait(0, before + 1);
		bare_irq_linger();
		bare_expect("an interrupt by the pin", bare_irq_count[0] > before, 1);
		bare_expect("its reason", acknowledged, 1);
	}
}

/* Start and stop as drivers do, one with MSI-X, the next without. */
static void check_again(void)
{
	find();
	bare_irq_start();
	for (unsigned int i = 1; i <= ROUNDS; i++) {
		enable_msix(i % 2);
		start(i % 2 ? VECTOR : VIRTIO_MSI_NO_VECTOR);
		read_sector(i);
		bare_expect("started",
			    read8(bar + VIRTIO_PCI_COMMON_STATUS) & VIRTIO_CONFIG_S_DRIVER_OK,
			    VIRTIO_CONFIG_S_DRIVER_OK);
	}
}

/* minivmm is asked by --append to reset the machine. The word is there afterwards. */
static void check_write(void)
{
	find();
	start(VIRTIO_MSI_NO_VECTOR);
	for (unsigned int i = 0; i < SECTOR; i += 8)
		write64(BUFFER + i, 7777);
	submit(VIRTIO_BLK_T_OUT, 7);
	wait_done();
	write64(BUFFER, 0);
	submit(VIRTIO_BLK_T_IN, 7);
	wait_done();
	expect_sector(7777);
	write8(bar + VIRTIO_PCI_COMMON_STATUS, 0);
	start(VIRTIO_MSI_NO_VECTOR);
	submit(VIRTIO_BLK_T_OUT, 7);
	wait_done();
}

/* A queue outside of RAM: the device says that it needs a reset, and works after one. */
static void check_misplaced(void)
{
	find();
	agree();
	write16(bar + VIRTIO_PCI_COMMON_Q_SIZE, SIZE);
	put_address(VIRTIO_PCI_COMMON_Q_DESCLO, BARE_MMIO_FREE);
	put_address(VIRTIO_PCI_COMMON_Q_AVAILLO, ~0ull);
	write16(bar + VIRTIO_PCI_COMMON_Q_ENABLE, 1);
	set_status(VIRTIO_CONFIG_S_DRIVER_OK);
	bare_expect("needs a reset",
		    read8(bar + VIRTIO_PCI_COMMON_STATUS) & VIRTIO_CONFIG_S_NEEDS_RESET,
		    VIRTIO_CONFIG_S_NEEDS_RESET);
	write16(bar + NOTIFY, 0);
	start(VIRTIO_MSI_NO_VECTOR);
	read_sector(3);
}

/* Read without end, while something happens to the server. */
static void check_busy(void)
{
	find();
	start(VIRTIO_MSI_NO_VECTOR);
	read_sector(0);
	bare_print("busy\n");
	for (;;)
		read_sector(1);
}

/* Boot as often as the argument says, and use the disk each time. */
static void check_reboot(void)
{
	uint64_t boots = read64(BUFFER + 0x1000);

	boots = boots >> 8 == 0xb007 ? boots + 1 : 0xb00700;
	write64(BUFFER + 0x1000, boots);
	find();
	bare_expect("status after power-on", read8(bar + VIRTIO_PCI_COMMON_STATUS), 0);
	start(VIRTIO_MSI_NO_VECTOR);
	read_sector(2);
	if ((boots & 0xff) < 2)
		outb(BARE_RESET, 1);
	else
		bare_print("third boot\n");
	while ((boots & 0xff) < 2)
		;
}

const struct bare_check bare_checks[] = {
	{ "poll", check_poll },   { "msix", check_msix },     { "pin", check_pin },
	{ "again", check_again }, { "write", check_write },   { "misplaced", check_misplaced },
	{ "busy", check_busy },   { "reboot", check_reboot }, { NULL, NULL },
};
