# SPDX-License-Identifier: MIT
# timeout: 120
# on demand: what it shows is Linux', and a unit test has the rest
# A device that no driver has taken yet has no IOMMU group here: doctor says so and does not call it bad, bind takes it, and
# the group is there.
bdf=0000:01:00.0
expect_equal "the group before" "$(readlink /sys/bus/pci/devices/$bdf/iommu_group)" ''
vmm doctor 01:00.0
expect_line 'warn  iommu .*in no IOMMU group yet'
vmm bind 01:00.0
expect_status 0
expect_equal "the driver" "$(driver_of 0000:01:00.0)" vfio-pci
vmm doctor 01:00.0
expect_line 'ok    iommu .*group'
expect_status 0
vmm restore 01:00.0
expect_status 0
