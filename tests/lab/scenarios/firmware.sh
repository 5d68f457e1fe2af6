# SPDX-License-Identifier: MIT
# lab: disk=grub
# timeout: 240
# A system starts from its own disk by firmware, GRUB and Linux, four times. In between there are a reboot, a new
# minivmm, and a kill -9. What Linux wrote into the firmware's variables is there at the next start.
code=/usr/share/OVMF/OVMF_CODE_4M.fd
vars=/tmp/vars.fd
bind vfio-pci 0000:01:00.0
slow_ticks
vmm_limit=230

vmm --vfio 01:00.0 --firmware $code,vars=$vars
expect_status 0
expect_line 'GRUB starts the installed system'
expect_line 'installed: start 1'
expect_line '^installed: efi 64'
expect_line '^installed: vendor minivmm'
expect_line "^installed: kept ''"
expect_count 0 '^installed: complains.*\(ACPI\|efi\|EFI\|pci\|PCI\|pnp\|rtc\|DMI\)'
expect_line 'installed: start 2'
expect_line "^installed: kept 'start 1'"

vmm_start --vfio 01:00.0 --firmware $code,vars=$vars
wait_line '^installed: done 3' 100
expect_line "^installed: kept 'start 2'"
kill -9 "$vmm_pid"
vmm_wait
expect_status 137
vmm --vfio 01:00.0 --firmware $code,vars=$vars
expect_status 0
expect_line "^installed: kept 'start 3'"
