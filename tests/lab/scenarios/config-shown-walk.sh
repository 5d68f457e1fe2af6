# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2154
# lab: devices=many
# timeout: 300
# on demand: a walk over each device of the lab takes a minute or two
# Every register that `minivmm config` shows is what a guest finds. guests/bare/walk.c prints all of them after it
# placed the BARs. This is also true of a virtual function, whose IDs and BARs VFIO fills in.
devices=${shown:-01:00.0 04:01.0 05:00.0 06:00.0 08:00.0 09:00.0 0a:00.0 0c:00.1 0d:00.0}

# Turns lines "offset size value" into lines "offset byte", for the bytes of registers that are not 0. Addresses are
# left out.
bytes()
{
	awk '{
		for (at = $1; at < $1 + $2; at++) {
			byte = $3 % 256
			$3 = ($3 - byte) / 256
			if (byte && (at < 16 || at >= 40) && (at < 48 || at >= 52))
				print at, byte
		}
	}' | sort -n
}

shown_bytes()
{
	"$vmm_program" config "$1" --json | jq -r '.[].registers[] | "\(.offset) \(.size) \(.guest)"' | bytes
}

# The walk's first list of all registers.
seen_bytes()
{
	tr -d '\r' < $vmm_out | sed -n '/^part places/,/^part registers/s/^register //p' |
		while read -r offset value; do
			echo $((0x$offset)) 4 $((0x$value))
		done | bytes
}

if [ -z "${shown:-}" ]; then
	bind nvme 0000:0c:00.0
	echo 1 > /sys/bus/pci/devices/0000:0c:00.0/sriov_numvfs
	bind vfio-pci 0000:04:02.0
fi
for device in $devices; do
	bind vfio-pci "0000:$device"
	shown_bytes "$device" > /tmp/shown
	vmm_start --vfio "$device" --kernel /lab/stage/kvm/walk.elf --append all --memory 64M
	wait_line '^part registers' 60
	kill "$vmm_pid"
	vmm_wait
	seen_bytes > /tmp/seen
	echo "$device: $(wc -l < /tmp/seen) bytes that are not 0"
	expect_equal "what differs of $device" "$(diff /tmp/shown /tmp/seen)" ""
	expect_equal "some bytes of $device" $(($(wc -l < /tmp/seen) >= 8)) 1
done
