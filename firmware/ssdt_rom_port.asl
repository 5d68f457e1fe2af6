/* SPDX-License-Identifier: MIT */
/*
 * As ssdt_rom.asl, for a GPU below a root port: a device's node is below its port's, whose _ADR is
 * the port's place on the root bus.
 *
 * Read beside it: ACPI 6.4, 6.1.1 (_ADR), B.3.3 (_ROM).
 */
DefinitionBlock ("", "SSDT", 2, "MINIVM", "MINIROMP", 1)
{
	External (\_SB.PCI0, DeviceObj)
	External (ROMP, IntObj) /* which slot and function the port is: _ADR */

	Device (\_SB.PCI0.PORT)
	{
		Method (_ADR)
		{
			Return (ROMP)
		}

		Device (GPU0)
		{
			Include ("rom_method.asi")
		}
	}
}
