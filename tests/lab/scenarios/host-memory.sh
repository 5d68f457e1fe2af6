# SPDX-License-Identifier: MIT
# lab: memory=2G
# More RAM than the host has is refused by doctor and by the start, before a page of it is touched.
bind vfio-pci 0000:01:00.0
vmm doctor --memory 6G 01:00.0
expect_status 1
expect_line 'fail  memory .*needs 6 GiB'
expect_line 'fix: give the guest less RAM: --memory [0-9]*M at most'
vmm --vfio 01:00.0 --memory 6G $(guest 6.1-cloud) --append "$(todo pci)"
expect_refusal 1 'needs 6 GiB of memory at once'
vmm doctor --memory 256M 01:00.0
expect_status 0
