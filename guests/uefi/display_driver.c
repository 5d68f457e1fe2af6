/* SPDX-License-Identifier: MIT */
/*
 * What a GPU carries in its expansion ROM: a UEFI driver, through which the firmware, its menus
 * and a boot loader draw. This driver is for the lab. It drives QEMU's bochs-display, but only
 * when that shows IDs which no other driver knows. So a picture proves that the firmware read the
 * ROM and ran this driver.
 *
 * It says on the first serial port that it was called, and which display it drives. display_rom.S
 * makes an expansion ROM of it.
 *
 * Read beside it: UEFI 2.9, 11.1 (driver binding), 12.9 (graphics output), 14.2 (option ROMs);
 * docs/specs/standard-vga.rst of the QEMU project.
 */
#include "guests/uefi/display_ids.h"
#include "guests/uefi/uefi_abi.h"

#define SCREEN_WIDTH  640u
#define SCREEN_HEIGHT 480u

#define DISPLAY_BAR_REGISTERS 2u
#define DISPLAY_REGISTERS     0x502u /* width, height, bits, on: 16 bits each */
#define DISPLAY_ON            0x41u  /* the mode with the frame buffer in one piece */

#define PCI_BAR_0      0x10u
#define PCI_BAR_64_BIT 0x4u

#define COM1_DATA 0x3f8

static const struct efi_guid guid_binding = {
	0x18a031ab, 0xb443, 0x4d1a, { 0xa5, 0xc0, 0x0c, 0x09, 0x26, 0x1e, 0x9f, 0x71 }
};
static const struct efi_guid guid_pci = {
	0x4cf5b200, 0x68b8, 0x4ca5, { 0x9e, 0xec, 0xb2, 0x3e, 0x3f, 0x50, 0x02, 0x9a }
};
static const struct efi_guid guid_graphics = {
	0x9042a9de, 0x23dc, 0x4a38, { 0x96, 0xfb, 0x7a, 0xde, 0xd0, 0x80, 0x51, 0x6a }
};

static struct efi_boot_services *boot;

static struct efi_graphics_mode_info mode_info = {
	.width = SCREEN_WIDTH,
	.height = SCREEN_HEIGHT,
	.format = EFI_PIXEL_BGR,
	.pixels_per_line = SCREEN_WIDTH,
};
static struct efi_graphics_mode mode = {
	.count = 1,
	.info = &mode_info,
	.info_size = sizeof(mode_info),
	.buffer_size = sizeof(struct efi_pixel) * SCREEN_WIDTH * SCREEN_HEIGHT,
};

/* The firmware's own console may not be there yet, but the port is. */
static void say(const char *text)
{
	for (; *text; text++)
		__asm__ volatile("outb %0, %1" : : "a"(*text), "Nd"((uint16_t)COM1_DATA));
}

/* ---- graphics output ---- */

static struct efi_pixel *screen_at(uint64_t x, uint64_t y)
{
	return (struct efi_pixel *)mode.buffer_base + y * SCREEN_WIDTH + x;
}

static efi_status graphics_query_mode(struct efi_graphics *graphics, uint32_t number,
				      uint64_t *size, struct efi_graphics_mode_info **info)
{
	efi_status status;

	(void)graphics;
	if (number != 0)
		return EFI_INVALID_PARAMETER;
	*size = sizeof(mode_info);
	status = boot->allocate_pool(EFI_BOOT_SERVICES_DATA, *size, (void **)info);
	if (status == EFI_SUCCESS)
		**info = mode_info;
	return status;
}

static efi_status graphics_set_mode(struct efi_graphics *graphics, uint32_t number)
{
	(void)graphics;
	if (number != 0)
		return EFI_INVALID_PARAMETER;
	for (uint64_t i = 0; i < (uint64_t)SCREEN_WIDTH * SCREEN_HEIGHT; i++)
		*screen_at(i, 0) = (struct efi_pixel){ 0 };
	return EFI_SUCCESS;
}

/* Fill or copy a rectangle of pixels. With steps of 0, one pixel stands for all. */
struct area {
	struct efi_pixel *first;
	uint64_t step, pitch;
};

static struct area area_of_screen(uint64_t x, uint64_t y)
{
	return (struct area){ screen_at(x, y), 1, SCREEN_WIDTH };
}

static struct area area_of_buffer(struct efi_pixel *buffer, uint64_t x, uint64_t y, uint64_t bytes)
{
	uint64_t pitch = bytes / sizeof(*buffer);

	return (struct area){ buffer + y * pitch + x, 1, pitch };
}

/* Go forwards or backwards, so that a pixel is read before it is overwritten. */
static void area_copy(struct area to, struct area from, uint64_t width, uint64_t height)
{
	for (uint64_t i = 0; i < width * height; i++) {
		uint64_t at = to.first > from.first ? width * height - 1 - i : i;
		uint64_t x = at % width, y = at / width;

		to.first[y * to.pitch + x * to.step] = from.first[y * from.pitch + x * from.step];
	}
}

static int screen_has(uint64_t x, uint64_t y, uint64_t width, uint64_t height)
{
	return x <= SCREEN_WIDTH && width <= SCREEN_WIDTH - x && y <= SCREEN_HEIGHT &&
	       height <= SCREEN_HEIGHT - y;
}

