# SPDX-License-Identifier: MIT
# timeout: 120
# on demand: judges the emulator, not minivmm: LAB_MACHINE="pulse=off" and an emulator that loses interrupts hang it
# A guest prints each initcall, which is thousands of exits. Under QEMU 7.2 without the pulse this hangs.
bind vfio-pci 0000:01:00.0
for round in 1 2 3; do
	vmm --vfio 01:00.0 $(guest 6.1-cloud) --append "$(todo read) initcall_debug ignore_loglevel"
	expect_status 0
	expect_line 'initcall .* returned 0'
	expect_line "^lab: read $(image_md5 1)"
done
