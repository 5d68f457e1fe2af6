# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2046,SC2086,SC2154
# timeout: 180
# What tests/bench/instructions.sh counts: one boot of the lab host for one line of words in
# /lab/stage/case, `VMM MIB GUEST [READS]`. VMM is minivmm, q35, microvm, none or, for a disk, newest: q35 of the
# QEMU in build/lab/qemu-newest (tests/lab/fetch-qemu.sh); GUEST is `ends`, which
# stops at its first instructions, or `kernel`, a stock one that reads as many blocks of 4 KiB, or `disk`,
# the same from a disk image that qemu-storage-daemon serves to either VMM.
read -r peer mib what reads < /lab/stage/case

qemu_common="-no-user-config -nodefaults -display none -cpu host -m ${mib}M -smp 1 -serial stdio -no-reboot"

run_peer()
{
	case $peer in
	none) ;;
	minivmm) $vmm_program --memory "${mib}M" --no-reboot --vfio 01:00.0 "$@" ;;
	q35 | microvm)
		machine=q35
		[ "$peer" = q35 ] || machine=microvm,pcie=on,rtc=off,isa-serial=on,auto-kernel-cmdline=off
		/usr/bin/qemu-system-x86_64 -machine $machine,accel=kvm $qemu_common \
			-device vfio-pci,host=01:00.0 $(echo "$1 $2" | sed 's/--/-/g') "$3" "$4" \
			${5:+$(echo "$5 $6" | sed 's/--/-/g')}
		;;
	esac
}

# QEMU does not start the server itself.
serve_disk()
{
	qemu-storage-daemon --blockdev driver=file,node-name=disk,filename=/tmp/disk.raw \
		--export type=vhost-user-blk,id=disk,node-name=disk,writable=on,addr.type=unix,addr.path=/tmp/blk &
	server=$!
	until [ -S /tmp/blk ]; do usleep 10000; done
}

run_disk()
{
	cp /lab/nvme1.img /tmp/disk.raw
	if [ "$peer" = minivmm ]; then
		$vmm_program --memory "${mib}M" --no-reboot --disk /tmp/disk.raw "$@"
	else
		serve_disk
		$qemu -machine q35,accel=kvm,memory-backend=ram $qemu_common \
			-object "memory-backend-memfd,id=ram,size=${mib}M,share=on" \
			-chardev socket,id=disk,path=/tmp/blk -device vhost-user-blk-pci,chardev=disk \
			$(echo "$1 $2" | sed 's/--/-/g') "$3" "$4" $(echo "$5 $6" | sed 's/--/-/g')
		kill $server
	fi
}

qemu=/usr/bin/qemu-system-x86_64
[ "$peer" != newest ] || qemu="/lab/stage/newest-qemu.sh /lab/qemu-newest"
bind vfio-pci 0000:01:00.0
expect_equal 'driver of the device' \
	"$(basename "$(readlink /sys/bus/pci/devices/0000:01:00.0/driver)")" vfio-pci
case $what in
ends) run_peer --kernel /lab/stage/kvm/endings.elf -append triple_fault ;;
kernel) run_peer --kernel /lab/root-6.1-cloud/boot/vmlinuz-* -append "$(todo reads) lab.reads=$reads" \
	--initrd /lab/guest-6.1-cloud.cpio ;;
disk) run_disk --kernel /lab/root-6.1-cloud/boot/vmlinuz-* -append "$(todo reads) lab.disk=vda lab.reads=$reads" \
	--initrd /lab/guest-6.1-cloud.cpio ;;
esac < /dev/null > $vmm_out 2> $vmm_err
[ "$what" = ends ] || [ "$what" = none ] || [ "$peer" = none ] || expect_line "^lab: reads $reads"
