# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2034,SC2154 # read after scenario-lib.sh
# For scenarios on a lab host with devices=many: the other end of what a guest does with the devices.

# All but the virtio card, which is the lab host's own end of the network; of the third NVMe a
# virtual function.
many_devices='04:01.0 04:02.0 05:00.0 06:00.0 07:00.0 08:00.0 09:00.0 0a:00.0 0b:00.0 02:00.0 0c:00.1'

# bind_many BDF...: binds them to vfio-pci, and sets $vfio_args.
bind_many()
{
	vfio_args=
	for bdf; do
		bind vfio-pci "0000:$bdf"
		vfio_args="$vfio_args --vfio $bdf"
	done
}

# The guest that has drivers for them, and the guest that also has the tools, which boots longer.
guest_devices()
{
	echo "--kernel $(echo /lab/root-6.1/boot/vmlinuz-*) --initrd /lab/guest-devices.cpio"
}

guest_tools()
{
	echo "--memory 1G --kernel $(echo /lab/root-6.1/boot/vmlinuz-*) --initrd /lab/guest-tools.cpio"
}

file_md5()
{
	dd if="$1" bs=64k count=16 2>/dev/null | md5sum | cut -d ' ' -f 1
}

# card_of_host BDF: waits for its network card on the lab host, and prints the name.
card_of_host()
{
	tries=0
	until ls -d "/sys/bus/pci/devices/$1"/net/* "/sys/bus/pci/devices/$1"/virtio*/net/* \
		2>/dev/null > /tmp/card || [ -s /tmp/card ]; do
		[ $tries -lt 100 ] || fail "no network card on the lab host"
		tries=$((tries + 1))
		usleep 50000
	done
	sed 's,.*/,,' /tmp/card
}

# network_start [BDF DRIVER]: the lab host is 10.0.N.1 to the card whose address ends in the byte N, and
# hands out a MiB; by its virtio card or another.
network_start()
{
	/usr/sbin/modprobe -q virtio_net
	bind "${2:-virtio-pci}" "0000:${1:-0d:00.0}"
	network_card=$(card_of_host "0000:${1:-0d:00.0}") || exit 1
	ip link set "$network_card" up
	for byte in 86 87 88 99; do
		ip addr add "10.0.$byte.1/24" dev "$network_card"
	done
	head -c 1048576 /lab/nvme1.img > /tmp/mib
	nc -ll -p 8000 -e cat /tmp/mib > /dev/null 2>&1 < /dev/null &
	/usr/bin/iperf3 -s -D
}

# functions_start: makes a virtual function of the third NVMe at 0c:00.1. The physical function stays with the lab
# host, and gives it queues and interrupts. NVM Express Base 2.0, 5.24 and 8.26.
functions_start()
{
	bind nvme 0000:0c:00.0
	controller=/dev/$(basename /sys/bus/pci/devices/0000:0c:00.0/nvme/*)
	physical=/sys/bus/pci/devices/0000:0c:00.0
	[ "$(cat $physical/sriov_numvfs)" = 1 ] || {
		echo 0 > $physical/sriov_drivers_autoprobe
		echo 1 > $physical/sriov_numvfs
	}
	# Resources 0 and 1: queues and interrupts; action 8 assigns, 9 brings the function up.
	for resource in 0 1; do
		/usr/sbin/nvme virt-mgmt "$controller" -c 1 -r $resource -n 2 -a 8 || fail "no resource $resource"
	done
	/usr/sbin/nvme virt-mgmt "$controller" -c 1 -a 9 || fail "the virtual function stays down"
}

# The end of the shared memory outside the lab host is a file. peek and poke access one word of eight bytes.
shared=/out/ivshmem.mem
peek()
{
	dd if=$shared bs=8 skip=$(($1 / 8)) count=1 2>/dev/null | od -An -tx8 | tr -d ' '
}

# poke OFFSET BYTES: the bytes are octal escapes, \0NNN.
poke()
{
	printf '%b' "$2" | dd of=$shared bs=8 seek=$(($1 / 8)) conv=notrunc 2>/dev/null
}

# holdings: prints what a VMM may gather without letting go: file descriptors, locked and pinned memory, and the lab
# host's interrupts for VFIO.
holdings()
{
	echo "fds $(find "/proc/$vmm_pid/fd" -type l | wc -l)" \
		"$(awk '/^VmLck|^VmPin/ { printf "%s %s ", $1, $2 }' "/proc/$vmm_pid/status")" \
		"interrupts $(grep -c vfio /proc/interrupts)"
}

# expect_demo: the demo device's registers, DMA and pin, as a guest that did `pci,demo` found them.
expect_demo()
{
	expect_status 0
	expect_line '^lab: pci 0000:00:01.0 0x1b36:0x0005 '
	expect_line '^lab: demo id 0x74736574'
	expect_line '^lab: demo status 0x00000002'
	expect_line '^lab: demo dma 0x0123456789ABCDEF'
	expect_line '^lab: demo interrupts 1'
}

# screendump NAME: takes what the display shows from outside the lab host, into /out/NAME.png for people, and into
# /tmp/NAME.ppm, 640 by 480, for pixels.
screendump()
{
	for format in ppm png; do
		qmp '{"execute":"screendump","arguments":{"device":"display","format":"'$format'",
			"filename":"logs/'"$1.$format"'"}}'
	done
	mv "/out/$1.ppm" /tmp
}

# pixels NAME Y: prints the different colours of one line of the picture.
pixels()
{
	tail -c +$((16 + 1920 * $2)) "/tmp/$1.ppm" | head -c 1920 | od -An -v -tx1 -w3 | sort -u |
		tr -d ' ' | xargs
}
