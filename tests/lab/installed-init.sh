#!/bin/sh
# SPDX-License-Identifier: MIT
# The init of the lab's installed system, which runs twice. In its initramfs it finds the disk and goes on from there.
# On the disk it tells what the firmware has left, and does what is due at this start, see scenarios/firmware*.sh.
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

# There is a file for each variable. A file that exists is write-protected, so each start makes a new one.
kept=/sys/firmware/efi/efivars/Start%s-5a3a5b1c-62cd-4d0e-9a2c-3f0f6d7d5e11

# Prints what the firmware found to start from: the names of its boot options.
boot_options()
{
	for option in /sys/firmware/efi/efivars/Boot[0-9A-F]*-8be4df61-93ca-11d2-aa0d-00e098032b8c; do
		say "option $(tail -c +11 "$option" | tr -d '\000' | sed 's/[^ -~].*//;q')"
	done
}

# two_clocks: prints milliseconds by the clock source and by the TSC, both taken at the same moment.
two_clocks()
{
	sed -n 's/^\(ktime\|sched_clk\) *: \([0-9]*\)\..*/\2/p' /sys/kernel/debug/sched/debug | head -n 2 | xargs
}

# What takes longer is done with a second disk beside the first. It prints all of the kernel's messages, packed, and
# how far the PM timer and the TSC go in six seconds, in which the timer begins anew once.
report_more()
{
	say "messages $(dmesg -r | gzip | base64 -w 0)"
	mount -t debugfs debug /sys/kernel/debug
	echo acpi_pm > /sys/devices/system/clocksource/clocksource0/current_clocksource
	say "clock $(cat /sys/devices/system/clocksource/clocksource0/current_clocksource)"
	sleep 1
	# shellcheck disable=SC2046
	set -- $(two_clocks) $(sleep 6) $(two_clocks)
	say "clocks $(($3 - $1)) $(($4 - $2))"
}

report()
{
	say "efi $(cat /sys/firmware/efi/fw_platform_size 2>/dev/null)"
	say "described by" /sys/firmware/acpi/tables/[A-Z]*
	say "vendor $(cat /sys/class/dmi/id/sys_vendor 2>/dev/null)"
	say "rtc $(cat /sys/class/rtc/rtc0/name 2>/dev/null) $(($(date +%s) - $(cat /sys/class/rtc/rtc0/since_epoch))) s off"
	say "screen $(cat /sys/class/graphics/fb0/name 2>/dev/null)"
	boot_options
	say "memory $(sed -n 's/MemTotal: *//p' /proc/meminfo)"
	for device in /sys/bus/pci/devices/*; do
		say "device ${device##*/} $(cat "$device/class" "$device/resource" | tr '\n' ' ')"
	done
	[ ! -e /sys/class/nvme/nvme1 ] || report_more
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
