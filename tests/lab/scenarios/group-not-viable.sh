# SPDX-License-Identifier: MIT
# Two devices are behind a conventional bridge, and one of them is still with its driver. The message names that one.
/usr/sbin/modprobe 8139cp
bind 8139cp 0000:04:02.0
bind vfio-pci 0000:04:01.0
expect_equal "the group of 04:02.0" "$(group_of 0000:04:02.0)" "$(group_of 0000:04:01.0)"
vmm --vfio 04:01.0 $(guest 6.1-cloud) --append "$(todo pci)"
expect_status 1
expect_error '04:02.0' '8139cp'
expect_refusal 1 'viable'
