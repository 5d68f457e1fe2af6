#!/bin/sh
# SPDX-License-Identifier: MIT
# The init of the lab's installed system, twice: in its initramfs it finds the disk and goes on from there; on the
# disk it tells what the firmware has left, and does what is due at this start, see scenarios/firmware*.sh.
export PATH=/bin:/sbin

say()
{
	echo "installed: $*"
}

mount_all()
{
	mount -t proc proc /proc
	mount -t sysfs sys /sys
	mount -t devtmpfs dev /dev
}

if [ -e /modules.list ]; then
	mount_all
	while read -r module; do
		insmod "/modules/$module"
	done < /modules.list
	tries=0
	# A disk image, or the first or the second disk, in the order in which the guest has them.
	until mount -t ext4 /dev/vda2 /mnt 2>/dev/null || mount -t ext4 /dev/nvme0n1p2 /mnt 2>/dev/null ||
		mount -t ext4 /dev/nvme1n1p2 /mnt 2>/dev/null; do
		[ $tries -lt 100 ] || { say "no disk"; poweroff -f; }
		tries=$((tries + 1))
		usleep 50000
	done
	mount --move /proc /mnt/proc
	mount --move /sys /mnt/sys
	mount --move /dev /mnt/dev
	exec switch_root /mnt /init
fi

# A file for each variable; one that exists is write-protected, so each start makes a new one.
kept=/sys/firmware/efi/efivars/Start%s-5a3a5b1c-62cd-4d0e-9a2c-3f0f6d7d5e11

report()
{
	say "efi $(cat /sys/firmware/efi/fw_platform_size 2>/dev/null)"
	say "vendor $(cat /sys/class/dmi/id/sys_vendor 2>/dev/null)"
	say "rtc $(cat /sys/class/rtc/rtc0/name 2>/dev/null) $(($(date +%s) - $(cat /sys/class/rtc/rtc0/since_epoch))) s off"
	say "screen $(cat /sys/class/graphics/fb0/name 2>/dev/null)"
	say "memory $(sed -n 's/MemTotal: *//p' /proc/meminfo)"
	for device in /sys/bus/pci/devices/*; do
		say "device ${device##*/} $(cat "$device/class" "$device/resource" | tr '\n' ' ')"
	done
	dmesg -r | sed -n 's/^<[0-4]>\[ *[0-9.]*\]/installed: complains/p'
}

mount -t efivarfs efivarfs /sys/firmware/efi/efivars
boot=$(($(cat /boots) + 1))
echo $boot > /boots
sync
say "start $boot"
report
# shellcheck disable=SC2059
say "kept '$(tail -c +5 "$(printf $kept $((boot - 1)))" 2>/dev/null)'"
# shellcheck disable=SC2059
printf '\007\000\000\000%s' "start $boot" > "$(printf $kept $boot)"
say "done $boot"
case $boot in
1) mount -o remount,ro / && reboot -f ;;
3) sleep 1000 ;; # is killed
*) mount -o remount,ro / && poweroff -f ;;
esac
