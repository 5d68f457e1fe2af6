# SPDX-License-Identifier: MIT
# lab: kernel=iommufd-newest
# timeout: 120
# Guest RAM in huge pages is mapped by its file, which Linux 6.13 and later can: read across a reboot, with nothing left of the
# pool afterwards. Without huge pages RAM is no file.
vmm_limit=90
bind vfio-pci 0000:01:00.0
echo 160 > /proc/sys/vm/nr_hugepages
vmm --stats --vfio 01:00.0,iommufd=on --memory 256M,hugepages=2M $(guest 6.1-cloud) --append "$(todo reboot_twice,read,interrupts)"
expect_status 0
expect_line "^lab: read $(image_md5 1)"
expect_line '^lab: irq .*PCI-MSI.*nvme0q1'
expect_error 'IOMMU_IOAS_MAP_FILE'
expect_equal "maps by address" "$(grep -c 'IOMMU_IOAS_MAP ' $vmm_err)" 0
expect_equal "free huge pages" "$(awk '/^HugePages_Free/ { print $2 }' /proc/meminfo)" 160
vmm --stats --vfio 01:00.0,iommufd=on --memory 256M $(guest 6.1-cloud) --append "$(todo read)"
expect_status 0
expect_line "^lab: read $(image_md5 1)"
expect_error 'IOMMU_IOAS_MAP '
expect_equal "maps by file" "$(grep -c IOMMU_IOAS_MAP_FILE $vmm_err)" 0
