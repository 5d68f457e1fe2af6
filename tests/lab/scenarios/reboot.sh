# SPDX-License-Identifier: MIT
# timeout: 120
# The device works after each of two reboots, because it is reset on the way.
bind vfio-pci 0000:01:00.0
vmm_limit=110
vmm --vfio 01:00.0 $(guest 6.1-cloud) --append "$(todo read,reboot_twice)"
expect_status 0
expect_line '^lab: boot 1'
expect_line '^lab: boot 2'
expect_line '^lab: boot 3'
expect_count 3 "^lab: read $(image_md5 1)"
