# SPDX-License-Identifier: MIT
# The stock driver of a guest reads a MiB by DMA, its interrupts come through the ITS. The device tree that
# the guest got is in a file.
bind vfio-pci 0000:01:00.0
vmm --vfio 01:00.0 $(guest 6.1) --append "$(todo info,read,interrupts)" --dump-dtb /tmp/guest.dtb
expect_status 0
expect_line '^lab: cpus 1'
expect_line "^lab: read $(image_md5 1)"
expect_line '^lab: irq .* [1-9][0-9]* .*ITS-MSI.*nvme'
expect_equal "the device tree's first word" "$(od -An -tx1 -N4 /tmp/guest.dtb | tr -d ' ')" d00dfeed
