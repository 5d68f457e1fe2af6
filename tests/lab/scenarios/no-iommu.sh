# SPDX-License-Identifier: MIT
# lab: iommu=off
# There is nothing to isolate the device with.
dir=/sys/bus/pci/devices/0000:01:00.0
echo vfio-pci > $dir/driver_override
echo 0000:01:00.0 > /sys/bus/pci/drivers_probe 2>/dev/null || true
vmm --vfio 01:00.0 $(guest 6.1-cloud) --append "$(todo read)"
expect_refusal 1 'iommu'
