# SPDX-License-Identifier: MIT
# timeout: 90
# Without --kernel: the lab host's kernel, its nvme module, and a report.
vmm_limit=80
bind vfio-pci 0000:01:00.0
vmm --vfio 01:00.0 --append minivmm.poweroff
expect_status 0
expect_line '1b36:0010'
expect_line 'nvme'
