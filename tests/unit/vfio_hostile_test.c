/* SPDX-License-Identifier: MIT */
/*
 * Rule 29: a guest does anything at all to its passed-through device. It makes accesses of every
 * size at every offset of configuration space and BARs, and then takes long random walks. Nothing
 * crashes. KVM is never shown a BAR that the device does not decode. The host's configuration
 * changes only where it may.
 */
#include <errno.h>
#include <string.h>

#include "call_log.h"
#include "fake_kvm.h"
#include "stderr_text.h"
#include "unit.h"
#include "vfio/vfio_dma.h"
#include "vfio_rig.h"

#define MEM64 PCI_BASE_ADDRESS_MEM_TYPE_64
#define IO    PCI_BASE_ADDRESS_SPACE_IO

static const uint64_t values[] = { 0, UINT64_MAX, 0x8000800080008000, 0x5555aaaa5555aaaa };

/*
 * The device has everything: mapped, small and I/O BARs, a ROM, both lists, MSI-X, MSI and INTx.
 */
static void open_rich(struct rig *rig, uint32_t table, uint32_t pba)
{
	rig_init(rig);
	fake_add_bar(&rig->fake, 0, 0x4000, MEM64, true);
	fake_add_bar(&rig->fake, 2, 0x100, 0, false);
	fake_add_bar(&rig->fake, 3, 0x20, IO, false);
	fake_add_bar(&rig->fake, 4, 0x8000, 0, true);
	fake_add_bar(&rig->fake, 6, 0x1000, 0, false);
	fake_add_msix(&rig->fake, 65, table, pba);
	fake_add_msi(&rig->fake, 3, PCI_MSI_FLAGS_64BIT | PCI_MSI_FLAGS_MASKBIT);
	fake_add_ext_cap(&rig->fake, 0x100, PCI_EXT_CAP_ID_SRIOV);
	fake_add_ext_cap(&rig->fake, 0x180, PCI_EXT_CAP_ID_ERR);
	fake_add_intx(&rig->fake);
	ck_assert_int_eq(rig_open(rig), 0);
	rig_switch_on(rig);
}

/* Memory slots show a memory BAR only while the device decodes memory and is awake. Rule 9. */
static void check_slots(struct rig *rig)
{
	static const unsigned int mapped[] = { 0, 4 };
	uint16_t command = fake_config_word(&rig->fake, PCI_COMMAND);
	uint16_t power = fake_config_word(&rig->fake, rig->fake.pm_cap + PCI_PM_CTRL) & 3;
	bool decodes = (command & PCI_COMMAND_MEMORY) && power != 3;

	for (unsigned int i = 0; i < UNIT_COUNT(mapped) && !decodes; i++)
		if (fake_kvm_mapped(rig->pci->function.bars[mapped[i]].addr + 0x1000))
			ck_abort_msg("BAR %u has a slot, command %#x, D%u", mapped[i], command,
				     power);
}

/* Another device reaches what the guest's CPUs reach, no more and no less. Rule 14. */
static void check_dma(const struct rig *rig)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < rig->fake.map_count; i++)
		ck_assert_msg(fake_kvm_mapped(rig->fake.maps[i].iova), "%#llx is mapped for DMA",
			      (unsigned long long)rig->fake.maps[i].iova);
	for (size_t i = 0; i < rig->vm.memory.count; i++)
		count += rig->vm.memory.regions[i].kind == MEMORY_DEVICE;
	ck_assert_uint_eq(rig->fake.map_count, count);
}

