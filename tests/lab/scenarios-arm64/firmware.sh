# SPDX-License-Identifier: MIT
# lab: disk=systemd-boot
# timeout: 900
# on demand: needs AAVMF and systemd-boot for arm64: make lab-host ARCH=aarch64
# A system starts from its own passed-through disk: firmware, systemd-boot, Linux; four starts with a reboot, a new
# minivmm, a kill -9 between them. What Linux wrote into the firmware's variables is there at the next start.
code=/usr/share/AAVMF/AAVMF_CODE.fd
vars=/tmp/vars.fd
bind vfio-pci 0000:01:00.0
vmm_limit=300

vmm --vfio 01:00.0 --memory 1G --firmware $code,vars=$vars --dump-dtb /tmp/guest.dtb
expect_status 0
expect_line 'installed: start 1'
expect_line '^installed: efi 64'
expect_line '^installed: described by .*APIC.*GTDT.*IORT.*SPCR'
expect_line '^installed: vendor minivmm'
expect_line "^installed: kept ''"
expect_count 0 '^installed: complains.*\(ACPI\|efi\|EFI\|pci\|PCI\|pnp\|rtc\|DMI\)'
expect_line 'installed: start 2'
expect_line "^installed: kept 'start 1'"

vmm_start --vfio 01:00.0 --memory 1G --firmware $code,vars=$vars
wait_line "^installed: done 3" 300
expect_line "^installed: kept 'start 2'"
# Linux listens to the button, which is a pin's event in ACPI; nobody answers in this system.
kill "$vmm_pid"
wait_error 'asked to power off' 20
kill -9 "$vmm_pid"
vmm_wait
expect_status 137
vmm --vfio 01:00.0 --memory 1G --firmware $code,vars=$vars
expect_status 0
expect_line "^installed: kept 'start 3'"
