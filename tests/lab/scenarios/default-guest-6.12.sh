# SPDX-License-Identifier: MIT
# lab: kernel=6.12
# timeout: 90
# The same as default-guest. The modules of this host are compressed.
vmm_limit=80
bind vfio-pci 0000:01:00.0
vmm --vfio 01:00.0 --append minivmm.poweroff
expect_status 0
expect_line '1b36:0010'
expect_line 'nvme'
