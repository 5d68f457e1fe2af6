# SPDX-License-Identifier: MIT
# timeout: 90
# The stock driver of a guest reads a MiB by DMA, its interrupts come through the ITS; after a reboot again.
# The device tree that the guest got is in a file.
bind vfio-pci 0000:01:00.0
vmm_limit=170
vmm --vfio 01:00.0 $(guest 6.1) --dump-dtb /tmp/guest.dtb \
	--append "$(todo boots,info,read,interrupts,reboots) lab.rounds=2"
expect_status 0
expect_line '^lab: boot 1'
expect_line '^lab: boot 2'
expect_count 2 '^lab: cpus 1'
expect_count 2 "^lab: read $(image_md5 1)"
expect_line '^lab: irq .* [1-9][0-9]* .*ITS-MSI.*nvme'
expect_equal "the device tree's first word" "$(od -An -tx1 -N4 /tmp/guest.dtb | tr -d ' ')" d00dfeed
