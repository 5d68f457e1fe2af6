/* SPDX-License-Identifier: MIT */
/*
 * The part of the machine that never changes, for ACPI: PCI host bridge, serial port, pvpanic,
 * power and its button. Compiled by iasl into an array that acpi.c copies.
 *
 * Addresses here repeat vmm/x86_64's arch_layout; tests/unit/acpi_test.c compares the two. What
 * differs from one machine to the next is in names that acpi.c writes into an SSDT.
 *
 * Read beside it: ACPI 6.4 chapters 6 and 19, PCI Firmware 3.3 section 4.5 (_OSC).
 */
DefinitionBlock ("", "DSDT", 2, "MINIVM", "MINIVMM", 1)
{
	External (IOB, IntObj)	/* I/O window: base, size */
	External (IOS, IntObj)
	External (M32B, IntObj) /* memory window below 4 GiB */
	External (M32S, IntObj)
	External (M64B, IntObj) /* memory window above 4 GiB; size 0 when there is none */
	External (M64S, IntObj)
	External (BUSN, IntObj) /* how many PCI buses there may be */
	External (PRTB, PkgObj) /* which pin is connected to which GSI */

	/* Sleep type 5: what power off writes into SLP_TYP of the sleep control register. */
	Name (_S5, Package () { 5, 0, 0, 0 })

	Device (_SB.PCI0)
	{
		Name (_HID, EisaId ("PNP0A08"))
		Name (_CID, EisaId ("PNP0A03"))
		Name (_SEG, 0)
		Name (_BBN, 0)
		Name (_UID, 0)

		Name (WLOW, ResourceTemplate () {
			WordBusNumber (ResourceProducer, MinFixed, MaxFixed, PosDecode,
				0, 0, 0, 0, 1, , , WBUS)
			IO (Decode16, 0x0CF8, 0x0CF8, 1, 8)
			WordIO (ResourceProducer, MinFixed, MaxFixed, PosDecode, EntireRange,
				0, 0, 0, 0, 0, , , WIO)
			DWordMemory (ResourceProducer, PosDecode, MinFixed, MaxFixed, NonCacheable,
				ReadWrite, 0, 0, 0, 0, 0, , , WM32)
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

			CreateWordField (WLOW, ^WIO._MIN, IMIN)
			CreateWordField (WLOW, ^WIO._MAX, IMAX)
			CreateWordField (WLOW, ^WIO._LEN, ILEN)
			IMIN = IOB
			IMAX = IOB + IOS - 1
			ILEN = IOS

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

	/* Linux uses the ECAM that MCFG names only if a motherboard resource reserves it. */
	Device (_SB.MBRD)
	{
		Name (_HID, EisaId ("PNP0C02"))
		Name (_UID, 0)
		Name (_CRS, ResourceTemplate () {
			Memory32Fixed (ReadWrite, 0xF0000000, 0x02000000)
			IO (Decode16, 0x0600, 0x0600, 1, 4)
		})
	}

	/* Pressed, the button interrupts; devices/ged.c says which event it was, once. */
	Device (_SB.PWRB)
	{
		Name (_HID, EisaId ("PNP0C0C"))
	}

	Device (_SB.GED)
	{
		Name (_HID, "ACPI0013")
		Name (_UID, 0)
		Name (_CRS, ResourceTemplate () {
			Interrupt (ResourceConsumer, Level, ActiveHigh, Exclusive) { 9 }
		})
		OperationRegion (EREG, SystemIO, 0x0603, 1)
		Field (EREG, ByteAcc, NoLock, WriteAsZeros)
		{
			EVNT, 8
		}

		/* From now on somebody listens. */
		Method (_INI)
		{
			EVNT = 1
		}
		Method (_EVT, 1, Serialized)
		{
			If (EVNT & 1) {
				Notify (\_SB.PWRB, 0x80)
			}
		}
	}

	Device (_SB.COM1)
	{
		Name (_HID, EisaId ("PNP0501"))
		Name (_UID, 0)
		Name (_CRS, ResourceTemplate () {
			IO (Decode16, 0x03F8, 0x03F8, 1, 8)
			Interrupt (ResourceConsumer, Edge, ActiveHigh, Exclusive) { 4 }
		})
	}

	Device (_SB.PVPC)
	{
		Name (_HID, "QEMU0001")
		Name (_STA, 0x0F)
		Name (_CRS, ResourceTemplate () {
			IO (Decode16, 0x0505, 0x0505, 1, 1)
		})
	}
}
