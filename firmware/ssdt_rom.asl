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
	External (ROMA, IntObj) /* which slot and function: _ADR */
	External (ROMB, IntObj) /* where the bytes are */
	External (ROMS, IntObj) /* and how many */

	Device (\_SB.PCI0.GPU0)
	{
		Method (_ADR)
		{
			Return (ROMA)
		}

		/* Arg0: where to begin; Arg1: how many bytes, at most 4 KiB. */
		Method (_ROM, 2, Serialized)
		{
			Local0 = Arg0
			Local1 = Arg1
			If (Local0 > ROMS) {
				Local0 = ROMS
			}
			If (Local1 > 0x1000) {
				Local1 = 0x1000
			}
			If (Local1 > ROMS - Local0) {
				Local1 = ROMS - Local0
			}
			OperationRegion (PIEC, SystemMemory, ROMB + Local0, 0x1000)
			Field (PIEC, DWordAcc, NoLock, Preserve)
			{
				PAGE, 32768
			}
			Return (Mid (PAGE, 0, Local1))
		}
	}
}
