# SPDX-License-Identifier: MIT
# lab: disk=grub
# timeout: 60
# Secure Boot, as far as Debian 12's firmware has it without system management mode. With Microsoft's keys among its
# variables it does not start GRUB, which nobody has signed here.
cp /usr/share/OVMF/OVMF_VARS_4M.ms.fd /tmp/vars.fd
bind vfio-pci 0000:01:00.0
slow_ticks
vmm_limit=50
vmm_start --vfio 01:00.0 --firmware /usr/share/OVMF/OVMF_CODE_4M.fd,vars=/tmp/vars.fd
wait_line 'Access Denied' 40
expect_count 0 'GRUB starts'
kill "$vmm_pid"
vmm_wait
