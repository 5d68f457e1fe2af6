# SPDX-License-Identifier: MIT
# lab: disk=systemd-boot
# timeout: 240
# on demand: two starts of the firmware, a minute and a half
# The firmware tries two disks in the order of the command line. Only one of them can be started. The guest has two
# CPUs, and RAM above what the firmware itself uses.
bind vfio-pci 0000:01:00.0
bind vfio-pci 0000:02:00.0
slow_ticks
vmm_limit=110
firmware='--firmware /usr/share/OVMF/OVMF_CODE_4M.fd --memory 3G --cpus 2 --no-reboot'

vmm --vfio 02:00.0 --vfio 01:00.0 $firmware
expect_line 'BdsDxe: failed to load Boot.*lab2'
expect_line 'BdsDxe: starting Boot.*lab1'
expect_line 'installed: start 1'
expect_count 0 '^installed: complains.*\(ACPI\|efi\|EFI\|pnp\|rtc\|DMI\)'

vmm --vfio 01:00.0 --vfio 02:00.0 $firmware
expect_line 'BdsDxe: starting Boot.*lab1'
expect_count 0 'BdsDxe: .*lab2'
expect_line 'installed: start'
