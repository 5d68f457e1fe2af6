# SPDX-License-Identifier: MIT
# lab: devices=many
# A bare-metal guest drives a device that Linux has no driver for: its registers, the pin, MSI, both in turns, and DMA
# both ways.
bind vfio-pci 0000:07:00.0
for check in registers pin message both dma; do
	vmm --vfio 07:00.0 --kernel /lab/stage/kvm/edu.elf --append $check
	expect_status 0
	expect_count 0 '^bad'
	expect_line '^done'
done
