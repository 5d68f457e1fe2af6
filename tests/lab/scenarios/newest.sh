# SPDX-License-Identifier: MIT
# lab: kernel=newest qemu=newest
# timeout: 120
# on demand: Debian sid's kernel and QEMU are large to fetch: make lab-newest
# Debian sid's kernel is on the lab host, under sid's QEMU. A guest with the same kernel reads through the NVMe, and
# so does the default guest, which takes the lab host's kernel and modules.
bind vfio-pci 0000:01:00.0
vmm --vfio 01:00.0 $(guest newest) --append "$(todo read)"
expect_status 0
expect_line "^lab: read $(image_md5 1)"
vmm --vfio 01:00.0 --append minivmm.poweroff
expect_status 0
expect_line 'driver nvme'
