# SPDX-License-Identifier: MIT
# timeout: 120
# A device below a root port: the device tree has its buses, its messages carry the number that Linux
# gave its bus, and after a reboot all is there again.
bind vfio-pci 0000:01:00.0
vmm_limit=230
vmm --vfio 01:00.0,port=on --ports 2 $(guest 6.1) \
	--append "$(todo boots,read,pci,interrupts,reboots) lab.rounds=2"
expect_status 0
expect_line '^lab: boot 2'
expect_count 2 "^lab: read $(image_md5 1)"
expect_count 6 '^lab: pci 0000:00:0[1-3].0 0x1b36:0x000c pcieport'
expect_line '^lab: irq .* [1-9][0-9]* .*ITS-MSI.*nvme'
