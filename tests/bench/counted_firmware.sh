# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2086,SC2154
# lab: disk=grub
# timeout: 120
# What tests/bench/instructions.sh counts of firmware: from a VMM's start to the first line of the boot loader, which
# the firmware reads from an NVMe passed through. The words in /lab/stage/case are minivmm, pc, q35 or none, and
# which QEMU: stable, or newest, which `tests/lab/fetch-qemu.sh build/lab newest` fetches.
read -r peer release < /lab/stage/case
code=/usr/share/OVMF/OVMF_CODE_4M.fd

qemu=/usr/bin/qemu-system-x86_64
[ "$release" != newest ] || qemu="/lab/stage/newest-qemu.sh /lab/qemu-newest"

start_peer()
{
	case $peer in
	minivmm) $vmm_program --vfio 01:00.0 --memory 256M --firmware $code,vars=/tmp/vars.fd ;;
	*)
		$qemu -machine "$peer,accel=kvm" -cpu host -m 256M -nodefaults -no-user-config \
			-display none -serial stdio -device vfio-pci,host=01:00.0 \
			-drive "if=pflash,format=raw,unit=0,readonly=on,file=$code" \
			-drive if=pflash,format=raw,unit=1,file=/tmp/vars.fd
		;;
	esac
}

bind vfio-pci 0000:01:00.0
slow_ticks
cp /usr/share/OVMF/OVMF_VARS_4M.fd /tmp/vars.fd
mkfifo /tmp/console
expect_equal 'driver of the device' "$(driver_of 0000:01:00.0)" vfio-pci
if [ "$peer" != none ]; then
	start_peer < /dev/null > /tmp/console 2> $vmm_err &
	tee $vmm_out < /tmp/console | grep -q -m 1 'GRUB starts the installed system'
	killall -q -9 minivmm qemu-system-x86_64 ld-linux-x86-64.so.2
	wait
	expect_line 'GRUB starts the installed system'
fi
