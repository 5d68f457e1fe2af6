# SPDX-License-Identifier: MIT
# timeout: 90
# bind takes the NVMe from its driver, a guest reads it, restore brings the disk back.
bind nvme 0000:01:00.0
disk_of 0000:01:00.0 > /dev/null
twin=$(driver_of 0000:02:00.0)
override=$(cat /sys/bus/pci/devices/0000:01:00.0/driver_override)
vmm bind --dry-run 01:00.0
expect_status 0
expect_line '^echo 0000:01:00.0 > /sys/bus/pci/drivers/nvme/unbind$'
expect_equal "the driver after a dry run" "$(driver_of 0000:01:00.0)" nvme
vmm doctor 01:00.0
expect_status 1
expect_line 'fail  driver .*nvme'
expect_line 'fix: sudo .*minivmm bind 0000:01:00.0'
vmm bind 01:00.0
expect_status 0
expect_equal "the driver after bind" "$(driver_of 0000:01:00.0)" vfio-pci
expect_equal "its twin" "$(driver_of 0000:02:00.0)" "$twin"
vmm doctor 01:00.0
expect_status 0
expect_line '^0000:01:00.0: ready'
expect_line 'ok    remapping'
expect_line 'ok    msix .*vectors'
vmm list
expect_line '^0000:01:00.0.*vfio-pci.yes'
vmm --vfio 01:00.0 $(guest 6.1-cloud) --append "$(todo read)"
expect_status 0
expect_line "^lab: read $(image_md5 1)"
vmm restore
expect_status 0
expect_equal "the driver after restore" "$(driver_of 0000:01:00.0)" nvme
expect_equal "the override" "$(cat /sys/bus/pci/devices/0000:01:00.0/driver_override)" "$override"
expect_equal "records left" "$(ls /run/minivmm)" ''
expect_equal "the disk" "$(dd if="$(disk_of 0000:01:00.0)" bs=64k count=16 2>/dev/null | md5sum |
	cut -d ' ' -f 1)" "$(image_md5 1)"
