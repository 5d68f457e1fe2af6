# SPDX-License-Identifier: MIT
# lab: disk=grub
# on demand: two minutes; what is below a port is shown by `port`, the firmware by `firmware`
# timeout: 240
# The firmware numbers the bus below a root port, opens the windows of the port, and starts a system from the disk
# behind it. It does the same after a reboot.
bind vfio-pci 0000:01:00.0
slow_ticks
vmm_limit=230
vmm --vfio 01:00.0,port=on --ports 1 --firmware /usr/share/OVMF/OVMF_CODE_4M.fd,vars=/tmp/vars.fd
expect_status 0
expect_line 'GRUB starts the installed system'
expect_line 'installed: start 1'
expect_line '^installed: efi 64'
expect_count 0 '^installed: complains.*\(ACPI\|efi\|EFI\|pci\|PCI\|pnp\|rtc\|DMI\)'
expect_line 'installed: start 2'
