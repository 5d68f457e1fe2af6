# SPDX-License-Identifier: MIT
# lab: disk=grub
# timeout: 120
# on demand: needs ovmf-generic of Debian sid, its files in build/lab/sid
# Newer firmware: two starts with a reboot between.
[ -e /lab/sid/OVMF_CODE_4M.fd ] || skip "no OVMF_CODE_4M.fd of Debian sid in build/lab/sid"
bind vfio-pci 0000:01:00.0
slow_ticks
vmm_limit=110
vmm --vfio 01:00.0 --firmware /lab/sid/OVMF_CODE_4M.fd,vars=/tmp/vars.fd
expect_status 0
expect_line 'installed: start 1'
expect_line "^installed: kept 'start 1'"
