# SPDX-License-Identifier: MIT
# Two devices of two groups are in one container. Each disk is the right one.
bind vfio-pci 0000:01:00.0
bind vfio-pci 0000:02:00.0
vmm --vfio 01:00.0 --vfio 02:00.0 $(guest 6.1-cloud) --append "$(todo read,second_disk,read,pci)"
expect_status 0
expect_count 2 '^lab: pci .* 0x1b36:0x0010 nvme'
# Which controller the guest calls nvme0 is a race of its own.
expect_line "^lab: read $(image_md5 1)"
expect_line "^lab: read $(image_md5 2)"
