/* SPDX-License-Identifier: MIT */
/*
 * The small part of UEFI's interface that display_driver.c uses: tables of functions that the
 * firmware hands out. Members that are not used only take up their room.
 *
 * Compiled for x86-64 Windows, whose calling convention and 32-bit long are UEFI's.
 *
 * Read beside it: UEFI 2.9, 4.3 (system table), 7 (boot services), 11.1 (driver binding), 12.9
 * (graphics output), 14.4 (PCI I/O).
 */
#ifndef GUESTS_UEFI_ABI_H
#define GUESTS_UEFI_ABI_H

#include <stdint.h>

typedef uint64_t efi_status;
typedef void *efi_handle;

#define EFI_ERROR(code)        (1ull << 63 | (code))
#define EFI_SUCCESS            0
#define EFI_INVALID_PARAMETER  EFI_ERROR(2)
#define EFI_UNSUPPORTED        EFI_ERROR(3)
#define EFI_OPEN_BY_DRIVER     0x10u
#define EFI_INTERFACE_NATIVE   0u
#define EFI_BOOT_SERVICES_DATA 4u

struct efi_guid {
	uint32_t a;
	uint16_t b, c;
	uint8_t d[8];
};

/* Each table of the firmware begins with a header of 24 bytes. */
struct efi_header {
	uint8_t bytes[24];
};

struct efi_boot_services {
	struct efi_header header;
	void *unused[5];
	efi_status (*allocate_pool)(uint32_t type, uint64_t size, void **buffer);
	void *unused1[7];
	efi_status (*install_protocol)(efi_handle *handle, const struct efi_guid *protocol,
				       uint32_t type, void *interface);
	void *unused2;
	efi_status (*uninstall_protocol)(efi_handle handle, const struct efi_guid *protocol,
					 void *interface);
	void *unused3[16];
	efi_status (*open_protocol)(efi_handle handle, const struct efi_guid *protocol,
				    void **interface, efi_handle agent, efi_handle controller,
				    uint32_t attributes);
	efi_status (*close_protocol)(efi_handle handle, const struct efi_guid *protocol,
				     efi_handle agent, efi_handle controller);
};

struct efi_system_table {
	struct efi_header header;
	void *unused[9];
	struct efi_boot_services *boot;
};

struct efi_driver_binding {
	efi_status (*supported)(struct efi_driver_binding *binding, efi_handle controller,
				void *path);
	efi_status (*start)(struct efi_driver_binding *binding, efi_handle controller, void *path);
	efi_status (*stop)(struct efi_driver_binding *binding, efi_handle controller,
			   uint64_t children, efi_handle *list);
	uint32_t version;
	efi_handle image, driver;
};

enum efi_pci_width { EFI_PCI_16_BIT = 1, EFI_PCI_32_BIT };

#define EFI_PCI_ENABLE_MEMORY 0x200ull

enum efi_pci_operation { EFI_PCI_GET, EFI_PCI_SET, EFI_PCI_ENABLE };

struct efi_pci {
	void *unused[3];
	efi_status (*memory_write)(struct efi_pci *pci, enum efi_pci_width width, uint8_t bar,
				   uint64_t offset, uint64_t count, const void *buffer);
	void *unused2[2];
	efi_status (*config_read)(struct efi_pci *pci, enum efi_pci_width width, uint32_t offset,
				  uint64_t count, void *buffer);
	void *unused3[8];
	efi_status (*attributes)(struct efi_pci *pci, enum efi_pci_operation operation,
				 uint64_t attributes, uint64_t *result);
};

struct efi_pixel {
	uint8_t blue, green, red, reserved;
};

enum efi_pixel_format { EFI_PIXEL_RGB, EFI_PIXEL_BGR };

struct efi_graphics_mode_info {
	uint32_t version;
	uint32_t width, height;
	enum efi_pixel_format format;
	uint32_t masks[4];
	uint32_t pixels_per_line;
};

struct efi_graphics_mode {
	uint32_t count, current;
	struct efi_graphics_mode_info *info;
	uint64_t info_size;
	uint64_t buffer_base, buffer_size;
};

enum efi_blt { EFI_BLT_FILL, EFI_BLT_TO_BUFFER, EFI_BLT_FROM_BUFFER, EFI_BLT_MOVE };

struct efi_graphics {
	efi_status (*query_mode)(struct efi_graphics *graphics, uint32_t mode, uint64_t *size,
				 struct efi_graphics_mode_info **info);
	efi_status (*set_mode)(struct efi_graphics *graphics, uint32_t mode);
	efi_status (*blt)(struct efi_graphics *graphics, struct efi_pixel *buffer,
			  enum efi_blt operation, uint64_t from_x, uint64_t from_y, uint64_t to_x,
			  uint64_t to_y, uint64_t width, uint64_t height, uint64_t pitch);
	struct efi_graphics_mode *mode;
};

#endif
