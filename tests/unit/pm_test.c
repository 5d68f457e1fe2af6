/* SPDX-License-Identifier: MIT */
/* devices/pm.c, piix.c, power.c and pci_host.c: what firmware asks of a PC's chipset. */
#include <linux/pci.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "devices/piix.h"
#include "devices/pm.h"
#include "devices/power.h"
#include "unit.h"

struct rig {
	struct vm vm;
	struct pm pm;
	struct pci_host host;
	struct piix piix;
};

static void begin(struct rig *rig)
{
	const struct bus_region pm = { 0xb000, PM_PORTS, &pm_ops, &rig->pm };

	memset(rig, 0, sizeof(*rig));
	rig->vm.event_source.fd = -1;
	memory_init(&rig->vm.memory);
	bus_init(&rig->vm.mmio);
	bus_init(&rig->vm.pio);
	pm_init(&rig->pm, &rig->vm);
	ck_assert_int_eq(bus_add_region(&rig->vm.pio, &pm), 0);
	ck_assert_int_eq(power_init(&rig->vm), 0);
	ck_assert_int_eq(pci_host_init(&rig->host, &rig->vm), 0);
	rig->host.reset_control = true;
	ck_assert_int_eq(piix_add(&rig->piix, &rig->host), 0);
}

static void end(struct rig *rig)
{
	pci_host_destroy(&rig->host);
	memory_destroy(&rig->vm.memory);
	bus_destroy(&rig->vm.mmio);
	bus_destroy(&rig->vm.pio);
}

static uint32_t in(struct rig *rig, uint16_t port, unsigned int size)
{
	uint32_t value = 0;

	bus_read(&rig->vm.pio, port, &value, size);
	return value;
}

static void out(struct rig *rig, uint16_t port, unsigned int size, uint32_t value)
{
	bus_write(&rig->vm.pio, port, &value, size);
}

static uint32_t config_in(struct rig *rig, unsigned int slot, unsigned int function,
			  unsigned int offset, unsigned int size)
{
	out(rig, 0xcf8, 4, 1u << 31 | slot << 11 | function << 8 | (offset & 0xfc));
	return in(rig, (uint16_t)(0xcfc + (offset & 3)), size);
}

static void config_out(struct rig *rig, unsigned int slot, unsigned int function,
		       unsigned int offset, unsigned int size, uint32_t value)
{
	out(rig, 0xcf8, 4, 1u << 31 | slot << 11 | function << 8 | (offset & 0xfc));
	out(rig, (uint16_t)(0xcfc + (offset & 3)), size, value);
}

START_TEST(the_timer_runs_and_has_24_bits)
{
	uint32_t before, after, ticks;
	struct rig rig;

	begin(&rig);
	before = in(&rig, 0xb008, 4);
	usleep(20000);
	after = in(&rig, 0xb008, 4);
	ck_assert_uint_eq(before >> 24, 0);
	ck_assert_uint_eq(after >> 24, 0);
	ticks = (after - before) & 0xffffff;
	ck_assert_uint_ge(ticks, 20000ull * PM_TIMER_HZ / 1000000);
	ck_assert_uint_le(ticks, 2u * PM_TIMER_HZ);
	end(&rig);
}
END_TEST

START_TEST(the_timer_can_be_had_alone)
{
	struct rig rig;

	begin(&rig);
	ck_assert_uint_eq(in(&rig, arch_layout.pm_timer_port, 4), 0xffffffff);
	ck_assert_int_eq(pm_add_timer(&rig.vm), 0);
	ck_assert_uint_eq(in(&rig, arch_layout.pm_timer_port, 4) >> 24, 0);
	end(&rig);
}
END_TEST

static const struct {
	const char *what;
	uint16_t port;
	unsigned int size;
	uint32_t value;
	enum vm_event event;
} endings[] = {
	{ "SLP_EN of any type", 0xb004, 2, 1u << 13, VM_EVENT_POWEROFF },
	{ "SCI_EN", 0xb004, 2, 1, VM_EVENT_NONE },
	{ "reset control", 0xcf9, 1, 0x06, VM_EVENT_RESET },
	{ "reset control, only prepared", 0xcf9, 1, 0x02, VM_EVENT_NONE },
	{ "configuration address", 0xcf8, 4, 0x80000600, VM_EVENT_NONE },
	{ "keyboard controller", 0x64, 1, 0xfe, VM_EVENT_RESET },
	{ "keyboard controller, command", 0x64, 1, 0xad, VM_EVENT_NONE },
};

