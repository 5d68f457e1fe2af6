# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2034,SC2046,SC2086,SC2154
# lab: devices=many
# timeout: 1500
# Devices at work under minivmm and under QEMU q35, in turns within one run: same kernel, same initrd,
# same NVMe and network card. Figures and ratios, printed by `make bench`; no verdict.
vmm_limit=200
rounds=5
reads=2000
moves=20

use()
{
	case $1 in
	minivmm) vmm_program=/lab/stage/minivmm ;;
	q35) vmm_program=/lab/stage/qemu-peer.sh ;;
	esac
}

# What KVM counted for the running VM: exits of all kinds, and then those that the VMM's process handled.
exits()
{
	cat /sys/kernel/debug/kvm/"$vmm_pid"-*/exits
}

user_exits()
{
	cat /sys/kernel/debug/kvm/"$vmm_pid"-*/mmio_exits /sys/kernel/debug/kvm/"$vmm_pid"-*/io_exits |
		awk '{ n += $1 } END { print n }'
}

# Prints how many calls there were so far, without KVM_RUN.
ioctls()
{
	grep 'ioctl(' /tmp/ioctls | grep -v -c KVM_RUN
}

# on_console PATTERN: prints what stands in the place of \( \).
on_console()
{
	sed -n "s/^lab: $1.*/\1/p" $vmm_out | head -n 1
}

# note NAME VALUE: writes down a value of the peer at work, once a round.
note()
{
	echo "$peer $1 $2" >> /tmp/notes
}

# Prints the middle one of the numbers, which come a line each.
median()
{
	sort -n | awk '{ a[NR] = $1 } END { print a[int((NR + 1) / 2)] }'
}

# noted PEER NAME: prints the median of the peer's rounds.
noted()
{
	sed -n "s/^$1 $2 //p" /tmp/notes | median
}

# ratios NAME: minivmm : QEMU, round by round, a line each.
ratios()
{
	awk -v name="$1" '$2 == name { if ($1 == "minivmm") mine[++m] = $3; else its[++q] = $3 }
		END { for (i = 1; i <= q; i++) if (its[i] + 0) printf("%.2f\n", mine[i] / its[i]) }' /tmp/notes
}

# figure NAME TEXT: both medians, the ratio in each round, and of those the median.
figure()
{
	echo "FIGURE $2: minivmm $(noted minivmm $1), QEMU q35 $(noted q35 $1)," \
		"ratio $(ratios $1 | median) ($(ratios $1 | paste -s -d ' '))"
}

# The disk and the network work by MSI-X.
at_work()
{
	vmm_start --vfio 02:00.0 --vfio 05:00.0 $(guest_tools) --append \
		"$(todo net_up,settle,iops,settle,deep,loads) lab.reads=$reads"
	wait_line '^lab: settled 1' $vmm_limit
	all=$(exits) user=$(user_exits)
	wait_line '^lab: settled 2' $vmm_limit
	note exits "$(awk "BEGIN { printf \"%.2f\", ($(exits) - $all) / $reads }")"
	note user "$(awk "BEGIN { printf \"%.3f\", ($(user_exits) - $user) / $reads }")"
	vmm_wait
	expect_status 0
	note iops "$(on_console 'iops \([0-9]*\)')"
	note deep "$(on_console 'deep \([0-9]*\)')"
	note load "$(on_console 'loads \([0-9.]*\)')"
}

# The same disk works through its pin, with one interrupt a read.
by_pin()
{
	vmm_start --vfio 02:00.0 $(guest_tools) --append "$(todo iops,irqs) lab.reads=$reads pci=nomsi"
	vmm_wait
	expect_status 0
	note pin "$(on_console 'iops \([0-9]*\)')"
}

# Counts ioctls while the drivers load, and while a vector moves between two CPUs: mask, new message, unmask. strace
# comes when the guest has booted, because the boot would take minutes with it.
by_ioctls()
{
	: > /tmp/ioctls
	vmm_start --cpus 2 --vfio 02:00.0 --vfio 05:00.0 $(guest_tools) --append \
		"$(todo settle,modules,disk,net_up,settle,moves,settle) lab.modules=none lab.rounds=$moves"
	wait_line '^lab: settled 1' $vmm_limit
	/usr/bin/strace -f -qq -e trace=ioctl -o /tmp/ioctls -p "$vmm_pid" &
	wait_line '^lab: settled 2' $vmm_limit
	note drivers "$(ioctls)"
	before=$(ioctls)
	wait_line '^lab: settled 3' $vmm_limit
	note moves "$(awk "BEGIN { printf \"%.2f\", ($(ioctls) - $before) / (2 * $moves) }")"
	vmm_wait
	expect_status 0
	cp /tmp/ioctls "/out/ioctls-$peer.txt"
}

mount -t debugfs debugfs /sys/kernel/debug 2>/dev/null
bind_many 02:00.0 05:00.0
network_start
for _ in $(seq $rounds); do
	for peer in minivmm q35; do
		use $peer
		at_work
		by_pin
	done
done
for peer in minivmm q35; do
	use $peer
	by_ioctls
done
cat /tmp/notes
figure iops "reads of 4 KiB a second, one at a time"
figure deep "reads of 4 KiB a second, eight at a time"
figure load "network, Mbit/s"
figure pin "reads of 4 KiB and interrupts a second through INTx"
figure exits "exits a read, by whomever handled"
figure user "exits a read that the VMM handled"
figure drivers "ioctls while the drivers of the disk and the network card load"
figure moves "ioctls for each masking and unmasking of a vector with a new message"
