/* SPDX-License-Identifier: MIT */
/*
 * A guest that does anything to a passed-through device: to its configuration space, its BARs and
 * its MSI-X table.
 *
 * The machine is the unit tests' rig. Its KVM and its device are stand-ins, which abort when
 * minivmm breaks one of their contracts. The first byte picks the shape of the device. After it,
 * each access is a few bytes.
 */
#include <stdlib.h>

#include "fuzz_input.h"
#include "fuzz_tally.h"
#include "tests/unit/call_log.h"
#include "tests/unit/vfio_rig.h"

static struct rig rig;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return fuzz_tally_begin("accesses of the guest");
}

/*
 * Where MSI-X lies, whether vectors can be added one by one, and how many vectors the host can
 * give.
 */
static void shape_device(unsigned int shape)
{
	static const struct {
		uint32_t table, pba;
	} places[] = {
		{ 0x2000, 0x3000 }, { 0x2010, 0x3ff0 }, { 4, 0x7ff0 | 4 }, { 0x1000 | 4, 0x2000 }
	};

	rig_init(&rig);
	fake_add_bar(&rig.fake, 0, 0x4000, PCI_BASE_ADDRESS_MEM_TYPE_64, true);
	fake_add_bar(&rig.fake, 2, 0x100, 0, false);
	fake_add_bar(&rig.fake, 3, 0x20, PCI_BASE_ADDRESS_SPACE_IO, false);
	fake_add_bar(&rig.fake, 4, 0x8000, 0, true);
	fake_add_msix(&rig.fake, 8, places[shape % 4].table, places[shape % 4].pba);
	fake_add_intx(&rig.fake);
	rig.fake.vectors_flags |= shape & 4 ? VFIO_IRQ_INFO_NORESIZE : 0;
	rig.fake.grant = shape & 8 ? 3 : rig.fake.grant;
}

/* The kinds of access, by the low bits of a byte. The offset and the value follow it. */
static void access_device(struct fuzz_input *input)
{
	unsigned int how = (unsigned int)fuzz_number(input, 1);
	unsigned int size = 1u << (how >> 3 & 3), bar = how >> 5 & 7;
	uint64_t offset = fuzz_number(input, 2);

	fuzz_tally.count++;
	switch (how & 7) {
	case 0:
		rig_config_read(&rig, offset % PCI_CONFIG_SIZE, size);
		break;
	case 1:
	case 2:
		rig_config_write(&rig, offset % PCI_CONFIG_SIZE, size, fuzz_number(input, 4));
		break;
	case 3:
	case 4:
		if (bar < 6 && rig.pci->function.bars[bar].size)
			rig_bar_write(&rig, bar, offset, size, fuzz_number(input, 4));
		break;
	case 5:
		if (bar < 6 && rig.pci->function.bars[bar].size)
			rig_bar_read(&rig, bar, offset, size);
		break;
	case 6:
		fake_raise(&rig.fake, (unsigned int)offset % 12);
		break;
	default:
		pci_host_reset(&rig.host);
		if (vfio_pci_power_on(rig.pci) < 0)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = { data, size };

	shape_device((unsigned int)fuzz_number(&input, 1));
	if (rig_open(&rig) < 0)
		abort();
	rig_switch_on(&rig);
	while (fuzz_left(&input))
		access_device(&input);
	if (rig.fake.intx_on && rig.fake.msix_on)
		abort();
	rig_close(&rig);
	calls_begin();
	return 0;
}