START_TEST(ends)
{
	struct rig rig;

	begin(&rig);
	out(&rig, endings[_i].port, endings[_i].size, endings[_i].value);
	ck_assert_msg(rig.vm.event == (int)endings[_i].event, "%s: event %d", endings[_i].what,
		      rig.vm.event);
	end(&rig);
}
END_TEST

START_TEST(a_kernels_machine_has_no_reset_control)
{
	struct rig rig;

	begin(&rig);
	rig.host.reset_control = false;
	out(&rig, 0xcf9, 1, 0x06);
	ck_assert_int_eq(rig.vm.event, VM_EVENT_NONE);
	ck_assert_uint_eq(in(&rig, 0xcf9, 1), 0xff);
	end(&rig);
}
END_TEST

/*
 * Zero would mean a controller that never answers, and firmware would give up only after half a
 * minute.
 */
START_TEST(there_is_no_keyboard)
{
	struct rig rig;

	begin(&rig);
	ck_assert_uint_eq(in(&rig, 0x64, 1), 0xff);
	end(&rig);
}
END_TEST

START_TEST(control_remembers_all_but_the_order_to_sleep)
{
	struct rig rig;

	begin(&rig);
	out(&rig, 0xb004, 2, 0x2001);
	ck_assert_uint_eq(in(&rig, 0xb004, 2), 0x0001);
	out(&rig, 0xb000, 4, 0x01200000);
	ck_assert_uint_eq(in(&rig, 0xb000, 4), 0x01200000);
	ck_assert_uint_eq(in(&rig, 0xb000, 2), 0);
	ck_assert_uint_eq(in(&rig, 0xb002, 2), 0x0120);
	pm_reset(&rig.pm);
	ck_assert_uint_eq(in(&rig, 0xb004, 2) | in(&rig, 0xb000, 4), 0);
	end(&rig);
}
END_TEST

START_TEST(the_bus_looks_like_a_440fx)
{
	struct rig rig;

	begin(&rig);
	ck_assert_uint_eq(config_in(&rig, 0, 0, PCI_VENDOR_ID, 4), 0x12378086);
	ck_assert_uint_eq(config_in(&rig, 1, 0, PCI_CLASS_DEVICE, 2), 0x0601);
	ck_assert_uint_eq(config_in(&rig, 1, 0, PCI_HEADER_TYPE, 1), 0x80);
	ck_assert_uint_ne(config_in(&rig, 1, 3, PCI_VENDOR_ID, 4), 0xffffffff);
	ck_assert_int_eq(pci_host_free_slot(&rig.host), 2);
	end(&rig);
}
END_TEST

/* SEC and PEI look for bit 0 of 0x80. If it is clear, they say where the ports are and set it. */
START_TEST(power_management_can_be_placed)
{
	struct rig rig;

	begin(&rig);
	ck_assert_uint_eq(config_in(&rig, 1, 3, 0x80, 1), 0);
	config_out(&rig, 1, 3, 0x40, 4, 0xb000);
	config_out(&rig, 1, 3, 0x80, 1, 0x01);
	ck_assert_uint_eq(config_in(&rig, 1, 3, 0x40, 4) & ~1u, 0xb000);
	ck_assert_uint_eq(config_in(&rig, 1, 3, 0x80, 1), 1);
	config_out(&rig, 1, 0, 0x60, 4, 0x0b0b0a0a);
	ck_assert_uint_eq(config_in(&rig, 1, 0, 0x60, 4), 0x0b0b0a0a);
	pci_host_reset(&rig.host);
	ck_assert_uint_eq(config_in(&rig, 1, 3, 0x80, 1), 0);
	ck_assert_uint_eq(config_in(&rig, 1, 0, 0x60, 4), 0);
	end(&rig);
}
END_TEST

UNIT_MAIN("pm", { the_timer_runs_and_has_24_bits, 0 }, { the_timer_can_be_had_alone, 0 },
	  { ends, UNIT_COUNT(endings) }, { a_kernels_machine_has_no_reset_control, 0 },
	  { there_is_no_keyboard, 0 }, { control_remembers_all_but_the_order_to_sleep, 0 },
	  { the_bus_looks_like_a_440fx, 0 }, { power_management_can_be_placed, 0 })
