/* SPDX-License-Identifier: MIT */
/*
 * The real-time clock, of machines that have one: those that start firmware. Its ports repeat
 * arch_layout's; tests/unit/acpi_test.c compares the two.
 */
DefinitionBlock ("", "SSDT", 2, "MINIVM", "MINIRTC", 1)
{
	Device (\_SB.RTC)
	{
		Name (_HID, EisaId ("PNP0B00"))
		Name (_CRS, ResourceTemplate () {
			IO (Decode16, 0x0070, 0x0070, 1, 2)
		})
	}
}
