# SPDX-License-Identifier: MIT
# lab: kernel=6.12
# A newer kernel of the lab host, which names its interrupts differently.
bind nvme 0000:01:00.0
echo > /sys/bus/pci/devices/0000:01:00.0/driver_override
vmm bind 01:00.0
expect_status 0
vmm doctor 01:00.0
expect_status 0
expect_line '^  ok    remapping'
vmm restore
expect_equal "the driver after restore" "$(driver_of 0000:01:00.0)" nvme
expect_equal "the override" "$(cat /sys/bus/pci/devices/0000:01:00.0/driver_override)" '(null)'
