# SPDX-License-Identifier: MIT
# lab: devices=many disk=systemd-boot
# timeout: 120
# The firmware shows itself on a passed-through display and on COM1 at once. There are a network card's option ROM and
# systemd-boot, and the order of starting is that of the command line. Linux takes the screen over.
bind vfio-pci 0000:01:00.0
bind_many 08:00.0 05:00.0
slow_ticks
vmm_limit=110
vmm_start --vfio 01:00.0 $vfio_args --memory 1G --firmware /usr/share/OVMF/OVMF_CODE_4M.fd
wait_line 'BdsDxe: starting Boot' 60
screendump firmware
wait_line 'installed: start 1' 60
wait_line 'installed: done 1' 20
expect_line 'BdsDxe: starting Boot.*NVMe'
expect_line '^installed: screen .*efifb\|^installed: screen EFI'
expect_count 0 '^installed: complains.*\(ACPI\|efi\|EFI\|pnp\|rtc\|DMI\)'
kill "$vmm_pid"
vmm_wait
