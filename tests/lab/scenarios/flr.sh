# SPDX-License-Identifier: MIT
# The guest resets its device while its driver has it, and then once more. The disk works after each reset, with the
# interrupts that it had.
bind vfio-pci 0000:01:00.0
vmm --vfio 01:00.0 $(guest 6.1-cloud) --append "$(todo read,flr,read,flr,read,interrupts)"
expect_status 0
expect_count 2 '^lab: flr 0000:00:01.0'
expect_count 3 "^lab: read $(image_md5 1)"
expect_line '^lab: irq .*PCI-MSI.*nvme0q1'
