/* SPDX-License-Identifier: MIT */
/*
 * vmm/uefi_machine.c: where firmware and its variables lie, what is there besides, and what stays
 * afterwards.
 */
#include <errno.h>
#include <linux/pci.h>
#include <stdint.h>
#include <string.h>

#include "boot_images.h"
#include "plain_ram.h"
#include "stderr_text.h"
#include "uefi_images.h"
#include "unit.h"
#include "vmm/uefi_machine.h"
#include "devices/pci_windows.h"

#define RAM (256ull << 20)

struct rig {
	struct uefi_folder folder;
	struct vm vm;
	struct pci_host host;
	struct uefi_machine uefi;
	struct boot_config boot;
	struct stderr_text caught;
};

static struct rig rig;

static void begin(const char *letters)
{
	memset(&rig, 0, sizeof(rig));
	rig.vm.event_source.fd = -1;
	rig.boot.cpus = 2;
	uefi_folder_begin(&rig.folder);
	uefi_write_file(&rig.folder, "X_VARS.fd", "v", 0);
	rig.boot.kernel_name = uefi_write_file(&rig.folder, "X_CODE.fd", letters, 0);
	rig.boot.kernel_fd = open(rig.boot.kernel_name, O_RDONLY | O_CLOEXEC);
	memory_init(&rig.vm.memory);
	bus_init(&rig.vm.mmio);
	bus_init(&rig.vm.pio);
	ck_assert_int_eq(plain_ram_add(&rig.vm.memory, 0, RAM), 0);
	ck_assert_int_eq(pci_host_init(&rig.host, &rig.vm), 0);
	uefi_machine_init(&rig.uefi);
	stderr_begin(&rig.caught);
}

static int start(const char *vars)
{
	int ret = uefi_machine_open(&rig.uefi, &rig.boot, true, vars);

	if (ret == 0)
		ret = uefi_machine_add_devices(&rig.uefi, &rig.vm, &rig.host);
	if (ret == 0)
		ret = pci_windows_assign_bars(&rig.host);
	return ret < 0 ? ret : uefi_machine_describe(&rig.uefi, &rig.boot);
}

static void end(void)
{
	stderr_end(&rig.caught);
	pci_host_destroy(&rig.host);
	uefi_machine_destroy(&rig.uefi);
	uefi_machine_destroy(&rig.uefi);
	ck_assert_uint_eq(rig.vm.memory.count, 1);
	ck_assert_uint_eq(rig.vm.pio.count, 0);
	ck_assert_uint_eq(rig.vm.mmio.count, 0);
	memory_destroy(&rig.vm.memory);
	bus_destroy(&rig.vm.mmio);
	bus_destroy(&rig.vm.pio);
	close(rig.boot.kernel_fd);
	uefi_folder_end(&rig.folder);
}

/* Read what the guest reads at `gpa`: the letter that fills a volume. */
static char letter_at(uint64_t gpa)
{
	for (size_t i = 0; i < rig.vm.memory.count; i++) {
		const struct memory_region *region = &rig.vm.memory.regions[i];

		if (gpa >= region->gpa && gpa - region->gpa < region->size)
			return ((char *)region->hva)[gpa - region->gpa];
	}
	return '-';
}

static uint32_t in(uint16_t port, unsigned int size)
{
	uint32_t value = 0;

	bus_read(&rig.vm.pio, port, &value, size);
	return value;
}

static const struct {
	const char *letters;
	bool vars, template;
	char below; /* what lies below the code */
} layouts[] = {
	{ "c", true, true, 'v' },
	{ "c", false, true, 'v' },
	{ "c", false, false, '-' },
	{ "vc", false, true, 'v' },
};

