# SPDX-License-Identifier: MIT
# timeout: 120
# Two cards that share a group interrupt by their pins, acknowledged by resample on SPIs; a third by messages.
# Each fetches a MiB. The I/O BAR of the first ones is read through the window that stands for ports.
network_bdf=0000:06:00.0
for bdf in 04:01.0 04:02.0 05:00.0; do
	bind vfio-pci "0000:$bdf"
done
network_start
vmm_limit=110
vmm --vfio 04:01.0 --vfio 04:02.0 --vfio 05:00.0 $(guest 6.1) --append "$(todo net_up,fetch,irqs,io_bar)"
expect_status 0
for card in '8139cp 56' '8139cp 57' 'e1000e 58'; do
	expect_line "^lab: fetch $card $(file_md5 /tmp/mib)"
done
expect_count 2 '^lab: irq .* [1-9][0-9][0-9]* .*GICv3.*Level.*eth'
expect_line '^lab: irq .* [1-9][0-9]* .*ITS-MSI.*eth'
expect_line '^lab: io_bar 525400123456'
expect_line '^lab: io_bar 525400123457'
