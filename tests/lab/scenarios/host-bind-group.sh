# SPDX-License-Identifier: MIT
# Two network cards are in one group behind a conventional bridge. bind of one takes the other along, and says so. The
# bridge stays. Both cards come back.
bind 8139cp 0000:04:01.0
bind 8139cp 0000:04:02.0
vmm doctor 04:01.0
expect_status 1
expect_line 'fail  group .*0000:04:02.0.*8139cp.*conventional'
vmm bind 04:01.0
expect_status 0
expect_error 'info' '0000:04:02.0' 'is handed over too' '8139cp'
expect_equal "the driver of 04:01.0" "$(driver_of 0000:04:01.0)" vfio-pci
expect_equal "the driver of 04:02.0" "$(driver_of 0000:04:02.0)" vfio-pci
vmm doctor 04:01.0 04:02.0
expect_status 0
expect_line 'group .*goes to one guest together'
vmm list --json
expect_line '"bdf":"0000:04:01.0".*"group_members":.*"0000:04:01.0","0000:04:02.0".*"ready":true'
vmm restore 04:02.0
expect_equal "the driver of 04:01.0" "$(driver_of 0000:04:01.0)" vfio-pci
vmm restore
expect_status 0
expect_equal "the driver of 04:01.0" "$(driver_of 0000:04:01.0)" 8139cp
expect_equal "the driver of 04:02.0" "$(driver_of 0000:04:02.0)" 8139cp
