/* SPDX-License-Identifier: MIT */
/*
 * What only the machine of UEFI firmware has and its operating system should know: fw_cfg, and the
 * ports and the memory that are taken. The numbers repeat arch_layout's; tests/unit/acpi_test.c
 * compares the two.
 */
DefinitionBlock ("", "SSDT", 2, "MINIVM", "MINIUEFI", 1)
{
	Device (\_SB.FWCF)
	{
		Name (_HID, "QEMU0002")
		Name (_STA, 0x0B) /* present, but nothing to show to people */
		Name (_CRS, ResourceTemplate () {
			IO (Decode16, 0x0510, 0x0510, 1, 12)
		})
	}

	/* The ports of power management, and the flash. */
	Device (\_SB.MBRU)
	{
		Name (_HID, EisaId ("PNP0C02"))
		Name (_UID, 1)
		Name (_CRS, ResourceTemplate () {
			IO (Decode16, 0xB000, 0xB000, 1, 0x40)
			Memory32Fixed (ReadWrite, 0xFFC00000, 0x00400000)
		})
	}
}
