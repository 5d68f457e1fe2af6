/* SPDX-License-Identifier: MIT */
/* vmm/qmp_pci.c: the answer to query-pci has the shape of QEMU's QMP schema, PciInfo. */
#include <jansson.h>
#include <linux/pci.h>
#include <string.h>

#include "devices/pci_root_port.h"
#include "devices/pci_windows.h"
#include "fake_kvm.h"
#include "stderr_text.h"
#include "unit.h"
#include "vmm/core/vm.h"
#include "vmm/qmp_pci.h"

#define MEM    PCI_BASE_ADDRESS_SPACE_MEMORY
#define PREF64 (MEM | PCI_BASE_ADDRESS_MEM_TYPE_64 | PCI_BASE_ADDRESS_MEM_PREFETCH)

static struct vm vm;
static struct pci_host host;
static struct pci_root_port *port;
static struct pci_function cards[3];

static void nothing(struct pci_function *function)
{
	(void)function;
}

static int map(struct pci_function *function, unsigned int bar)
{
	(void)function;
	(void)bar;
	return 0;
}

static const struct pci_function_ops card_ops = {
	pci_config_read, pci_config_write, map, pci_no_bar_unmap, nothing, nothing, NULL, NULL,
};

static void released(void *owner)
{
	(void)owner;
}

/* There are a card on the root bus, and a port for the others. */
static void begin(void)
{
	const struct pci_root_port_options options = { .name = "rp1" };
	const struct pci_root_port_owner owner = { released, NULL };
	static const struct pci_id id = { 0x8086, 0x10d3, 0x1af4, 0x1100, 0x02000001 };
	struct stderr_text caught;

	fake_kvm_begin();
	stderr_begin(&caught);
	vm_init(&vm, 1, NULL);
	stderr_end(&caught);
	ck_assert_int_eq(vm_power_up(&vm), 0);
	ck_assert_int_eq(pci_host_init(&host, &vm), 0);
	for (unsigned int i = 0; i < UNIT_COUNT(cards); i++) {
		pci_function_init(&cards[i], &card_ops, "0000:01:00.0");
		pci_set_id(&cards[i], &id);
		pci_set_bar(&cards[i], 0, 0x4000, MEM);
		pci_set_bar(&cards[i], 2, 16 << 20, PREF64);
		pci_set_bar(&cards[i], 4, 0x20, PCI_BASE_ADDRESS_SPACE_IO);
		cards[i].config[PCI_INTERRUPT_PIN] = (uint8_t)(i + 1);
	}
	ck_assert_int_eq(pci_root_port_add(&host, &options, &owner, &port), 0);
	ck_assert_int_eq(pci_host_add(&host, &cards[0]), 0);
}

static void end(void)
{
	pci_host_destroy(&host);
	vm_destroy(&vm);
	fake_kvm_end();
}

/* Members that the schema does not have are wrong, too, hence JSON_STRICT. */
#define unpack(value, ...)                                                                         \
	do {                                                                                       \
		json_error_t wrong;                                                                \
		ck_assert_msg(json_unpack_ex(value, &wrong, JSON_STRICT, __VA_ARGS__) == 0, "%s",  \
			      wrong.text);                                                         \
	} while (0)

static void check_range(json_t *range)
{
	json_int_t base, limit;

	unpack(range, "{s:I, s:I}", "base", &base, "limit", &limit);
}

static void check_region(json_t *region)
{
	int bar, prefetch = -1, wide = -1;
	json_int_t address, size;
	const char *type;

	unpack(region, "{s:i, s:s, s:I, s:I, s?b, s?b}", "bar", &bar, "type", &type, "address",
	       &address, "size", &size, "prefetch", &prefetch, "mem_type_64", &wide);
	ck_assert_int_le(bar, 6);
	ck_assert(strcmp(type, "io") == 0 || strcmp(type, "memory") == 0);
	ck_assert_int_eq(prefetch == -1, strcmp(type, "io") == 0);
	ck_assert_int_eq(wide == -1, strcmp(type, "io") == 0);
}

static void check_device(json_t *device, int bus);

static void check_bridge(json_t *bridge)
{
	json_t *io, *memory, *prefetchable, *devices = NULL, *device;
	int number, secondary, subordinate;
	size_t i;

	unpack(bridge, "{s:{s:i, s:i, s:i, s:o, s:o, s:o}, s?o}", "bus", "number", &number,
	       "secondary", &secondary, "subordinate", &subordinate, "io_range", &io,
	       "memory_range", &memory, "prefetchable_range", &prefetchable, "devices", &devices);
	check_range(io);
	check_range(memory);
	check_range(prefetchable);
	json_array_foreach(devices, i, device) check_device(device, secondary);
}

