/* SPDX-License-Identifier: MIT */
/*
 * The expansion ROM of a GPU that has no ROM BAR: its driver asks the method _ROM of the GPU's own
 * node for it, in pieces. The bytes are in memory that the guest only reads, padded to whole pages
 * and one more, so that a piece of a page may begin anywhere.
 *
 * Read beside it: ACPI 6.4, B.3.3 (_ROM).
 */
DefinitionBlock ("", "SSDT", 2, "MINIVM", "MINIROM", 1)
{
	External (\_SB.PCI0, DeviceObj)

	Device (\_SB.PCI0.GPU0)
	{
		Include ("rom_method.asi")
	}
}
