# SPDX-License-Identifier: MIT
# timeout: 120
# One card interrupts by its pin, acknowledged by resample on an SPI, another by messages. Each fetches a MiB.
# The I/O BAR of the first is read through the window that stands for ports.
bind vfio-pci 0000:03:00.0
bind vfio-pci 0000:04:00.0
network_start 05:00.0 virtio-pci
vmm_limit=220
vmm --vfio 03:00.0 --vfio 04:00.0 $(guest 6.1) --append "$(todo net_up,fetch,irqs,io_bar)"
expect_status 0
for card in '8139cp 56' 'e1000e 57'; do
	expect_line "^lab: fetch $card $(file_md5 /tmp/mib)"
done
expect_line '^lab: irq .* [1-9][0-9][0-9]* .*GICv3.*Level.*eth'
expect_line '^lab: irq .* [1-9][0-9]* .*ITS-MSI.*eth'
expect_line '^lab: io_bar 525400123456'
