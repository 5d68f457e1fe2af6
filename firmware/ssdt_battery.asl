/* SPDX-License-Identifier: MIT */
/*
 * A power supply that is plugged in and a battery that is full, for drivers of laptops' GPUs that
 * start only where there is a battery. Nothing ever changes.
 *
 * Read beside it: ACPI 6.4, 10.2 (battery), 10.3 (power source).
 */
DefinitionBlock ("", "SSDT", 2, "MINIVM", "MINIBATT", 1)
{
	Device (\_SB.ADP0)
	{
		Name (_HID, "ACPI0003")
		Name (_PCL, Package () { \_SB })
		Method (_PSR)
		{
			Return (1) /* on mains */
		}
	}

	Device (\_SB.BAT0)
	{
		Name (_HID, EisaId ("PNP0C0A"))
		Name (_UID, 0)
		Name (_STA, 0x1F) /* a battery is in its bay */
		Name (_PCL, Package () { \_SB })
		Method (_BIF)
		{
			Return (Package () {
				0,	/* in mW and mWh */
				50000,	/* design capacity */
				50000,	/* last full charge */
				1,	/* rechargeable */
				12000,	/* mV */
				5000,	/* warn */
				1000,	/* low */
				1,	/* granularity */
				1,
				"minivmm", "1", "LION", "minivmm"
			})
		}
		Method (_BST)
		{
			Return (Package () { 0, 0, 50000, 12000 }) /* neither charging nor used */
		}
	}
}
