/* SPDX-License-Identifier: MIT */
/*
 * The part of the arm64 machine of UEFI firmware that never changes, for ACPI: PCI host bridge,
 * serial port, power button. Compiled by iasl into an array that acpi_arm64.c copies.
 *
 * Addresses here repeat vmm/aarch64's arch_layout; tests/unit/acpi_arm64_test.c compares the two.
 * What differs from one machine to the next is in names that acpi_arm64.c writes into an SSDT.
 *
 * Read beside it: ACPI 6.4 chapters 6 and 19; DEN0093 (the ids of Arm's devices).
 */
DefinitionBlock ("", "DSDT", 2, "MINIVM", "MINIVMM", 1)
{
	External (M32B, IntObj) /* memory window below 4 GiB */
	External (M32S, IntObj)
	External (M64B, IntObj) /* memory window above 4 GiB; size 0 when there is none */
	External (M64S, IntObj)
	External (BUSN, IntObj) /* how many PCI buses there may be */
	External (PRTB, PkgObj) /* which pin is connected to which GSI */

	Device (_SB.PCI0)
	{
		Name (_HID, EisaId ("PNP0A08"))
		Name (_CID, EisaId ("PNP0A03"))
		Name (_SEG, 0)
		Name (_BBN, 0)
		Name (_UID, 0)
		Name (_CCA, 1) /* VFIO gives out no device that is not coherent */

		Name (WLOW, ResourceTemplate () {
			WordBusNumber (ResourceProducer, MinFixed, MaxFixed, PosDecode,
				0, 0, 0, 0, 1, , , WBUS)
			DWordMemory (ResourceProducer, PosDecode, MinFixed, MaxFixed, NonCacheable,
				ReadWrite, 0, 0, 0, 0, 0, , , WM32)
			QWordIO (ResourceProducer, MinFixed, MaxFixed, PosDecode, EntireRange,
				0, 0, 0xFFFF, 0x0E000000, 0x10000)
		})
		Name (WHI, ResourceTemplate () {
			QWordMemory (ResourceProducer, PosDecode, MinFixed, MaxFixed, Cacheable,
				ReadWrite, 0, 0, 0, 0, 0, , , WM64)
		})

		Method (_CRS, 0, Serialized)
		{
			CreateWordField (WLOW, ^WBUS._MAX, BMAX)
			CreateWordField (WLOW, ^WBUS._LEN, BLEN)
			BMAX = BUSN - 1
			BLEN = BUSN

			CreateDWordField (WLOW, ^WM32._MIN, LMIN)
			CreateDWordField (WLOW, ^WM32._MAX, LMAX)
			CreateDWordField (WLOW, ^WM32._LEN, LLEN)
			LMIN = M32B
			LMAX = M32B + M32S - 1
			LLEN = M32S

			If (M64S == 0) {
				Return (WLOW)
			}
			CreateQWordField (WHI, ^WM64._MIN, HMIN)
			CreateQWordField (WHI, ^WM64._MAX, HMAX)
			CreateQWordField (WHI, ^WM64._LEN, HLEN)
			HMIN = M64B
			HMAX = M64B + M64S - 1
			HLEN = M64S
			Return (ConcatenateResTemplate (WLOW, ^WHI))
		}

		Include ("pci_host.asi")
	}

	/* Flash, clock and fw_cfg belong to the firmware; the ECAM is what MCFG names. */
	Device (_SB.MBRD)
	{
		Name (_HID, EisaId ("PNP0C02"))
		Name (_UID, 0)
		Name (_CRS, ResourceTemplate () {
			Memory32Fixed (ReadWrite, 0x0F000000, 0x01000000)
			Memory32Fixed (ReadWrite, 0x00000000, 0x04000000)
			Memory32Fixed (ReadWrite, 0x04000000, 0x04000000)
			Memory32Fixed (ReadWrite, 0x09020000, 0x00001000)
			Memory32Fixed (ReadWrite, 0x09030000, 0x00000010)
		})
	}

	Device (_SB.COM0)
	{
		Name (_HID, "ARMH0011")
		Name (_UID, 0)
		Name (_CCA, 1)
		Name (_CRS, ResourceTemplate () {
			Memory32Fixed (ReadWrite, 0x09000000, 0x00001000)
			Interrupt (ResourceConsumer, Level, ActiveHigh, Exclusive) { 36 }
		})
	}

	Device (_SB.PWRB)
	{
		Name (_HID, EisaId ("PNP0C0C"))
	}

	/* Pressed, the button is an edge at a pin: devices/pl061.c. */
	Device (_SB.GPO0)
	{
		Name (_HID, "ARMH0061")
		Name (_UID, 0)
		Name (_CRS, ResourceTemplate () {
			Memory32Fixed (ReadWrite, 0x09010000, 0x00001000)
			Interrupt (ResourceConsumer, Level, ActiveHigh, Exclusive) { 37 }
		})
		Name (_AEI, ResourceTemplate () {
			GpioInt (Edge, ActiveHigh, Exclusive, PullUp, 0, "\\_SB.GPO0", 0,
				ResourceConsumer) { 3 }
		})
		Method (_E03)
		{
			Notify (\_SB.PWRB, 0x80)
		}
	}
}
