# SPDX-License-Identifier: MIT
# lab: devices=many
# timeout: 900
# on demand: takes minutes; many-devices has the short one
# A GiB is written to an NVMe disk and a GiB is read back, 32 MiB at a time, in blocks of 128 KiB. Each block has its
# checksum.
bind vfio-pci 0000:02:00.0
vmm_limit=890
vmm --vfio 02:00.0 $(guest_tools) --append "$(todo fio,irqs) lab.rounds=32 lab.block=128k"
expect_status 0
expect_line '^lab: fio nvme0n1 0'
expect_line '^lab: fio  *write: .*(1024MiB/'
expect_line '^lab: fio  *read: .*(1024MiB/'
