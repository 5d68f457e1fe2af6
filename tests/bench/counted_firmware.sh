# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2034,SC2046,SC2086,SC2154
# lab: disk=grub
# timeout: 240
# What firmware costs: from a VMM's start to the first line of the boot loader, which the firmware reads from an NVMe
# passed through. `vmm=` in /lab/stage/case is minivmm, q35 or pc, each in a boot of its own: the emulator may die of
# firmware.
# shellcheck source=tests/bench/counted_peers.sh
. /lab/stage/counted_peers.sh
vmm=$(tr ' ' '\n' < /lab/stage/case | sed -n 's/^vmm=//p')
code=/usr/share/OVMF/OVMF_CODE_4M.fd

start_firmware()
{
	case $vmm in
	minivmm) $vmm_program --vfio 01:00.0 --memory 256M --firmware $code,vars=/tmp/vars.fd ;;
	*)
		$qemu -machine "$vmm,accel=kvm" -cpu host -m 256M -nodefaults -no-user-config \
			-display none -serial stdio -device vfio-pci,host=01:00.0 \
			-drive "if=pflash,format=raw,unit=0,readonly=on,file=$code" \
			-drive if=pflash,format=raw,unit=1,file=/tmp/vars.fd
		;;
	esac
}

to_loader()
{
	start_firmware > /tmp/console 2> $vmm_err &
	tee $vmm_out < /tmp/console | grep -q -m 1 'GRUB starts the installed system'
	killall -q -9 minivmm qemu-system-x86_64 ld-linux-x86-64.so.2
	wait
}

bind vfio-pci 0000:01:00.0
slow_ticks
cp /usr/share/OVMF/OVMF_VARS_4M.fd /tmp/vars.fd
mkfifo /tmp/console
expect_equal 'driver of the device' "$(driver_of 0000:01:00.0)" vfio-pci
measured nothing true
measured "$vmm firmware" to_loader
expect_line 'GRUB starts the installed system'
