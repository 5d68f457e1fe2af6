# SPDX-License-Identifier: MIT
# timeout: 90
# A guest gets two network cards of one group behind a conventional bridge. They have I/O BARs, and BARs below a page.
vmm_limit=80
bind vfio-pci 0000:04:01.0
bind vfio-pci 0000:04:02.0
vmm --vfio 04:01.0 --vfio 04:02.0 --append minivmm.poweroff
expect_status 0
expect_count 2 '10ec:8139 .*driver 8139'
expect_count 2 'eth[01] .*network interface'
