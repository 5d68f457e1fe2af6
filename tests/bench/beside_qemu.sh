# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2034,SC2046,SC2086,SC2154
# timeout: 900
# minivmm beside QEMU on the lab host, in turns within one run: same kernel, same initrd, same NVMe.
# Figures and ratios, printed by `make bench`; no verdict by time.
vmm_limit=120
rounds=3

qemu=/usr/bin/qemu-system-x86_64
qemu_common='-no-user-config -display none -cpu host -m 512M -smp 1 -serial stdio -no-reboot'

# A bzImage unpacks itself, in the guest. A vmlinux is unpacked already and is entered by PVH, in which QEMU 7.2's
# microvm does not get far with this one.
bzimage=$(guest 6.1-cloud)
vmlinux='--kernel /lab/vmlinux-6.1 --initrd /lab/guest-6.1.cpio'
image=$bzimage

peers()
{
	echo minivmm q35_default q35
	[ "$1" = vmlinux ] || echo microvm
}

# Each starts the guest with the command line $1 and returns when the guest has ended.
run_minivmm()
{
	$vmm_program --vfio 01:00.0 $image --append "$1"
}

# q35 comes in two ways: without what minivmm does not have either, and as it is, with VGA, network card and CD-ROM.
run_q35()
{
	$qemu -machine q35,accel=kvm -nodefaults $qemu_common -device vfio-pci,host=01:00.0 \
		$(echo "$image" | sed 's/--/-/g') -append "$1"
}

run_q35_default()
{
	$qemu -machine q35,accel=kvm $qemu_common -device vfio-pci,host=01:00.0 \
		$(echo "$image" | sed 's/--/-/g') -append "$1"
}

run_microvm()
{
	$qemu -machine microvm,accel=kvm,pcie=on,rtc=off,isa-serial=on -nodefaults $qemu_common \
		-device vfio-pci,host=01:00.0 $(echo "$image" | sed 's/--/-/g') -append "$1"
}

# Prints the milliseconds since the lab host started.
now()
{
	awk '{ printf "%d\n", $1 * 1000 }' /proc/uptime
}

# timed NAME KIND: makes one start, and takes the time from the command to its end. The guest reads a MiB and powers
# off.
timed()
{
	began=$(now)
	"run_$1" "$(todo read)" < /dev/null > $vmm_out 2> $vmm_err
	echo "$1-$2 $(($(now) - began))" >> /tmp/times
	expect_line "^lab: read $(image_md5 1)"
}

median()
{
	sed -n "s/^$1 //p" /tmp/times | sort -n | sed -n "$(((rounds + 1) / 2))p"
}

# ratio A B: prints A / B with two digits.
ratio()
{
	awk "BEGIN { printf \"%.2f\", $1 / $2 }"
}

# resident NAME PROGRAM: prints the KiB beside guest RAM (which has the advice MADV_HUGEPAGE) while the program waits.
resident()
{
	: > $vmm_out # the last run's output must not be taken for this one's
	"run_$1" "$(todo wait)" < /dev/null > $vmm_out 2> $vmm_err &
	tries=0
	until grep -q '^lab: waiting' $vmm_out; do
		[ $tries -lt 600 ] || fail "$1: no guest"
		tries=$((tries + 1))
		usleep 100000
	done
	awk '/^Rss:/ { rss = $2 } /^VmFlags:/ && !/ hg/ && !/ io/ { sum += rss } END { print sum }' \
		"/proc/$(pidof "$2")/smaps"
	killall "$2"
	wait
}

# counted READS: prints exits and system calls of minivmm for a guest that reads READS blocks of 4 KiB.
counted()
{
	/usr/bin/strace -f -c -o /tmp/calls "$vmm_program" --stats --vfio 01:00.0 $(guest 6.1-cloud) \
		--append "$(todo reads,interrupts) lab.reads=$1" < /dev/null > $vmm_out 2> $vmm_err
	expect_line "^lab: reads $1"
	exits=$(awk '/^exits/ { on = 1; next } /^[a-z]/ { on = 0 } on { n += $(NF - 2) } END { print n }' $vmm_err)
	calls=$(awk '$NF == "total" { print $4 }' /tmp/calls)
	interrupts=$(sed -n 's/^lab: irq .*:  *\([0-9]*\) .*/\1/p' $vmm_out | awk '{ n += $1 } END { print n }')
	echo "$1 $exits $calls $interrupts" >> /tmp/counts
	cp /tmp/calls "/out/strace-$1.txt"
}

bind vfio-pci 0000:01:00.0
for _ in $(seq $rounds); do
	for kind in bzimage vmlinux; do
		eval "image=\$$kind"
		for peer in $(peers $kind); do
			timed $peer $kind
		done
	done
done
image=$bzimage
for kind in bzimage vmlinux; do
	for peer in $(peers $kind); do
		echo "FIGURE start to power-off with the NVMe, $kind, median of $rounds:" \
			"$peer $(median $peer-$kind) ms," \
			"minivmm / $peer = $(ratio "$(median minivmm-$kind)" "$(median $peer-$kind)")"
	done
done
sort -k 1,1 -k 2,2n /tmp/times

echo "FIGURE resident beside guest RAM, KiB: minivmm $(resident minivmm minivmm)," \
	"QEMU q35 $(resident q35 qemu-system-x86_64)," \
	"QEMU microvm $(resident microvm qemu-system-x86_64)"

counted 500
counted 2500
awk 'NR == 1 { exits = $2; calls = $3; irqs = $4 }
	NR == 2 { printf "FIGURE 2000 more reads of 4 KiB: %d interrupts, %d exits to minivmm, %d system calls\n",
		$4 - irqs, $2 - exits, $3 - calls }' /tmp/counts
