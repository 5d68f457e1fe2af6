# SPDX-License-Identifier: MIT
# lab: intremap=off
# VFIO refuses without interrupt remapping. It answers EPERM, which by itself says nothing. minivmm explains it, and
# leaves the unsafe module option alone.
option=/sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts
bind vfio-pci 0000:01:00.0
vmm --vfio 01:00.0 $(guest 6.1-cloud) --append "$(todo read)"
expect_refusal 1 'interrupt remapping'
expect_equal "allow_unsafe_interrupts" "$(cat $option)" N
