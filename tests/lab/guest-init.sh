#!/bin/sh
# SPDX-License-Identifier: MIT
# First process of a guest. Does what the kernel command line asks for, one `lab: ...` line for
# each result, then powers off:
#   lab.do=WORD,WORD...   the words are the functions do_WORD below
#   lab.token=TEXT        tells this scenario's traces on the disk from those of earlier ones
#   lab.disk=NAME         the disk to use (nvme0n1)
#   lab.reads=N           how many blocks `reads` reads
#   lab.mib=N             how much `fio` writes and reads
#   lab.block=SIZE        in blocks of which size (16k)
#   lab.modules=none      leaves the devices without drivers
#   lab.rounds=N          how often words with rounds do what they do
export PATH=/tools:/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev

load_modules()
{
	while read -r module; do
		insmod "/modules/$module"
	done < /modules.list
}

disk=nvme0n1 todo='' token=none reads=1 rounds=1 mib=32 block=16k modules=all
# shellcheck disable=SC2013
for word in $(cat /proc/cmdline); do
	case $word in
	lab.do=*) todo=$(echo "${word#lab.do=}" | tr , ' ') ;;
	lab.token=*) token=${word#lab.token=} ;;
	lab.disk=*) disk=${word#lab.disk=} ;;
	lab.reads=*) reads=${word#lab.reads=} ;;
	lab.mib=*) mib=${word#lab.mib=} ;;
	lab.block=*) block=${word#lab.block=} ;;
	lab.modules=*) modules=${word#lab.modules=} ;;
	lab.rounds=*) rounds=${word#lab.rounds=} ;;
	esac
done

[ "$modules" = none ] || load_modules

# Where on the disk the words below work, in MiB. The pattern before it is never written.
write_at=48
counter_at=56

say()
{
	echo "lab: $*"
}

# NVMe controllers are probed in the background.
wait_disk()
{
	tries=0
	while [ ! -b "/dev/$disk" ] && [ $tries -lt 200 ]; do
		usleep 50000
		tries=$((tries + 1))
	done
	[ -b "/dev/$disk" ] || say "no disk $disk"
}

md5()
{
	md5sum | cut -d ' ' -f 1
}

do_read()
{
	wait_disk
	say "read $(dd if="/dev/$disk" bs=64k count=16 iflag=direct 2>/dev/null | md5)"
}

# The words behind this one work on another disk.
do_second_disk()
{
	disk=nvme1n1
}

# Reads lab.reads blocks of 4 KiB, one after the other.
do_reads()
{
	wait_disk
	left=$reads
	# Begins again where the disk has fewer blocks.
	while [ "$left" -gt 0 ]; do
		count=$((left < 10000 ? left : 10000))
		dd if="/dev/$disk" of=/dev/null bs=4k count=$count iflag=direct 2>/dev/null
		left=$((left - count))
	done
	say "reads $reads"
}

# For `make bench`: tells the plugin that counts instructions.
do_mark()
{
	/bench_mark guest
}

# The plugin counts by address from here on, and writes down what it has.
do_profile()
{
	/bench_mark profile
}

do_profiled()
{
	/bench_mark write
}

# For a profile: where the kernel's functions are, on the disk. Lines of spaces fill it up.
do_symbols()
{
	wait_disk
	{ grep ' [tTwW] ' /proc/kallsyms; yes ' '; } | dd of="/dev/$disk" bs=1M seek=$write_at count=8 iflag=fullblock oflag=direct 2>/dev/null
	say "symbols $?"
}

# With maxcpus= the others wait: starts the last of those that the tables list.
do_last_cpu()
{
	last=$(cat /sys/devices/system/cpu/possible)
	last=${last##*-}
	echo 1 > "/sys/devices/system/cpu/cpu$last/online"
	say "last cpu $last $(cat "/sys/devices/system/cpu/cpu$last/online")"
}

# The words behind this one are done once.
do_one()
{
	reads=1
}

do_write()
{
	wait_disk
	yes "$token" | head -c 65536 > /tmp/block
	dd if=/tmp/block of="/dev/$disk" bs=64k seek=$((write_at * 16)) oflag=direct 2>/dev/null
	say "write $? $(md5 < /tmp/block)"
}

# Reads without end. The first line says that transfers are on their way.
do_busy()
{
	wait_disk
	n=0
	while dd if="/dev/$disk" of=/dev/null bs=256k count=64 iflag=direct 2>/dev/null; do
		n=$((n + 1))
		[ $n -ne 2 ] || say busy
	done
	say "busy ended"
}

# Counts starts in a sector of the disk, under this scenario's token.
do_boots()
{
	wait_disk
	boots=$(dd if="/dev/$disk" bs=512 skip=$((counter_at * 2048)) count=1 2>/dev/null |
		sed -n "1s/^boots $token \([0-9]*\)$/\1/p")
	boots=$((${boots:-0} + 1))
	{ echo "boots $token $boots"; head -c 512 /dev/zero; } | head -c 512 > /tmp/sector
	dd if=/tmp/sector of="/dev/$disk" bs=512 seek=$((counter_at * 2048)) conv=fsync 2>/dev/null
	say "boot $boots"
}

do_reboot()
{
	say reboot
	reboot -f
	sleep 60
}

# The third start powers off.
do_reboot_twice()
{
	do_boots
	[ "$boots" -ge 3 ] || do_reboot
}

# The start number lab.rounds goes on to the words behind this one.
do_reboots()
{
	[ "$boots" -ge "$rounds" ] || do_reboot
}

# Prints what the driver of a laptop's GPU looks for: its ROM, as read_rom.asl got it from _ROM in pieces of 4 KiB,
# with its end in smaller ones; whose node that is; a battery; and that there is no hypervisor.
do_laptop()
{
	for pass in 1 2; do
		size=$(($(dd if=/dev/mem bs=4 skip=$((0x2000000 + pass - 1)) count=1 2>/dev/null | od -An -td4)))
		[ $size = 0 ] || say "acpi pieces $pass $size $(dd if=/dev/mem bs=4k skip=$((0x8000 + 0x100 * pass)) \
			count=$((size / 4096 + 1)) 2>/dev/null | head -c $size | md5)"
	done
	say "node $(cat /sys/bus/pci/devices/0000:00:01.0/firmware_node/path)"
	for supply in /sys/class/power_supply/*; do
		say "supply $(cat "$supply/type") $(cat "$supply/online" "$supply/capacity" 2>/dev/null)"
	done
	say "hypervisor $(grep -c hypervisor /proc/cpuinfo) $(grep -c kvm \
		/sys/devices/system/clocksource/clocksource0/available_clocksource)"
}

do_info()
{
	say "kernel $(uname -r)"
	say "cpus $(grep -c ^processor /proc/cpuinfo)"
	say "memory $(awk '$1 == "MemTotal:" { print int($2 / 1024) }' /proc/meminfo)"
}

do_pci()
{
	for dir in /sys/bus/pci/devices/*; do
		driver=$(readlink "$dir/driver") || driver=none
		say "pci $(basename "$dir") $(cat "$dir/vendor"):$(cat "$dir/device") ${driver##*/}"
	done
}

# Prints the expansion ROM of each device that has one.
do_rom()
{
	for dir in /sys/bus/pci/devices/*; do
		[ -e "$dir/rom" ] || continue
		echo 1 > "$dir/enable"
		echo 1 > "$dir/rom"
		say "rom $(basename "$dir") $(dd if="$dir/rom" bs=64k 2>/dev/null | md5)"
	done
}

do_interrupts()
{
	sed -n "s/^/lab: irq /; /nvme/p" /proc/interrupts
}

# Prints the kernel's messages. Printed afterwards, they cost the boot nothing.
do_dmesg()
{
	dmesg
}

# Uses the demo device, which no stock driver knows. Its registers, and the memory for DMA that memmap= keeps from the
# kernel, are reached through /dev/mem. Its pin has a driver that counts interrupts.
do_demo()
{
	demo=$(dirname "$(grep -l 0x0005 /sys/bus/pci/devices/*/device)")
	bar=$(cut -d ' ' -f 1 "$demo/resource" | head -n 1)
	ram=0x8000000
	echo 1b36 0005 > /sys/bus/pci/drivers/uio_pci_generic/new_id
	# COMMAND: memory and bus mastering on.
	printf '\006' | dd of="$demo/config" bs=1 seek=4 conv=notrunc 2>/dev/null
	say "demo id $(devmem "$bar" 32)"
	devmem $ram 64 0x0123456789abcdef
	for register in 0x10:$ram 0x14:0 0x18:$((ram + 0x1000)) 0x1c:0 0x20:8 0x24:1; do
		devmem $((bar + ${register%:*})) 32 "${register#*:}"
	done
	say "demo status $(devmem $((bar + 0x0c)) 32)"
	say "demo dma $(devmem $((ram + 0x1000)) 64)"
	before=$(cat /sys/class/uio/uio0/event)
	devmem $((bar + 0x08)) 32 0
	usleep 200000
	say "demo interrupts $(($(cat /sys/class/uio/uio0/event) - before))"
}

