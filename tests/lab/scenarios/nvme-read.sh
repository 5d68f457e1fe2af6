# SPDX-License-Identifier: MIT
# The stock driver of a guest reads a MiB by DMA: the bytes are the image's.
bind vfio-pci 0000:01:00.0
vmm --vfio 01:00.0 $(guest 6.1-cloud) --append "$(todo read,pci,interrupts)"
expect_status 0
expect_line "^lab: read $(image_md5 1)"
