# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2154 # read by guest-init.sh
# The words of guest-init.sh for devices of every kind. Nothing here knows a device: the drivers are asked. Each word
# says what it saw, and the scenario on the lab host judges.

# wait_for TEXT COMMAND...: waits until the command succeeds.
wait_for()
{
	what=$1 tries=0
	shift
	until "$@" > /dev/null 2>&1; do
		[ $tries -lt 200 ] || { say "no $what"; return 1; }
		tries=$((tries + 1))
		usleep 50000
	done
}

first_mib()
{
	dd if="$1" bs=64k count=16 iflag=direct 2>/dev/null | md5
}

scsi_disks()
{
	ls -d /sys/block/sd* > /tmp/disks && [ "$(wc -l < /tmp/disks)" = 2 ]
}

# Two SCSI disks, told apart by what they hang on.
do_disks()
{
	wait_for "two disks" scsi_disks
	for dir in /sys/block/sd*; do
		case $(readlink -f "$dir") in
		*/usb*) kind=usb ;;
		*/ata*) kind=sata ;;
		*) kind=unknown ;;
		esac
		say "disk $kind $(first_mib "/dev/${dir##*/}")"
	done
}

has_namespace()
{
	ls -d "$1"/nvme*n1
}

# disk_below CONTROLLER: a path of a shared namespace is called nvme0c1n1, and the disk nvme0n1.
disk_below()
{
	wait_for "namespace of ${1##*/}" has_namespace "$1" && basename "$1"/nvme*n1 | sed 's/c[0-9]*n/n/'
}

do_nvme_disks()
{
	for dir in /sys/class/nvme/nvme*; do
		say "nvme $(cat "$dir/address") $(tr -d ' ' < "$dir/serial")" \
			"$(first_mib "/dev/$(disk_below "$dir")")"
	done
}

# The words behind this one work on the NVMe disk with the serial number lab2.
do_lab2()
{
	for dir in /sys/class/nvme/nvme*; do
		grep -q '^lab2 *$' "$dir/serial" || continue
		disk=$(disk_below "$dir")
	done
}

# Network cards. The last byte N of a card's address gives it the address 10.0.N.2, and the lab host has 10.0.N.1.
do_net_up()
{
	echo 1 > /proc/sys/net/ipv4/conf/all/arp_ignore
	for dir in /sys/class/net/eth*; do
		mac=$(cat "$dir/address")
		ip link set "${dir##*/}" up
		ip addr add "10.0.$((0x${mac##*:})).2/24" dev "${dir##*/}"
	done
	for dir in /sys/class/net/eth*; do
		wait_for "carrier on ${dir##*/}" grep -q 1 "$dir/carrier"
	done
}

# A virtual function has an address by chance, and asks its physical function for another.
do_net_address()
{
	ip link set "$(card_of igbvf)" address 52:54:00:12:34:63
	say "address $(cat "/sys/class/net/$(card_of igbvf)/address")"
}