# Resets each function that has a function-level reset, under its driver.
do_flr()
{
	for dir in /sys/bus/pci/devices/*; do
		grep -q flr "$dir/reset_method" 2>/dev/null || continue
		echo flr > "$dir/reset_method"
		echo 1 > "$dir/reset" && say "flr ${dir##*/}"
	done
}

# A disk comes and goes, lab.rounds times. Each time a MiB is read, and then all of the disk until it is gone.
do_hotplug()
{
	n=0
	while [ $n -lt "$rounds" ]; do
		n=$((n + 1))
		say "waits $n"
		until [ -b "/dev/$disk" ]; do usleep 50000; done
		do_read
		say "plugged $n $(do_pci | grep -c nvme)"
		while dd if="/dev/$disk" of=/dev/null bs=256k count=64 iflag=direct 2>/dev/null; do :; done
		while [ -b "/dev/$disk" ]; do usleep 50000; done
		say "unplugged $n"
	done
}

# Devices come and go again, lab.rounds times. Prints which ones there are.
do_comings()
{
	n=1
	first=$(echo /sys/bus/pci/devices/*)
	seen=$first
	say "waits for devices"
	while [ $n -le "$rounds" ]; do
		now=$(echo /sys/bus/pci/devices/*)
		if [ "$now" = "$seen" ]; then
			usleep 50000
		elif [ "$now" = "$first" ]; then
			say "gone $n"
			n=$((n + 1))
		else
			say "come $n $(echo "$now" | sed 's,/sys/bus/pci/devices/,,g')"
		fi
		seen=$now
	done
}

# A disk is taken away while its file system is in use, and comes again.
do_mounted()
{
	wait_disk
	mount -t ext4 "/dev/$disk" /mnt && echo synced > /mnt/kept && sync
	n=0
	while n=$((n + 1)) && [ -b "/dev/$disk" ] && echo "$n" > /mnt/file && sync -f /mnt/file; do
		[ $n -ne 3 ] || say writes
	done 2>/dev/null
	umount -l /mnt
	say "writer ended"
	while [ -b "/dev/$disk" ]; do usleep 50000; done
	until set -- /dev/nvme*n1 && [ -b "$1" ]; do usleep 50000; done
	mount -t ext4 "$1" /mnt && say "again $(cat /mnt/kept)"
	umount /mnt
}

# Waits until the kernel is done with an error that a root port has shown.
do_recovers()
{
	say "waits for an error"
	until dmesg | grep -q 'device recovery'; do usleep 100000; done
	dmesg | sed -n 's/^/lab: error /; /AER/p'
}

# Stays up until something from outside ends the guest.
do_wait()
{
	say waiting
	sleep 300
}

# A disk with a file system that has a journal is in use until the power button is pressed. acpid hears the button.
do_journal()
{
	wait_disk
	mount -t ext4 "/dev/$disk" /mnt && say "mounted"
	mkdir -p /etc/acpi/PWRF /var/log /var/run
	# The loop below may have its file open at this moment.
	cat > /etc/acpi/PWRF/00000080 <<- 'END'
		#!/bin/sh
		n=0
		until umount /mnt || [ $((n += 1)) -ge 100 ]; do usleep 10000; done
		grep -q ' /mnt ' /proc/mounts || echo "lab: unmounted"
		poweroff -f
	END
	chmod +x /etc/acpi/PWRF/00000080
	acpid -d &
	n=0
	while n=$((n + 1)) && echo "$n" > /mnt/file; do
		[ $n -ne 3 ] || { sync; say journal; }
		usleep 50000
	done
	sleep 300
}

do_panic()
{
	say panic
	echo c > /proc/sysrq-trigger
	sleep 60
}

# Words for all kinds of devices, in the guest that has their drivers.
# shellcheck source=tests/lab/guest-devices.sh
[ ! -e /guest-devices.sh ] || . /guest-devices.sh

# Prints when each word began, for people who wonder what takes so long.
for word in $todo; do
	echo "t $(cut -d " " -f 1 /proc/uptime) $word"
	"do_$word"
done
say end
poweroff -f
sleep 60
