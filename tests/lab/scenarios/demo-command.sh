# SPDX-License-Identifier: MIT
# timeout: 120
# What `make demo-command` shows: a tool of this machine finds the passed-through disk.
vmm_limit=80
bind vfio-pci 0000:01:00.0
vmm --vfio 01:00.0 -- nvme list
expect_status 0
expect_line '/dev/nvme0n1'
