/* SPDX-License-Identifier: MIT */
/*
 * firmware/device_tree.c. The tree is read back with libfdt and says what it was told. A guest
 * that follows its maps finds every pin and message where devices/ and vmm/ have them. dtc has
 * nothing to complain about.
 */
#include <errno.h>
#include <inttypes.h>
#include <libfdt.h>
#include <linux/pci.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "devices/flash.h"
#include "devices/fw_cfg.h"
#include "devices/pci_host.h"
#include "devices/pl011.h"
#include "devices/pl031.h"
#include "devices/pl061.h"
#include "firmware/device_tree.h"
#include "stderr_text.h"
#include "unit.h"

#define GIB       (1ull << 30)
#define TREE_SIZE (256u << 10)

/* The pins are those of this architecture, so that pci_host_intx_gsi() can be asked for them. */
static struct arch_layout layout = {
	.gic_dist = { 0x8000000, 0x10000 },
	.gic_its = { 0x8080000, 0x20000 },
	.gic_redist = { 0xa000000, 0x2000000 },
	.serial_mmio = 0x9000000,
	.serial_gsi = 4,
	.gpio_mmio = 0x9010000,
	.button_gsi = 5,
	.rtc_mmio = 0x9020000,
	.fw_cfg_mmio = 0x9030000,
	.pci_io = { 0, 0x10000 },
	.pci_io_mmio = 0xe000000,
	.ecam = { 0xf000000, 0x100000 },
	.pci_mmio32 = { 0x10000000, 0x30000000 },
};

static struct tree_config config;
static char tree[TREE_SIZE];

static void begin(void)
{
	layout.pci_intx_gsi = arch_layout.pci_intx_gsi;
	layout.pci_intx_lines = arch_layout.pci_intx_lines;
	config = (struct tree_config){
		.layout = &layout,
		.cpus = 1,
		.ram = { { 1 * GIB, 3 * GIB }, { 4 * GIB, 1 * GIB } },
		.cmdline = "console=ttyS0 quiet",
	};
	memset(tree, 0xee, sizeof(tree));
}

static void write_tree(void)
{
	ck_assert_int_eq(tree_write_machine(&config, tree, sizeof(tree)), 0);
	ck_assert_int_eq(fdt_check_full(tree, sizeof(tree)), 0);
}

static int node(const char *path)
{
	int offset = fdt_path_offset(tree, path);

	ck_assert_msg(offset >= 0, "no node %s", path);
	return offset;
}

/* Read the property as cells, and return how many there are. */
static unsigned int cells(const char *path, const char *name, uint32_t *value, unsigned int max)
{
	int size;
	const fdt32_t *bytes = fdt_getprop(tree, node(path), name, &size);

	ck_assert_msg(bytes != NULL, "no %s in %s", name, path);
	ck_assert_uint_le(size / sizeof(*bytes), max);
	for (unsigned int i = 0; i < size / sizeof(*bytes); i++)
		value[i] = fdt32_ld(&bytes[i]);
	return size / sizeof(*bytes);
}

#define check_cells(path, name, ...)                                                               \
	do {                                                                                       \
		const uint32_t wanted[] = { __VA_ARGS__ };                                         \
		uint32_t found[64];                                                                \
                                                                                                   \
		ck_assert_uint_eq(cells(path, name, found, 64), UNIT_COUNT(wanted));               \
		ck_assert_mem_eq(found, wanted, sizeof(wanted));                                   \
	} while (0)

static void check_text(const char *path, const char *name, const char *wanted)
{
	const char *text = fdt_getprop(tree, node(path), name, NULL);

	ck_assert_ptr_nonnull(text);
	ck_assert_str_eq(text, wanted);
}

START_TEST(what_the_kernel_is_told)
{
	begin();
	config.initrd = (struct arch_range){ 0x7ff00000, 0x12345 };
	memset(config.seed, 0x5a, sizeof(config.seed));
	write_tree();
	check_text("/chosen", "bootargs", "console=ttyS0 quiet");
	check_text("/chosen", "stdout-path", "/serial@9000000");
	ck_assert_int_ge(fdt_path_offset(tree, "/serial@9000000"), 0);
	check_cells("/chosen", "linux,initrd-start", 0, 0x7ff00000);
	check_cells("/chosen", "linux,initrd-end", 0, 0x7ff12345);
	check_cells("/chosen", "kaslr-seed", 0x5a5a5a5a, 0x5a5a5a5a);
	check_cells("/memory@40000000", "reg", 0, 0x40000000, 0, 0xc0000000);
	check_cells("/memory@100000000", "reg", 1, 0, 0, 0x40000000);
}
END_TEST

