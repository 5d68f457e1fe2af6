# SPDX-License-Identifier: MIT
# lab: kernel=6.12
# A newer host: its VFIO, its IOMMU driver and its KVM.
bind vfio-pci 0000:01:00.0
vmm --vfio 01:00.0 $(guest 6.1-cloud) --append "$(todo read)"
expect_status 0
expect_line "^lab: read $(image_md5 1)"
