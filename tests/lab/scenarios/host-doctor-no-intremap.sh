# SPDX-License-Identifier: MIT
# lab: intremap=off
# doctor finds beforehand what the kernel would answer with EPERM.
bind vfio-pci 0000:01:00.0
vmm doctor 01:00.0
expect_status 1
expect_line 'fail  remapping .*forge interrupts'
expect_line 'see the host above'