/* PciDeviceInfo. */
static void check_device(json_t *device, int bus)
{
	int number, slot, function, class, id, vendor, subsystem, subsystem_vendor, irq = -1, pin;
	json_t *regions, *region, *bridge = NULL;
	const char *qdev_id;
	size_t i;

	unpack(device, "{s:i, s:i, s:i, s:{s:i}, s:{s:i, s:i, s?i, s?i}, s?i, s:i, s:s, s?o, s:o}",
	       "bus", &number, "slot", &slot, "function", &function, "class_info", "class", &class,
	       "id", "device", &id, "vendor", &vendor, "subsystem", &subsystem, "subsystem-vendor",
	       &subsystem_vendor, "irq", &irq, "irq_pin", &pin, "qdev_id", &qdev_id, "pci_bridge",
	       &bridge, "regions", &regions);
	ck_assert_int_eq(number, bus);
	ck_assert_int_eq(irq == -1, pin == 0);
	ck_assert_int_eq(bridge != NULL, class == 0x0604);
	ck_assert(json_is_array(regions));
	json_array_foreach(regions, i, region) check_region(region);
	if (bridge)
		check_bridge(bridge);
}

/* Returns the answer after checking it. The caller owns it. */
static json_t *ask(void)
{
	json_t *answer = qmp_pci(&host), *devices, *device;
	size_t i;
	int bus;

	unpack(answer, "[{s:i, s:o}]", "bus", &bus, "devices", &devices);
	ck_assert_int_eq(bus, 0);
	json_array_foreach(devices, i, device) check_device(device, 0);
	return answer;
}

static json_t *device_at(json_t *answer, size_t i)
{
	return json_array_get(json_object_get(json_array_get(answer, 0), "devices"), i);
}

static json_t *below(json_t *answer)
{
	json_t *bridge = json_object_get(device_at(answer, 1), "pci_bridge");

	return json_object_get(bridge, "devices");
}

static json_int_t number_of(json_t *device, const char *name)
{
	return json_integer_value(json_object_get(device, name));
}

START_TEST(as_the_schema_says)
{
	json_t *answer, *card;

	begin();
	cards[0].id = "nic";
	ck_assert_int_eq(pci_windows_assign_bars(&host), 0);
	answer = ask();
	ck_assert_uint_eq(json_array_size(json_object_get(json_array_get(answer, 0), "devices")),
			  3);
	ck_assert_str_eq(json_string_value(json_object_get(device_at(answer, 1), "qdev_id")),
			 "rp1");
	ck_assert_uint_eq(json_array_size(below(answer)), 0);
	card = device_at(answer, 2);
	ck_assert_str_eq(json_string_value(json_object_get(card, "qdev_id")), "nic");
	ck_assert_int_eq(number_of(card, "slot"), 2);
	ck_assert_int_eq(number_of(card, "irq_pin"), 1);
	ck_assert_uint_eq(json_array_size(json_object_get(card, "regions")), 3);
	ck_assert_int_eq(number_of(json_array_get(json_object_get(card, "regions"), 0), "address"),
			 -1);
	json_decref(answer);
	end();
}
END_TEST

/* Two functions come while the guest runs, are switched on, and go. */
START_TEST(what_comes_below_a_port)
{
	json_t *answer, *region;

	begin();
	ck_assert_int_eq(pci_windows_assign_bars(&host), 0);
	pci_root_port_plug(port, &cards[1], 0);
	pci_root_port_plug(port, &cards[2], 1);
	pthread_mutex_lock(&host.bus.lock);
	ck_assert_int_eq(pci_windows_assign_below(&port->bridge), 0);
	pci_set_word(&port->bridge.function, PCI_COMMAND, PCI_COMMAND_MEMORY);
	pci_write_any(&cards[1], PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	pthread_mutex_unlock(&host.bus.lock);
	pci_root_port_show(port, true);
	answer = ask();
	ck_assert_uint_eq(json_array_size(below(answer)), 2);
	ck_assert_int_eq(number_of(json_array_get(below(answer), 1), "function"), 1);
	ck_assert_str_eq(
		json_string_value(json_object_get(json_array_get(below(answer), 1), "qdev_id")),
		"0000:01:00.0");
	region = json_array_get(json_object_get(json_array_get(below(answer), 0), "regions"), 0);
	ck_assert_int_eq(number_of(region, "address"), (json_int_t)cards[1].bars[0].addr);
	ck_assert_int_gt(number_of(region, "address"), 0);
	json_decref(answer);
	pci_root_port_unplug(port, true);
	answer = ask();
	ck_assert_uint_eq(json_array_size(below(answer)), 0);
	json_decref(answer);
	end();
}
END_TEST

UNIT_MAIN("qmp_pci", { as_the_schema_says, 0 }, { what_comes_below_a_port, 0 })
