# SPDX-License-Identifier: MIT
# lab: iommu=off
# doctor tells that the firmware shows no IOMMU, and bind changes nothing.
bind nvme 0000:01:00.0
vmm doctor --json 01:00.0
expect_status 1
expect_line '"id":"iommu","status":"fail".*AMD-Vi'
expect_line '"bdf":"0000:01:00.0","ready":false'
vmm bind 01:00.0
expect_refusal 1 'no IOMMU'
expect_equal "the driver" "$(driver_of 0000:01:00.0)" nvme