static efi_status graphics_blt(struct efi_graphics *graphics, struct efi_pixel *buffer,
			       enum efi_blt operation, uint64_t from_x, uint64_t from_y,
			       uint64_t to_x, uint64_t to_y, uint64_t width, uint64_t height,
			       uint64_t pitch)
{
	struct area from = area_of_screen(from_x, from_y), to = area_of_screen(to_x, to_y);
	int reads = operation == EFI_BLT_TO_BUFFER || operation == EFI_BLT_MOVE;

	(void)graphics;
	if ((reads && !screen_has(from_x, from_y, width, height)) ||
	    (operation != EFI_BLT_TO_BUFFER && !screen_has(to_x, to_y, width, height)))
		return EFI_INVALID_PARAMETER;
	if (pitch == 0)
		pitch = width * sizeof(*buffer);
	if (operation == EFI_BLT_FILL)
		from = (struct area){ buffer, 0, 0 };
	else if (operation == EFI_BLT_FROM_BUFFER)
		from = area_of_buffer(buffer, from_x, from_y, pitch);
	else if (operation == EFI_BLT_TO_BUFFER)
		to = area_of_buffer(buffer, to_x, to_y, pitch);
	area_copy(to, from, width, height);
	return EFI_SUCCESS;
}

static struct efi_graphics graphics = { graphics_query_mode, graphics_set_mode, graphics_blt,
					&mode };

/* ---- driver binding ---- */

static efi_status pci_open(struct efi_driver_binding *binding, efi_handle controller,
			   struct efi_pci **pci)
{
	return boot->open_protocol(controller, &guid_pci, (void **)pci, binding->driver, controller,
				   EFI_OPEN_BY_DRIVER);
}

static efi_status pci_close(struct efi_driver_binding *binding, efi_handle controller)
{
	return boot->close_protocol(controller, &guid_pci, binding->driver, controller);
}

static efi_status binding_supported(struct efi_driver_binding *binding, efi_handle controller,
				    void *path)
{
	struct efi_pci *pci;
	uint32_t ids = 0;
	efi_status status = pci_open(binding, controller, &pci);

	(void)path;
	if (status != EFI_SUCCESS)
		return status;
	status = pci->config_read(pci, EFI_PCI_32_BIT, 0, 1, &ids);
	pci_close(binding, controller);
	if (status == EFI_SUCCESS && ids != (DISPLAY_DEVICE << 16 | DISPLAY_VENDOR))
		status = EFI_UNSUPPORTED;
	return status;
}

/* Find where the firmware has put the frame buffer. From here on it is only memory. */
static efi_status display_find_frame(struct efi_pci *pci)
{
	uint32_t bar[2] = { 0 };
	efi_status status = pci->config_read(pci, EFI_PCI_32_BIT, PCI_BAR_0, 2, bar);

	mode.buffer_base = bar[0] & ~0xfull;
	if (bar[0] & PCI_BAR_64_BIT)
		mode.buffer_base |= (uint64_t)bar[1] << 32;
	return status;
}

static efi_status display_start(struct efi_pci *pci)
{
	static const uint16_t registers[] = { SCREEN_WIDTH, SCREEN_HEIGHT, 32, DISPLAY_ON };
	efi_status status = pci->attributes(pci, EFI_PCI_ENABLE, EFI_PCI_ENABLE_MEMORY, 0);

	if (status == EFI_SUCCESS)
		status = display_find_frame(pci);
	if (status == EFI_SUCCESS)
		status = pci->memory_write(pci, EFI_PCI_16_BIT, DISPLAY_BAR_REGISTERS,
					   DISPLAY_REGISTERS,
					   sizeof(registers) / sizeof(registers[0]), registers);
	return status == EFI_SUCCESS ? graphics_set_mode(&graphics, 0) : status;
}

static efi_status binding_start(struct efi_driver_binding *binding, efi_handle controller,
				void *path)
{
	struct efi_pci *pci;
	efi_status status = pci_open(binding, controller, &pci);

	(void)path;
	if (status != EFI_SUCCESS)
		return status;
	status = display_start(pci);
	if (status == EFI_SUCCESS)
		status = boot->install_protocol(&controller, &guid_graphics, EFI_INTERFACE_NATIVE,
						&graphics);
	if (status != EFI_SUCCESS)
		pci_close(binding, controller);
	else
		say("display ROM: drives the display\r\n");
	return status;
}

static efi_status binding_stop(struct efi_driver_binding *binding, efi_handle controller,
			       uint64_t children, efi_handle *list)
{
	efi_status status = boot->uninstall_protocol(controller, &guid_graphics, &graphics);

	(void)children;
	(void)list;
	return status == EFI_SUCCESS ? pci_close(binding, controller) : status;
}

static struct efi_driver_binding binding = { binding_supported, binding_start, binding_stop,
					     .version = 0x10 };

/* The firmware calls this once it has read the ROM. */
efi_status efi_main(efi_handle image, struct efi_system_table *system);
efi_status efi_main(efi_handle image, struct efi_system_table *system)
{
	boot = system->boot;
	binding.image = binding.driver = image;
	say("display ROM: called\r\n");
	return boot->install_protocol(&binding.driver, &guid_binding, EFI_INTERFACE_NATIVE,
				      &binding);
}