START_TEST(what_is_not_there_is_not_told)
{
	begin();
	config.ram[1].size = 0;
	write_tree();
	ck_assert_int_lt(fdt_path_offset(tree, "/memory@100000000"), 0);
	ck_assert_int_lt(fdt_path_offset(tree, "/flash@0"), 0);
	ck_assert_int_lt(fdt_path_offset(tree, "/rtc@9020000"), 0);
	ck_assert_int_lt(fdt_path_offset(tree, "/fw-cfg@9030000"), 0);
	check_text("/serial@9000000", "compatible", "ns16550a");
	ck_assert_ptr_null(fdt_getprop(tree, node("/chosen"), "linux,initrd-start", NULL));
	ck_assert_int_lt(fdt_path_offset(tree, "/pmu"), 0);
	check_cells("/memory@40000000", "reg", 0, 0x40000000, 0, 0xc0000000);
	check_cells("/pcie@f000000", "ranges", 0x01000000, 0, 0, 0, 0xe000000, 0, 0x10000,
		    0x02000000, 0, 0x10000000, 0, 0x10000000, 0, 0x30000000);
}
END_TEST

START_TEST(window_above_ram)
{
	uint32_t found[21];

	begin();
	config.pci_mmio64 = (struct arch_range){ 6 * GIB, 2 * GIB };
	write_tree();
	ck_assert_uint_eq(cells("/pcie@f000000", "ranges", found, 21), 21);
	ck_assert_uint_eq(found[14],
			  0x03000000); /* 64-bit, not prefetchable: any BAR may go there */
	ck_assert_uint_eq(found[15], 1);
	ck_assert_uint_eq(found[16], 0x80000000);
	ck_assert_mem_eq(&found[17], &found[15], 8); /* the CPU's address is the bus' */
	ck_assert_uint_eq(found[20], 0x80000000);
}
END_TEST

/* KVM puts sixteen vCPUs into a cluster, so the seventeenth has affinity 0.0.1.0. */
START_TEST(cpus_as_kvm_numbers_them)
{
	begin();
	config.cpus = 18;
	config.pmu = true;
	write_tree();
	check_cells("/cpus/cpu@0", "reg", 0);
	check_cells("/cpus/cpu@f", "reg", 0xf);
	check_cells("/cpus/cpu@100", "reg", 0x100);
	check_cells("/cpus/cpu@101", "reg", 0x101);
	ck_assert_int_lt(fdt_path_offset(tree, "/cpus/cpu@102"), 0);
	check_text("/cpus/cpu@101", "enable-method", "psci");
	check_text("/psci", "method", "hvc");
	check_cells("/pmu", "interrupts", 1, 7, 4);
	check_cells("/interrupt-controller@8000000", "reg", 0, 0x8000000, 0, 0x10000, 0, 0xa000000,
		    0, 18 * 0x20000);
}
END_TEST

/*
 * Look the masked address of a function up in the interrupt-map, as a guest does to find a pin.
 */
static const uint32_t *find_pin(const uint32_t *map, unsigned int count, const uint32_t *mask,
				uint32_t devfn, uint32_t pin)
{
	for (unsigned int i = 0; i + 10 <= count; i += 10)
		if (map[i] == (devfn << 8 & mask[0]) && map[i + 3] == (pin & mask[3]))
			return &map[i];
	return NULL;
}

START_TEST(every_pin_is_wired_as_the_bridge_has_it)
{
	uint32_t map[512], mask[4], gic[1];
	unsigned int count;

	begin();
	write_tree();
	count = cells("/pcie@f000000", "interrupt-map", map, UNIT_COUNT(map));
	cells("/pcie@f000000", "interrupt-map-mask", mask, 4);
	cells("/interrupt-controller@8000000", "phandle", gic, 1);
	check_cells("/interrupt-controller@8000000", "#address-cells", 2);
	check_cells("/interrupt-controller@8000000", "#interrupt-cells", 3);
	for (uint32_t i = 0; i < PCI_HOST_FUNCTIONS * 4; i++) {
		struct pci_function function = { .devfn = (uint8_t)(i / 4) };
		const uint32_t *row = find_pin(map, count, mask, i / 4, i % 4 + 1);

		ck_assert_ptr_nonnull(row);
		ck_assert_uint_eq(row[4], gic[0]);
		ck_assert_uint_eq(row[7], 0); /* shared, so an SPI */
		ck_assert_uint_eq(row[8], pci_host_intx_gsi(&function, i % 4 + 1));
		ck_assert_uint_eq(row[9], 4); /* level, high */
	}
}
END_TEST

/* irq.c tells KVM the devfn as the sender of a message. The map must not change it. */
START_TEST(messages_keep_their_sender)
{
	uint32_t map[4], its[1];

	begin();
	write_tree();
	ck_assert_uint_eq(cells("/pcie@f000000", "msi-map", map, 4), 4);
	cells("/interrupt-controller@8000000/msi-controller@8080000", "phandle", its, 1);
	ck_assert_uint_eq(map[0], map[2]);
	ck_assert_uint_eq(map[1], its[0]);
	ck_assert_uint_ge(map[3], PCI_HOST_FUNCTIONS);
}
END_TEST

