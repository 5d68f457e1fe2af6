/* SPDX-License-Identifier: MIT */
/*
 * A guest that does anything to the devices of the machine for UEFI firmware: flash, fw_cfg,
 * clock, power management, and the chipset's functions.
 *
 * After each access the flash must be what it says it is. Its contents and its file must agree,
 * and it must be shown to the guest as memory exactly while it is in array mode.
 */
#include <linux/pci.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "devices/flash.h"
#include "vmm/base/file_keeper.h"
#include "devices/fw_cfg.h"
#include "devices/piix.h"
#include "devices/pl031.h"
#include "devices/pm.h"
#include "devices/rtc.h"
#include "fuzz_input.h"

#define FLASH      0xffc00000u
#define FLASH_SIZE 0x4000u
#define PAIR_SIZE  0x40000u
#define FW_CFG     0x9030000u
#define PL031      0x9020000u

static struct {
	struct vm vm;
	struct pci_host host;
	struct piix piix;
	struct pm pm;
	struct rtc rtc;
	struct pl031 pl031;
	struct fw_cfg fw_cfg;
	struct flash flash;
	struct file_keeper keeper;
	int file;
} fuzz;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	fuzz.file = memfd_create("vars", MFD_CLOEXEC);
	return ftruncate(fuzz.file, PAIR_SIZE);
}

static void must(int ret)
{
	if (ret < 0)
		abort();
}

static void power_on(bool pair)
{
	const struct flash_config config = { pair ? &flash_kind_pair : &flash_kind_pc, FLASH,
					     pair ? PAIR_SIZE : FLASH_SIZE, &fuzz.keeper };
	const struct bus_region memory[] = {
		{ FW_CFG, FW_CFG_MMIO_SIZE, &fw_cfg_mmio_ops, &fuzz.fw_cfg },
		{ PL031, PL031_SIZE, &pl031_ops, &fuzz.pl031 },
	};
	const struct bus_region ports[] = {
		{ 0x70, RTC_PORTS, &rtc_ops, &fuzz.rtc },
		{ 0x510, FW_CFG_PORTS, &fw_cfg_ops, &fuzz.fw_cfg },
		{ 0xb000, PM_PORTS, &pm_ops, &fuzz.pm },
	};

	fuzz.keeper = (struct file_keeper){ .name = "vars", .fd = fuzz.file };
	fuzz.vm = (struct vm){ .event_source.fd = -1 };
	memory_init(&fuzz.vm.memory);
	bus_init(&fuzz.vm.mmio);
	bus_init(&fuzz.vm.pio);
	rtc_init(&fuzz.rtc);
	pm_init(&fuzz.pm, &fuzz.vm);
	fw_cfg_init(&fuzz.fw_cfg);
	pl031_init(&fuzz.pl031);
	fw_cfg_add_file(&fuzz.fw_cfg, "etc/file", "content", 7);
	for (unsigned int i = 0; i < sizeof(ports) / sizeof(ports[0]); i++)
		must(bus_add_region(&fuzz.vm.pio, &ports[i]));
	for (unsigned int i = 0; i < sizeof(memory) / sizeof(memory[0]); i++)
		must(bus_add_region(&fuzz.vm.mmio, &memory[i]));
	must(pci_host_init(&fuzz.host, &fuzz.vm));
	must(piix_add(&fuzz.piix, &fuzz.host));
	must(flash_init(&fuzz.flash, &fuzz.vm, &config));
	memset(fuzz.flash.contents, 0xff, fuzz.flash.size);
	if (pwrite(fuzz.file, fuzz.flash.contents, fuzz.flash.size, 0) != (ssize_t)fuzz.flash.size)
		abort();
	must(flash_add(&fuzz.flash));
}

static void power_off(void)
{
	pci_host_destroy(&fuzz.host);
	flash_destroy(&fuzz.flash);
	fw_cfg_destroy(&fuzz.fw_cfg);
	rtc_destroy(&fuzz.rtc);
	pl031_destroy(&fuzz.pl031);
	memory_destroy(&fuzz.vm.memory);
	bus_destroy(&fuzz.vm.mmio);
	bus_destroy(&fuzz.vm.pio);
}

static void reset(void)
{
	pci_host_reset(&fuzz.host);
	rtc_reset(&fuzz.rtc);
	pl031_reset(&fuzz.pl031);
	pm_reset(&fuzz.pm);
	fw_cfg_reset(&fuzz.fw_cfg);
	must(flash_reset(&fuzz.flash));
}

static void check_contents(void)
{
	static uint8_t stored[PAIR_SIZE];
	const struct flash *flash = &fuzz.flash;

	if (pread(fuzz.file, stored, flash->size, 0) != (ssize_t)flash->size ||
	    memcmp(stored, flash->contents, flash->size) != 0)
		abort();
}

/* The pair has many contents, so they are compared once, at the end. */
static void check_flash(void)
{
	const struct flash *flash = &fuzz.flash;

	if (flash->size == FLASH_SIZE)
		check_contents();
	if (flash->shown != (fuzz.vm.memory.count == 1) ||
	    (flash->mode == FLASH_ARRAY && !flash->shown) ||
	    (flash->mode == FLASH_STATUS && flash->shown))
		abort();
}

/* The kinds of access, by the low bits of a byte. The place and the value follow it. */
static void access_devices(struct fuzz_input *input)
{
	static const uint16_t ports[] = { 0x70, 0x510, 0xb000, 0xcf8 };
	unsigned int how = (unsigned int)fuzz_number(input, 1), size = 1 + (how >> 5);
	uint64_t value = fuzz_number(input, 2), at = fuzz_number(input, 2);
	struct bus *bus = &fuzz.vm.pio;

	if ((how & 6) == 6) {
		bus = &fuzz.vm.mmio;
		at = (at & 0x1000 ? FW_CFG : PL031) + at % 0x1000;
	} else if (how & 2) {
		bus = &fuzz.vm.mmio;
		at = FLASH + (at << 2) % fuzz.flash.size;
	} else {
		at = ports[how >> 3 & 3] + at % 12;
	}
	if (how == 0xff)
		reset();
	else if (how & 1)
		bus_write(bus, at, &value, size);
	else
		bus_read(bus, at, &value, size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = { data, size };

	power_on(fuzz_number(&input, 1) & 1);
	while (fuzz_left(&input)) {
		access_devices(&input);
		check_flash();
	}
	check_contents();
	power_off();
	return 0;
}