START_TEST(code_ends_at_4_gib_and_variables_lie_below)
{
	const uint64_t end_of_code = 1ull << 32;

	begin(layouts[_i].letters);
	if (!layouts[_i].template)
		unlink(uefi_path(&rig.folder, "X_VARS.fd"));
	ck_assert_int_eq(start(layouts[_i].vars ? uefi_path(&rig.folder, "mine.fd") : NULL), 0);
	ck_assert(uefi_machine_starts(&rig.uefi));
	ck_assert_int_eq(letter_at(end_of_code - 1), 'c');
	ck_assert_int_eq(letter_at(end_of_code - UEFI_CODE_SIZE + 64), 'c');
	ck_assert_int_eq(letter_at(end_of_code - UEFI_CODE_SIZE - 1), layouts[_i].below);
	ck_assert_int_eq(letter_at(end_of_code - UEFI_CODE_SIZE - UEFI_VARS_SIZE - 1), '-');
	end();
	ck_assert_int_eq(strstr(rig.caught.text, "in memory and lost") != NULL, !layouts[_i].vars);
}
END_TEST

/* At the next start there is only what was written with vars=. */
START_TEST(variables_are_kept_if_asked_for)
{
	const uint64_t at = (1ull << 32) - UEFI_CODE_SIZE - 1;
	const uint8_t program = 0x10, zero = 0;
	const char *vars;
	char last;
	int fd;

	begin("c");
	vars = uefi_path(&rig.folder, _i ? "mine.fd" : "X_VARS.fd");
	ck_assert_int_eq(start(_i ? vars : NULL), 0);
	bus_write(&rig.vm.mmio, at, &program, 1);
	bus_write(&rig.vm.mmio, at, &zero, 1);
	ck_assert_int_eq(uefi_machine_reset(&rig.uefi), 0);
	ck_assert_int_eq(letter_at(at), 0);
	fd = open(vars, O_RDONLY | O_CLOEXEC);
	ck_assert_int_eq(pread(fd, &last, 1, UEFI_VARS_SIZE - 1), 1);
	close(fd);
	ck_assert_int_eq(last, _i ? 0 : 'v');
	end();
}
END_TEST

START_TEST(the_machine_is_a_pc)
{
	begin("c");
	ck_assert_int_eq(start(NULL), 0);
	ck_assert_uint_eq(pci_get_long(&rig.host.bridge, PCI_VENDOR_ID), 0x12378086);
	ck_assert(rig.host.reset_control);
	ck_assert_int_eq(pci_host_free_slot(&rig.host), 2);
	ck_assert_uint_eq(in(arch_layout.pm_port + 8, 4) >> 24, 0);
	ck_assert_uint_eq(in(arch_layout.fw_cfg_port + 1, 1), 'Q');
	ck_assert_uint_ge(rig.vm.gpa_bits, 32);
	ck_assert_uint_le(rig.vm.gpa_bits, 42);
	ck_assert_uint_eq(rig.host.mmio32.base, RAM);
	ck_assert_uint_eq(rig.host.mmio64.base + rig.host.mmio64.size, 1ull << rig.vm.gpa_bits);
	end();
}
END_TEST

START_TEST(little_memory_is_refused)
{
	begin("c");
	memory_destroy(&rig.vm.memory);
	memory_init(&rig.vm.memory);
	ck_assert_int_eq(plain_ram_add(&rig.vm.memory, 0, 64 << 20), 0);
	ck_assert_int_eq(start(NULL), -EINVAL);
	end();
	stderr_holds(&rig.caught, "--memory: UEFI firmware needs 128 MiB at least");
}
END_TEST

static int open_image(const void *image, size_t size, bool firmware, const char *vars)
{
	close(rig.boot.kernel_fd);
	rig.boot.kernel_fd = image_fd(image, size);
	return uefi_machine_open(&rig.uefi, &rig.boot, firmware, vars);
}

/* By whichever option it came. */
START_TEST(firmware_may_be_a_kernel_in_form)
{
	struct vmlinux image = vmlinux_make();

	begin("c");
	image.ehdr.e_machine = EM_386;
	ck_assert_int_eq(open_image(&image, sizeof(image), _i, NULL), 0);
	ck_assert_int_eq(uefi_machine_add_devices(&rig.uefi, &rig.vm, &rig.host), 0);
	ck_assert_int_eq(uefi_machine_describe(&rig.uefi, &rig.boot), 0);
	ck_assert(!uefi_machine_starts(&rig.uefi));
	ck_assert(rig.boot.extras.rtc);
	ck_assert_uint_eq(pci_get_long(&rig.host.bridge, PCI_VENDOR_ID), 0x0d578086);
	ck_assert_uint_eq(in(arch_layout.fw_cfg_port + 1, 1), 0xff);
	ck_assert_int_eq(pci_host_free_slot(&rig.host), 1);
	ck_assert_int_eq(uefi_machine_reset(&rig.uefi), 0);
	end();
}
END_TEST

