# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2154
# lab: devices=many qemu=newest
# timeout: 1800
# on demand: make compare-lab, eight minutes with compare-igb
# The walk of guests/bare/walk.c over each kind of device, under minivmm and under the newest QEMU. It comes
# to its end here; compare-lab.sh compares what the guests saw. /lab/stage/case names some of them.
devices=${compared:-nvme=01:00.0 rtl8139=04:01.0 e1000e=05:00.0 hda=06:00.0 edu=07:00.0 display=08:00.0 xhci=09:00.0 ahci=0a:00.0 \
	ivshmem=0b:00.0 nvme-pf=0c:00.0 virtio-net=0d:00.0 pci-testdev=0e:00.0}

walk_minivmm()
{
	$vmm_program --kernel /lab/stage/kvm/walk.elf --append all --memory 64M --vfio "$1"
}

# There is no firmware, because it would use the device before the walk does.
walk_qemu()
{
	/lab/stage/newest-qemu.sh /lab/qemu-newest -machine q35 -bios qboot.rom -accel kvm -cpu host -m 256M -nodefaults \
		-display none -serial stdio -no-reboot -kernel /lab/stage/kvm/walk.elf -append all \
		-device "vfio-pci,host=$1,addr=01.0"
}

# walks NAME BDF: puts what each guest saw, and of which device, into /out/compare/NAME.
walks()
{
	mkdir -p "/out/compare/$1"
	/usr/bin/lspci -n -xxxx -s "$2" > "/out/compare/$1/device.txt"
	for who in minivmm qemu; do
		began=$(seconds)
		"walk_$who" "$2" > /tmp/view 2> /tmp/err < /dev/null
		status=$?
		cp /tmp/view "/out/compare/$1/$who.view"
		cp /tmp/err "/out/compare/$1/$who.err"
		echo "$1 under $who: status $status after $(($(seconds) - began)) s, $(tail -n 1 /tmp/err)"
		expect_equal "the walk over $1 under $who" "$(grep -m 1 '^done' /tmp/view | tr -d '\r')" 'done'
	done
}

wanted=$(cat /lab/stage/case)
any=''
# Of groups of two devices the walk gets one.
for other in 04:02.0 0e:00.1; do
	[ ! -e "/sys/bus/pci/devices/0000:$other" ] || bind vfio-pci "0000:$other"
done
for device in $devices; do
	case " ${wanted:-${device%%=*}} " in
	*" ${device%%=*} "*)
		any=yes
		bind vfio-pci "0000:${device#*=}"
		walks "${device%%=*}" "${device#*=}"
		;;
	esac
done
[ -n "$any${compared:-}" ] || skip "none of $devices is among those named: $wanted"
