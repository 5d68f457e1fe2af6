# SPDX-License-Identifier: MIT
# lab: kernel=iommufd
# timeout: 120
# A device is opened by its own file and /dev/iommu. It is read, and it interrupts, across two reboots of the guest.
# Then the group has no file, and the same happens without being asked for.
vmm_limit=90
bind vfio-pci 0000:01:00.0
vmm --stats --vfio 01:00.0,iommufd=on $(guest 6.1-cloud) --append "$(todo reboot_twice,read,interrupts)"
expect_status 0
expect_line '^lab: boot 3'
expect_line "^lab: read $(image_md5 1)"
expect_line '^lab: irq .*PCI-MSI.*nvme0q1'
expect_error 'IOMMU_IOAS_MAP'
expect_error 'VFIO_DEVICE_BIND_IOMMUFD'
expect_equal "ioctls of groups" "$(grep -c VFIO_GROUP $vmm_err)" 0
rm "/dev/vfio/$(group_of 0000:01:00.0)"
vmm doctor 01:00.0
expect_status 0
expect_line 'ok .*node .*/dev/iommu can be opened'
expect_line 'ok .*node .*/dev/vfio/devices/vfio0 can be opened'
vmm --stats --vfio 01:00.0 $(guest 6.1-cloud) --append "$(todo read)"
expect_status 0
expect_line "^lab: read $(image_md5 1)"
expect_error 'IOMMU_IOAS_MAP'
