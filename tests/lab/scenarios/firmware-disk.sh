# SPDX-License-Identifier: MIT
# lab: disk=systemd-boot
# timeout: 300
# on demand: three starts of the firmware, two minutes
# UEFI firmware starts a system from a disk image: GRUB and Linux in a qcow2 file, twice, with a reboot between. Beside a
# passed-through disk that can be started, too, the one that comes first on the command line is it.
code=/usr/share/OVMF/OVMF_CODE_4M.fd
qemu-img convert -f raw -O qcow2 /lab/grub.img /tmp/grub.qcow2
slow_ticks
vmm_limit=140
vmm --disk /tmp/grub.qcow2 --firmware $code,vars=/tmp/vars.fd
expect_status 0
expect_line 'GRUB starts the installed system'
expect_line 'installed: start 1'
expect_line '^installed: efi 64'
expect_line 'installed: start 2'
expect_line "^installed: kept 'start 1'"
expect_count 0 '^installed: complains.*\(ACPI\|efi\|EFI\|pci\|PCI\|pnp\|rtc\|DMI\)'

bind vfio-pci 0000:01:00.0
for order in '--disk /tmp/grub.qcow2 --vfio 01:00.0' '--vfio 01:00.0 --disk /tmp/grub.qcow2'; do
	# shellcheck disable=SC2086 # words
	vmm_start $order --firmware $code
	wait_line 'BdsDxe: starting Boot' 60
	case $order in
	--disk*) wait_line 'GRUB starts the installed system' 60 ;;
	*) expect_line 'BdsDxe: starting Boot.*NVMe' ;;
	esac
	kill -9 "$vmm_pid"
	vmm_wait
done
