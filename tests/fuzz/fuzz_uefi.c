/* SPDX-License-Identifier: MIT */
/*
 * A guest that does anything to the devices of UEFI firmware's machine: flash, fw_cfg, clock, power
 * management, the chipset's functions.
 *
 * After each access the flash must be what it says: contents and file alike, and shown to the guest
 * as memory exactly in array mode.
 */
#include <linux/pci.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "devices/flash.h"
#include "devices/fw_cfg.h"
#include "devices/piix.h"
#include "devices/pm.h"
#include "devices/rtc.h"
#include "fuzz_input.h"

#define FLASH      0xffc00000u
#define FLASH_SIZE 0x4000u

static struct {
	struct vm vm;
	struct pci_host host;
	struct piix piix;
	struct pm pm;
	struct rtc rtc;
	struct fw_cfg fw_cfg;
	struct flash flash;
	int file;
} fuzz;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	fuzz.file = memfd_create("vars", MFD_CLOEXEC);
	return ftruncate(fuzz.file, FLASH_SIZE);
}

static void must(int ret)
{
	if (ret < 0)
		abort();
}

static void power_on(void)
{
	const struct bus_region ports[] = {
		{ 0x70, RTC_PORTS, &rtc_ops, &fuzz.rtc },
		{ 0x510, FW_CFG_PORTS, &fw_cfg_ops, &fuzz.fw_cfg },
		{ 0xb000, PM_PORTS, &pm_ops, &fuzz.pm },
	};

	fuzz.vm = (struct vm){ .event_source.fd = -1 };
	memory_init(&fuzz.vm.memory);
	bus_init(&fuzz.vm.mmio);
	bus_init(&fuzz.vm.pio);
	rtc_init(&fuzz.rtc);
	pm_init(&fuzz.pm, &fuzz.vm);
	fw_cfg_init(&fuzz.fw_cfg);
	fw_cfg_add_file(&fuzz.fw_cfg, "etc/file", "content", 7);
	for (unsigned int i = 0; i < sizeof(ports) / sizeof(ports[0]); i++)
		must(bus_add_region(&fuzz.vm.pio, &ports[i]));
	must(pci_host_init(&fuzz.host, &fuzz.vm));
	must(piix_add(&fuzz.piix, &fuzz.host));
	must(flash_init(&fuzz.flash, &fuzz.vm, FLASH, FLASH_SIZE, fuzz.file, "vars"));
	if (pwrite(fuzz.file, fuzz.flash.contents, FLASH_SIZE, 0) != FLASH_SIZE)
		abort();
	must(flash_add(&fuzz.flash));
}

static void power_off(void)
{
	pci_host_destroy(&fuzz.host);
	flash_destroy(&fuzz.flash);
	fw_cfg_destroy(&fuzz.fw_cfg);
	rtc_destroy(&fuzz.rtc);
	memory_destroy(&fuzz.vm.memory);
	bus_destroy(&fuzz.vm.mmio);
	bus_destroy(&fuzz.vm.pio);
}

static void reset(void)
{
	pci_host_reset(&fuzz.host);
	rtc_reset(&fuzz.rtc);
	pm_reset(&fuzz.pm);
	fw_cfg_reset(&fuzz.fw_cfg);
	must(flash_reset(&fuzz.flash));
}

static void check_flash(void)
{
	static uint8_t stored[FLASH_SIZE];
	const struct flash *flash = &fuzz.flash;

	if (pread(fuzz.file, stored, FLASH_SIZE, 0) != FLASH_SIZE ||
	    memcmp(stored, flash->contents, FLASH_SIZE) != 0)
		abort();
	if (flash->shown != (fuzz.vm.memory.count == 1) ||
	    (flash->mode == FLASH_ARRAY && !flash->shown) ||
	    (flash->mode == FLASH_STATUS && flash->shown))
		abort();
}

/* The kinds of access, by the low bits; where and what follow. */
static void access_devices(struct fuzz_input *input)
{
	static const uint16_t ports[] = { 0x70, 0x510, 0xb000, 0xcf8 };
	unsigned int how = (unsigned int)fuzz_number(input, 1), size = 1 + (how >> 5);
	uint64_t value = fuzz_number(input, 2), at = fuzz_number(input, 2);
	struct bus *bus = &fuzz.vm.pio;

	if (how & 2) {
		bus = &fuzz.vm.mmio;
		at = FLASH + at % FLASH_SIZE;
	} else {
		at = ports[how >> 3 & 3] + at % 12;
	}
	if ((how & 7) == 7)
		reset();
	else if (how & 1)
		bus_write(bus, at, &value, size);
	else
		bus_read(bus, at, &value, size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = { data, size };

	power_on();
	while (fuzz_left(&input)) {
		access_devices(&input);
		check_flash();
	}
	power_off();
	return 0;
}