/* The button is a key at the pin of devices/pl061.c. */
START_TEST(power_button)
{
	uint32_t gpio[1], clock[1];

	begin();
	write_tree();
	cells("/gpio@9010000", "phandle", gpio, 1);
	cells("/apb-pclk", "phandle", clock, 1);
	check_cells("/gpio@9010000", "clocks", clock[0]);
	check_cells("/gpio@9010000", "reg", 0, 0x9010000, 0, PL061_SIZE);
	check_cells("/gpio@9010000", "interrupts", 0, 5, 4);
	check_cells("/gpio-keys/key-power", "gpios", gpio[0], PL061_BUTTON_PIN, 0);
	check_cells("/gpio-keys/key-power", "linux,code", 116);
}
END_TEST

static void start_firmware(void)
{
	config.flash[0] = (struct arch_range){ 0, 0x200000 };
	config.flash[1] = (struct arch_range){ 0x4000000, 0x4000000 };
}

/*
 * Firmware skips the bank that holds its code, and tells by the size of fw_cfg that it has no
 * DMA.
 */
START_TEST(what_firmware_finds)
{
	uint32_t clock[1];

	begin();
	start_firmware();
	write_tree();
	cells("/apb-pclk", "phandle", clock, 1);
	check_text("/chosen", "stdout-path", "/serial@9000000");
	check_text("/serial@9000000", "compatible", "arm,pl011");
	check_cells("/serial@9000000", "reg", 0, 0x9000000, 0, PL011_SIZE);
	check_cells("/serial@9000000", "interrupts", 0, 4, 4);
	check_cells("/serial@9000000", "clocks", clock[0], clock[0]);
	check_text("/flash@0", "compatible", "cfi-flash");
	check_cells("/flash@0", "reg", 0, 0, 0, 0x200000, 0, 0x4000000, 0, 0x4000000);
	check_cells("/flash@0", "bank-width", flash_kind_pair.width);
	check_text("/rtc@9020000", "compatible", "arm,pl031");
	check_cells("/rtc@9020000", "reg", 0, 0x9020000, 0, PL031_SIZE);
	check_text("/fw-cfg@9030000", "compatible", "qemu,fw-cfg-mmio");
	check_cells("/fw-cfg@9030000", "reg", 0, 0x9030000, 0, FW_CFG_MMIO_SIZE);
}
END_TEST

START_TEST(most_cpus_fit)
{
	begin();
	config.cpus = 254;
	write_tree();
	ck_assert_int_ge(fdt_path_offset(tree, "/cpus/cpu@f0d"), 0);
}
END_TEST

START_TEST(too_small_a_place_is_refused)
{
	struct stderr_text caught;
	uint32_t size;

	begin();
	write_tree();
	size = fdt_totalsize(tree);
	for (uint32_t room = 0; room < size; room += room < 128 ? 1 : 61) {
		char *place = malloc(room ? room : 1);
		int ret;

		stderr_begin(&caught);
		ret = tree_write_machine(&config, place, room);
		stderr_end(&caught);
		free(place);
		ck_assert_int_eq(ret, -ENOSPC);
		stderr_holds(&caught, "minivmm: error: device tree: does not fit into ");
	}
}
END_TEST

/*
 * One tree has all that there is. dtc reports on standard error, and is silent about what it
 * likes.
 */
START_TEST(dtc_has_no_warning)
{
	char name[] = "/tmp/fdt_test.XXXXXX", command[96], said[1024] = "";
	int fd = mkstemp(name), status;
	FILE *dtc;

	begin();
	config.cpus = 20;
	config.pmu = true;
	config.initrd = (struct arch_range){ 0x7ff00000, 0x12345 };
	config.pci_mmio64 = (struct arch_range){ 6 * GIB, 2 * GIB };
	if (_i)
		start_firmware();
	write_tree();
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, tree, fdt_totalsize(tree)), fdt_totalsize(tree));
	close(fd);
	snprintf(command, sizeof(command), "dtc -I dtb -O dts -o /dev/null %s 2>&1", name);
	dtc = popen(command, "r");
	ck_assert_ptr_nonnull(dtc);
	said[fread(said, 1, sizeof(said) - 1, dtc)] = '\0';
	status = pclose(dtc);
	unlink(name);
	ck_assert_msg(status == 0 && !said[0], "dtc: status %d: %s", status, said);
}
END_TEST

UNIT_MAIN("fdt", { what_the_kernel_is_told, 0 }, { what_is_not_there_is_not_told, 0 },
	  { window_above_ram, 0 }, { cpus_as_kvm_numbers_them, 0 },
	  { every_pin_is_wired_as_the_bridge_has_it, 0 }, { messages_keep_their_sender, 0 },
	  { power_button, 0 }, { most_cpus_fit, 0 }, { too_small_a_place_is_refused, 0 },
	  { dtc_has_no_warning, 2 }, { what_firmware_finds, 0 })
