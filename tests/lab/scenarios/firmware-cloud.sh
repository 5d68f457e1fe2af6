# SPDX-License-Identifier: MIT
# lab: disk=systemd-boot
# timeout: 120
# on demand: needs cloudhv-efi-x86-64 of Debian sid, its file in build/lab/sid
# Firmware of cloud-hypervisor, started as a kernel: two starts with a reboot between.
[ -e /lab/sid/CLOUDHV.fd ] || skip "no CLOUDHV.fd of Debian sid in build/lab/sid"
bind vfio-pci 0000:01:00.0
slow_ticks
vmm_limit=110
vmm --vfio 01:00.0 --kernel /lab/sid/CLOUDHV.fd
expect_status 0
expect_line 'installed: start 1'
expect_line 'installed: start 2'