# A MiB comes from the lab host through each of them.
do_fetch()
{
	for dir in /sys/class/net/eth*; do
		mac=$(cat "$dir/address") driver=$(readlink "$dir/device/driver")
		say "fetch ${driver##*/} ${mac##*:}" \
			"$(timeout 30 nc "10.0.$((0x${mac##*:})).1" 8000 < /dev/null | md5)"
	done
}

# Makes lab.reads round trips to the lab host, one after the other.
do_pings()
{
	mac=$(cat "/sys/class/net/$(card_of e1000e)/address")
	say "pings $(ping -A -c "$reads" "10.0.$((0x${mac##*:})).1" | sed -n 's/.* \([0-9]*\) packets received.*/\1/p')"
}

# Finds the first network card with this driver.
card_of()
{
	for dir in /sys/class/net/eth*; do
		case $(readlink "$dir/device/driver") in
		*/"$1") echo "${dir##*/}"; return ;;
		esac
	done
}

do_selftest()
{
	ethtool -t "$(card_of e1000e)" offline | sed 's/^/lab: selftest /'
}

# The lab host gets a MiB from the e1000e.
do_load()
{
	mac=$(cat "/sys/class/net/$(card_of e1000e)/address")
	iperf3 -c "10.0.$((0x${mac##*:})).1" -n 1M -f m | sed -n '/receiver/s/^/lab: load /p'
}

# Prints the median of nine such transfers, in Mbit/s, for the reason given at read_rate.
do_loads()
{
	say "loads $(for _ in $(seq 9); do do_load; done | sed 's,.* \([0-9.]*\) Mbits/sec.*,\1,' | sort -n |
		sed -n 5p)"
}

# Plays two seconds of a tone by the OSS interface, 8000 bytes a second.
do_sound()
{
	wait_for "sound card" [ -e /dev/dsp ]
	say "sound $(sed -n 's/^Codec: //p' /proc/asound/card0/codec#0)"
	yes '@@@@@@@~~~~~~~~' | tr -d '\n' | head -c 16000 > /tmp/tone
	dd if=/tmp/tone of=/dev/dsp bs=1000 2>/dev/null
	say "sound played $?"
}

# Draws three bands, red, green and blue, with a line of text in each, by the console's own drawing.
do_paint()
{
	wait_for "frame buffer" [ -e /dev/fb0 ]
	say "display $(cat /sys/class/graphics/fb0/name) $(cat /sys/class/graphics/fb0/virtual_size)"
	rows=$(stty size < /dev/tty1 | cut -d ' ' -f 1)
	for row in $(seq "$rows"); do
		band=$(((row - 1) * 3 / rows))
		printf '\033[%d;1H\033[4%dm\033[K' "$row" $((1 << band))
		[ $(((row - 1) % (rows / 3))) -ne $((rows / 6)) ] || uname -r
	done > /dev/tty1
	printf '\033[?25l' > /dev/tty1
	sync
	say "painted $rows"
}

# The words of a 64-bit BAR of gigabytes, at both ends and in the middle. Those of the lab host are read, and the
# guest's own are written beside them.
do_shared_memory()
{
	for dir in /sys/bus/pci/devices/*; do
		[ "$(cat "$dir/device")" != 0x1110 ] || break
	done
	# No driver does it for this device.
	echo 1 > "$dir/enable"
	base=$(sed -n '3s/ .*//p' "$dir/resource")
	for offset in 0x0 0x3ffffff0 0x40000000 0x7fffff00; do
		say "shared $offset $(devmem $((base + offset)) 64)"
		devmem $((base + offset + 8)) 64 $((0x1122334400000000 + offset))
	done
}

# Writes and reads lab.mib on each NVMe disk at random, lab.rounds times, behind the pattern, in blocks of lab.block.
# Each block has its checksum.
do_fio()
{
	for namespace in /dev/nvme?n1; do
		fio --name=verify --filename="$namespace" --direct=1 --ioengine=libaio --iodepth=8 \
			--bs="$block" --rw=randwrite --offset=16M --size="${mib}M" --loops="$rounds" \
			--verify=crc32c --do_verify=1 --output=/tmp/fio.out > /dev/null 2>&1
		say "fio ${namespace##*/} $?"
		sed -n 's/^ *\(read\|write\): /lab: fio &/p; /err=/s/^/lab: fio /p' /tmp/fio.out
	done
}

# read_rate NAME DEPTH: makes lab.reads random reads of 4 KiB, DEPTH at a time, and prints how many there are in a
# second. It computes that from the median of their latencies, because an interrupt that the emulator loses costs 0.2
# s and says nothing of the VMM.
read_rate()
{
	wait_disk
	say "$1 $(fio --name="$1" --filename="/dev/$disk" --direct=1 --ioengine=libaio --iodepth="$2" \
		--bs=4k --rw=randread --size=32M --number_ios="$reads" --output-format=terse 2>/dev/null |
		tr ';' '\n' | sed -n 's/^50\.000000%=//p' | head -n 1 | awk "{ print int($2 * 1000000 / \$1) }")"
}

do_iops()
{
	read_rate iops 1
}

do_deep()
{
	read_rate deep 8
}

do_modules()
{
	load_modules
}

do_disk()
{
	wait_disk
}

# The receiving vector of the e1000e goes from one CPU to the other and back, lab.rounds times. At the next interrupt
# after each wish it is masked, given its new message, and unmasked.
do_moves()
{
	irq=$(sed -n 's/^ *\([0-9]*\):.*-rx-0$/\1/p' /proc/interrupts)
	mac=$(cat "/sys/class/net/$(card_of e1000e)/address")
	for cpus in $(yes '2 1' | head -n "$rounds"); do
		echo "$cpus" > "/proc/irq/$irq/smp_affinity"
		ping -q -c 1 -w 5 "10.0.$((0x${mac##*:})).1" > /dev/null
	done
	say "moved $irq"
}

# Prints the interrupts of devices, one line each.
do_irqs()
{
	sed -n '/IO-APIC\|PCI-MSI\|ITS-MSI\|GICv3.*eth/s/^/lab: irq /p' /proc/interrupts
}

# Prints the first six registers of each rtl8139's I/O BAR, which are its address on the network.
do_io_bar()
{
	for dir in /sys/bus/pci/devices/*; do
		[ "$(cat "$dir/device")" = 0x8139 ] || continue
		say "io_bar $(dd if="$dir/resource0" bs=1 count=6 2>/dev/null | od -An -tx1 | tr -d ' ')"
	done
}

# Prints all of configuration space, packed, because the serial port would take long.
do_lspci()
{
	say "lspci $(lspci -n -vvv -xxxx 2>/dev/null | gzip | base64 -w 0)"
}

# Takes long enough for the lab host to look at the VMM while nothing moves. The lines are numbered from 1; with
# `boots` the number is that of the boot.
settled=0
do_settle()
{
	settled=$((settled + 1))
	say "settled ${boots:-$settled}"
	sleep 2
}

# Each driver lets go of its device and takes it again.
do_reload()
{
	for _ in $(seq "$rounds"); do
		for dir in /sys/bus/pci/devices/*; do
			[ -e "$dir/driver" ] || continue
			driver=$(readlink -f "$dir/driver")
			echo "${dir##*/}" > "$driver/unbind"
			echo "${dir##*/}" > "$driver/bind"
		done
	done
	say "reloaded $rounds"
}