START_TEST(rule_29_every_size_every_config_offset)
{
	static struct rig rig;
	struct stderr_text caught;

	open_rich(&rig, 0x2000, 0x3000);
	stderr_begin(&caught);
	for (unsigned int size = 1; size <= 8; size++)
		for (unsigned int offset = 0; offset < PCI_CONFIG_SIZE; offset++) {
			rig_config_read(&rig, offset, size);
			rig_config_write(&rig, offset, size, values[_i]);
			check_slots(&rig);
		}
	stderr_end(&caught);
	ck_assert_uint_eq(rig_config_read(&rig, PCI_VENDOR_ID, 4), 0x00101b36);
	/* Vendor, class, the device's own BARs, and hidden capabilities are as they were. */
	ck_assert_uint_eq(fake_config_word(&rig.fake, PCI_VENDOR_ID), 0x1b36);
	ck_assert_uint_eq(fake_config_word(&rig.fake, PCI_BASE_ADDRESS_0 + 2), 0xfe00);
	ck_assert_uint_eq(fake_config_word(&rig.fake, 0x100 + PCI_SRIOV_CTRL), 0);
	rig_close(&rig);
}
END_TEST

/* These BARs are trapped. Accesses of sizes that no CPU has are split on the bus. */
START_TEST(rule_29_every_size_every_bar_offset)
{
	static const struct {
		unsigned int bar;
		uint64_t size;
	} bars[] = { { 0, 0x4000 }, { 2, 0x100 }, { 3, 0x20 }, { 4, 0x8000 }, { 6, 0x1000 } };
	static struct rig rig;
	struct stderr_text caught;

	open_rich(&rig, 0x2000, 0x3000);
	rig_msix_control(&rig, _i & 1 ? PCI_MSIX_FLAGS_ENABLE : 0);
	rig_config_write(&rig, PCI_ROM_ADDRESS, 4,
			 rig.pci->function.bars[6].assigned | PCI_ROM_ADDRESS_ENABLE);
	ck_assert(rig.pci->function.bars[6].mapped);
	stderr_begin(&caught);
	for (unsigned int i = 0; i < UNIT_COUNT(bars); i++)
		for (unsigned int size = 1; size <= 8; size++)
			for (uint64_t offset = 0; offset < bars[i].size; offset++) {
				rig_bar_read(&rig, bars[i].bar, offset, size);
				rig_bar_write(&rig, bars[i].bar, offset, size, values[_i]);
			}
	stderr_end(&caught);
	ck_assert_uint_gt(rig.fake.accesses, 0);
	rig_msix_control(&rig, 0);
	rig_close(&rig);
}
END_TEST

static uint64_t next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* Registers that have effects come up more often than chance would have it. */
static unsigned int likely_offset(const struct rig *rig, uint64_t random)
{
	const unsigned int offsets[] = {
		PCI_COMMAND,
		PCI_BASE_ADDRESS_0,
		PCI_BASE_ADDRESS_0 + 4,
		PCI_BASE_ADDRESS_2,
		PCI_BASE_ADDRESS_3,
		PCI_BASE_ADDRESS_4,
		PCI_ROM_ADDRESS,
		rig->msix,
		rig->msix + PCI_MSIX_FLAGS,
		rig->msix + 3,
		rig->fake.pm_cap + PCI_PM_CTRL,
	};

	if (random % 8 == 0)
		return (unsigned int)(random >> 8) % PCI_CONFIG_SIZE;
	return offsets[(random >> 8) % UNIT_COUNT(offsets)];
}

/* Addresses where something is, was, or may not be. */
static uint64_t likely_value(uint64_t random)
{
	static const uint64_t likely[] = { 0,          1,           2,          3,
					   7,          0xc0000000,  0xc0004000, 0xc0008000,
					   0xf0000000, 0x100000000, 0x8000,     0xc000,
					   0xc020,     0x80000000,  0xffffffff };

	return random % 4 ? likely[(random >> 8) % UNIT_COUNT(likely)] : random;
}