START_TEST(a_kernels_machine_stays_small)
{
	struct vmlinux image = vmlinux_make();

	begin("c");
	ck_assert_int_eq(open_image(&image, sizeof(image), false, NULL), 0);
	ck_assert_int_eq(uefi_machine_add_devices(&rig.uefi, &rig.vm, &rig.host), 0);
	ck_assert_int_eq(uefi_machine_describe(&rig.uefi, &rig.boot), 0);
	ck_assert_int_eq(uefi_machine_reset(&rig.uefi), 0);
	ck_assert(!rig.boot.extras.rtc && !rig.host.reset_control && !rig.vm.gpa_bits);
	ck_assert_uint_eq(in(arch_layout.rtc_port + 1, 1), 0xff);
	ck_assert_uint_eq(rig.vm.memory.count, 1);
	end();
}
END_TEST

static void disk_reset(struct pci_function *function)
{
	(void)function;
}

static void disk_destroy(struct pci_function *function)
{
	(void)function;
}

/* The order is that of the command line, wherever on the bus the devices are. */
START_TEST(disks_are_tried_in_order)
{
	static const struct pci_function_ops ops = {
		.config_read = pci_config_read,
		.config_write = pci_config_write,
		.bar_map = pci_no_bar_map,
		.bar_unmap = pci_no_bar_unmap,
		.reset = disk_reset,
		.destroy = disk_destroy,
	};
	static const unsigned int places[] = { 2, 0, 1, 0 };
	struct pci_function disks[UNIT_COUNT(places)];
	char wanted[256] = "", *at = wanted;

	begin("c");
	ck_assert_int_eq(uefi_machine_open(&rig.uefi, &rig.boot, true, NULL), 0);
	ck_assert_int_eq(uefi_machine_add_devices(&rig.uefi, &rig.vm, &rig.host), 0);
	for (unsigned int i = 0; i < UNIT_COUNT(places); i++) {
		pci_function_init(&disks[i], &ops, "disk");
		pci_set_id(&disks[i], &(struct pci_id){ .class_revision = 0x01000000 });
		disks[i].boot_place = places[i];
		ck_assert_int_eq(pci_host_add(&rig.host, &disks[i]), 0);
	}
	ck_assert_int_eq(uefi_machine_describe(&rig.uefi, &rig.boot), 0);
	for (unsigned int place = 0; place < 3; place++)
		for (unsigned int i = 0; i < UNIT_COUNT(places); i++)
			if (places[i] == place)
				at += sprintf(at, "/pci@i0cf8/scsi@%x/disk@0,0\n",
					      PCI_SLOT(disks[i].devfn));
	ck_assert_str_eq(rig.uefi.tables.boot_order, wanted);
	end();
}
END_TEST

START_TEST(firmware_in_a_kernels_form_keeps_no_variables)
{
	struct vmlinux image = vmlinux_make();

	begin("c");
	image.ehdr.e_machine = EM_386;
	ck_assert_int_eq(open_image(&image, sizeof(image), true, "mine.fd"), -EINVAL);
	end();
	stderr_holds(&rig.caught, "mine.fd: ");
	stderr_holds(&rig.caught, "keeps no variables");
}
END_TEST

UNIT_MAIN("uefi_machine", { code_ends_at_4_gib_and_variables_lie_below, UNIT_COUNT(layouts) },
	  { variables_are_kept_if_asked_for, 2 }, { the_machine_is_a_pc, 0 },
	  { little_memory_is_refused, 0 }, { firmware_may_be_a_kernel_in_form, 2 },
	  { a_kernels_machine_stays_small, 0 }, { disks_are_tried_in_order, 0 },
	  { firmware_in_a_kernels_form_keeps_no_variables, 0 })
