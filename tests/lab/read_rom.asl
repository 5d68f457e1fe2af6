/* SPDX-License-Identifier: MIT */
/*
 * A driver in ACPI's own language for a guest of the lab: Linux loads it from the initrd. It asks the
 * GPU's node for its ROM, piece by piece until nothing more comes, as a GPU's driver does, and puts
 * what it got into memory that Linux was told to leave alone, where user space reads it. Twice: all of
 * it in pieces of 4 KiB, and the end of it in smaller ones that begin at odd addresses.
 */
DefinitionBlock ("", "SSDT", 2, "LAB", "READROM", 1)
{
	External (\_SB.PCI0.GPU0._ROM, MethodObj)

	Device (\_SB.LABR)
	{
		Name (_HID, "LAB0001")

		/* Arg0: where to; Arg1: a buffer of at most 4 KiB. */
		Method (PUT, 2, Serialized)
		{
			OperationRegion (TO, SystemMemory, Arg0, 0x1000)
			Field (TO, DWordAcc, NoLock, Preserve)
			{
				PAGE, 32768
			}
			PAGE = Arg1
		}

		/* Arg0: where to; Arg1: from which byte on; Arg2: how much at once. Returns how many came. */
		Method (READ, 3, Serialized)
		{
			Local0 = 0
			Local1 = \_SB.PCI0.GPU0._ROM (Arg1, Arg2)
			While (SizeOf (Local1) > 0) {
				PUT (Arg0 + Local0, Local1)
				Local0 += SizeOf (Local1)
				Local1 = \_SB.PCI0.GPU0._ROM (Arg1 + Local0, Arg2)
			}
			Return (Local0)
		}

		OperationRegion (SIZE, SystemMemory, 0x08000000, 8)
		Field (SIZE, DWordAcc, NoLock, Preserve)
		{
			SIZ1, 32,
			SIZ2, 32
		}

		Method (_INI)
		{
			SIZ1 = READ (0x08100000, 0, 0x1000)
			SIZ2 = READ (0x08200000, SIZ1 - 5001, 0x03FD)
		}
	}
}