static void step(struct rig *rig, uint64_t random, uint64_t value)
{
	unsigned int size = 1u << (random >> 60 & 3), bar;

	switch (random % 8) {
	case 0:
	case 1:
	case 2:
		rig_config_write(rig, likely_offset(rig, random >> 3), size, likely_value(value));
		break;
	case 3:
		rig_config_read(rig, likely_offset(rig, random >> 3), size);
		break;
	case 4:
		fake_raise(&rig->fake, (unsigned int)(value % 80));
		break;
	default:
		bar = (unsigned int)(random >> 3) % PCI_BARS;
		if (rig->pci->function.bars[bar].size == 0)
			bar = 0;
		random >>= 8;
		rig_bar_write(rig, bar, bar ? random % 0x8000 : 0x2000 + random % 0x2000, size,
			      likely_value(value));
		rig_bar_read(rig, bar, random % 0x8000, size);
	}
}

static const struct {
	uint32_t table, pba, flags;
	unsigned int grant;
} walks[] = {
	{ 0x2000, 0x3000, 0, 65 }, { 0x2000, 0x3000, VFIO_IRQ_INFO_NORESIZE, 65 },
	{ 0x2000, 0x3000, 0, 3 },  { 0x2000, 0x3000, VFIO_IRQ_INFO_NORESIZE, 3 },
	{ 0x2010, 0x3ff0, 0, 65 }, { 0x1000 | 4, 0x7000 | 4, 0, 65 },
	{ 4, 0x7ff0 | 4, 0, 65 },  { 0x7bf0 | 4, 0x2000, 0, 65 },
};

START_TEST(rule_29_random_walk)
{
	uint64_t seed = 0x9e3779b97f4a7c15 + (uint64_t)_i;
	static struct rig rig;
	struct stderr_text caught;
	struct vfio_dma_map map;

	open_rich(&rig, walks[_i].table, walks[_i].pba);
	ck_assert_int_eq(vfio_dma_start(&map, &rig.space, &rig.vm.memory, true), 0);
	rig.fake.vectors_flags = walks[_i].flags;
	rig.fake.grant = walks[_i].grant;
	stderr_begin(&caught);
	for (unsigned int i = 0; i < 20000; i++) {
		uint64_t random = next(&seed);

		step(&rig, random, next(&seed));
		check_slots(&rig);
		check_dma(&rig);
		if (i % 5000 == 4999) {
			pci_host_reset(&rig.host);
			ck_assert_int_eq(vfio_pci_power_on(rig.pci), 0);
		}
	}
	stderr_end(&caught);
	ck_assert(!rig.fake.intx_on || !rig.fake.msix_on);
	vfio_dma_stop(&map);
	ck_assert_uint_eq(rig.fake.map_count, 0);
	rig_close(&rig);
}
END_TEST

/*
 * The device dies in the middle of it. Reads give ones, nothing is waited for, and all is given
 * back.
 */
START_TEST(rule_16_device_dies_during_the_walk)
{
	uint64_t seed = 42;
	static struct rig rig;
	struct stderr_text caught;

	open_rich(&rig, 0x2000, 0x3000);
	stderr_begin(&caught);
	for (unsigned int i = 0; i < 6000; i++) {
		uint64_t random = next(&seed);

		if (i == 3000)
			rig.fake.death = _i ? FAKE_BROKEN : FAKE_GONE;
		step(&rig, random, next(&seed));
	}
	rig_config_write(&rig, rig.fake.pm_cap + PCI_PM_CTRL, 2, 0);
	rig_switch_on(&rig);
	rig_config_write(&rig, PCI_BASE_ADDRESS_2, 4, 0xc0020000);
	/* Rule 36: an answer of all-ones, or an error, does not say that the device is awake. */
	ck_assert(!rig.pci->function.bars[2].mapped);
	ck_assert_uint_eq(rig_bar_read(&rig, 2, 0x40, 4), UINT32_MAX);
	stderr_end(&caught);
	rig_close(&rig);
	ck_assert(!rig.fake.open);
}
END_TEST

UNIT_MAIN("vfio_hostile", { rule_29_every_size_every_config_offset, UNIT_COUNT(values) },
	  { rule_29_every_size_every_bar_offset, UNIT_COUNT(values) },
	  { rule_29_random_walk, UNIT_COUNT(walks) }, { rule_16_device_dies_during_the_walk, 2 })
