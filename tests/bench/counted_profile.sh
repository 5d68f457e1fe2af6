# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2013,SC2034,SC2046,SC2086,SC2154
# lab: devices=many
# timeout: 300
# Where the instructions go: the sums by address, and what tests/bench/profile.py needs to give them names. Words of
# /lab/stage/case: `vmm=minivmm|q35|microvm`, `mib=N`, `pages=small|transparent|huge`, `guest=` one of
#   ends       a guest that ends at its first instructions
#   kernel     a stock kernel from start to power-off
#   reads      a thousand reads of 4 KiB from an NVMe
#   pings      a thousand round trips over a network card
#   msi, intx  two thousand interrupts by message, or by the pin
# shellcheck source=tests/bench/counted_peers.sh
. /lab/stage/counted_peers.sh
vmm=minivmm mib=256 pages=transparent guest=ends
for word in $(cat /lab/stage/case); do
	case $word in
	vmm=*) vmm=${word#*=} ;;
	mib=*) mib=${word#*=} ;;
	pages=*) pages=${word#*=} ;;
	guest=*) guest=${word#*=} ;;
	esac
done
endings="--kernel /lab/stage/kvm/endings.elf --append"
bare="--kernel /lab/stage/kvm/counted.elf --append"

# started WORDS: a kernel, whose functions are where its symbols say.
started()
{
	run_peer $vmm "$mib" $pages --kernel /lab/root-$kernel/boot/vmlinuz-* $initrd \
		--append "$(todo "$1") nokaslr lab.reads=1000"
}

# A run before writes the guest's symbols on its disk, and fills the lab host's caches.
get_kernel_symbols()
{
	measured warm started symbols
	expect_equal 'status of the run before' $measured_status 0
	bind nvme 0000:01:00.0
	dd if="$(disk_of 0000:01:00.0)" bs=1M skip=48 count=8 2>/dev/null | grep -v '^ ' > /out/guest_kallsyms
	bind vfio-pci 0000:01:00.0
}

# between_marks COMMAND...: profiles all of it.
between_marks()
{
	/lab/stage/bench_mark profile
	"$@" < /dev/null > $vmm_out 2>&1
	/lab/stage/bench_mark write
}

# QEMU takes the triple fault for a reboot, with which it ends.
profile_ends()
{
	measured warm run_peer $vmm "$mib" $pages $endings triple_fault
	[ $vmm = minivmm ] && wanted=3 || wanted=0
	expect_equal 'status of the run before' $measured_status $wanted
	between_marks run_peer $vmm "$mib" $pages $endings triple_fault
}

profile_kernel()
{
	get_kernel_symbols
	between_marks started one,reads
}

profile_reads()
{
	get_kernel_symbols
	started reads,profile,reads,profiled < /dev/null > $vmm_out 2>&1
	expect_line '^lab: reads 1000'
}

# The disk is there for the symbols.
profile_pings()
{
	kernel=6.1 initrd=$(marked guest-devices) mib=512
	bind vfio-pci 0000:05:00.0
	network_start
	passed 05:00.0 01:00.0
	get_kernel_symbols
	passed 05:00.0
	started net_up,pings,profile,pings,profiled < /dev/null > $vmm_out 2>&1
	expect_line '^lab: pings 1000'
}

# The guest itself says where the profile begins and ends.
profile_bare()
{
	bind vfio-pci 0000:07:00.0
	passed 07:00.0
	nm /lab/stage/kvm/counted.elf > /out/guest_kallsyms
	run_until_counted run_peer $vmm "$mib" $pages $bare "$1"
	cp /tmp/counted.out $vmm_out
	expect_line '^done'
}

profile_msi()
{
	profile_bare message
}

profile_intx()
{
	profile_bare pin
}

# Addresses are the same in each run, so a second run tells what is where.
echo 0 > /proc/sys/kernel/randomize_va_space
cat /proc/kallsyms > /out/kallsyms
rm -f /out/guest_kallsyms
bind vfio-pci 0000:01:00.0
case $pages in
small) echo never > /sys/kernel/mm/transparent_hugepage/enabled ;;
huge) echo $((mib / 2 + 1)) > /proc/sys/vm/nr_hugepages ;;
esac
run_peer $vmm "$mib" $pages $endings sleep < /dev/null > $vmm_out 2>&1 &
until grep -q sleeping $vmm_out; do usleep 100000; done
pid=$(pidof minivmm qemu-system-x86_64 ld-linux-x86-64.so.2 | tr ' ' '\n' | sort -n | head -n 1)
cat "/proc/$pid/maps" > /out/maps
kill "$pid"
wait
kernel=6.1-cloud initrd=$(marked guest-6.1-cloud)
"profile_$guest"
