/* SPDX-License-Identifier: MIT */
/*
 * An expansion ROM of one image, which holds the UEFI driver DRIVER. Every length counts units of
 * 512 bytes.
 *
 * Read beside it: UEFI 2.9, 14.4.2 (EFI PCI expansion ROM header), PCI Firmware 3.3, 5.1.2 (data
 * structure).
 */
#define UNIT		512
#define UNITS		((rom_end - rom) / UNIT)
#define EFI_SIGNATURE	0x0ef1
#define EFI_BOOT_DRIVER	11	/* the subsystem in the driver's header */
#define EFI_X86_64	0x8664
#define CODE_TYPE_EFI	3
#define LAST_IMAGE	0x80
#define CLASS_DISPLAY	0x038000

#include "guests/uefi/display_ids.h"

	.section .rodata
rom:
	.byte	0x55, 0xaa
	.short	UNITS
	.long	EFI_SIGNATURE
	.short	EFI_BOOT_DRIVER
	.short	EFI_X86_64
	.short	0		/* not compressed */
	.fill	8, 1, 0
	.short	driver - rom
	.short	data - rom

	.balign	4
data:
	.ascii	"PCIR"
	.short	DISPLAY_VENDOR, DISPLAY_DEVICE
	.short	0		/* no list of more devices */
	.short	data_end - data
	.byte	3		/* revision of this structure */
	.byte	CLASS_DISPLAY & 0xff, CLASS_DISPLAY >> 8 & 0xff, CLASS_DISPLAY >> 16
	.short	UNITS
	.short	1		/* revision of the driver */
	.byte	CODE_TYPE_EFI
	.byte	LAST_IMAGE
	.short	UNITS		/* of the image while it runs */
	.short	0, 0
data_end:

	.balign	16
driver:
	.incbin	DRIVER
	.balign	UNIT
rom_end:
