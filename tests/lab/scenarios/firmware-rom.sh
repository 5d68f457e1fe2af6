# SPDX-License-Identifier: MIT
# lab: devices=many disk=systemd-boot
# timeout: 300
# on demand: three starts of the firmware, a minute and a half
# What the firmware finds in expansion ROMs. The network card's own ROM has a driver that makes the card something to
# start from. The display shows IDs that no driver within the firmware knows, so without its ROM it stays dark. The
# driver in its ROM says on COM1 when it is called. A file replaces a ROM, and rombar=0 hides it.
rom=/lab/display.rom
ids=x-pci-vendor-id=0x1234,x-pci-device-id=0x4d56
bind vfio-pci 0000:01:00.0
bind_many 05:00.0 08:00.0
slow_ticks
vmm_limit=110

expect_picture()
{
	colours=$(for row in $(seq 0 29); do pixels "$1" $((row * 16 + 8)); done | sort -u | wc -l)
	expect_equal "text on the screen" $((colours > 1)) 1
}

# start PICTURE CARD DISPLAY: starts once with these properties of the two devices, up to the end of Linux' report.
start()
{
	vmm_start --vfio 01:00.0 --vfio "05:00.0$2" --vfio "08:00.0,$ids$3" --memory 1G --no-reboot \
		--firmware /usr/share/OVMF/OVMF_CODE_4M.fd
	wait_line 'BdsDxe: starting Boot' 60
	screendump "$1"
	[ "$1" != rom-own ] || expect_picture "$1"
	wait_line 'installed: done' 60
	kill "$vmm_pid"
	vmm_wait
}

# judge PICTURE CARD DISPLAY: does that, and looks whether Linux found something to complain of.
judge()
{
	once "$1" start "$@"
	expect_count 0 '^installed: complains.*\(ACPI\|efi\|EFI\|pnp\|rtc\|DMI\)'
}

judge rom-own '' ",romfile=$rom"
expect_line '^installed: option UEFI PXEv4 (MAC:'
expect_count 1 '^display ROM: called'
expect_count 1 '^display ROM: drives the display'
expect_line '^installed: screen EFI'

judge rom-file ",romfile=$rom" ''
expect_count 0 '^installed: option .*PXE'
expect_count 1 '^display ROM: called'
expect_line '^display ROM: drives the display'
expect_line '^installed: screen EFI'

judge rom-none ',rombar=0' ",romfile=$rom,rombar=0"
expect_count 0 '^installed: option .*PXE'
expect_count 0 '^display ROM:'
expect_line '^installed: screen'
expect_count 0 '^installed: screen [A-Za-z]'
