# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2013,SC2034,SC2046,SC2086,SC2154
# timeout: 300
# Where the instructions of a start go: the sums by address, and what tests/bench/profile.py needs to give them names.
# Words of /lab/stage/case: `vmm=minivmm|q35|microvm`, `mib=N`, `pages=small|transparent|huge`,
# `guest=ends|kernel|reads`: a guest that ends at its first instructions; a stock kernel from start to power-off; a
# thousand reads of 4 KiB in one.
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

# started WORDS: the guest of the profile; a kernel's functions are where its symbols say.
started()
{
	case $guest in
	ends) run_peer $vmm "$mib" $pages $endings triple_fault ;;
	*) run_peer $vmm "$mib" $pages --kernel /lab/root-6.1-cloud/boot/vmlinuz-* $cloud \
		--append "$(todo "$1") nokaslr lab.reads=1000" ;;
	esac
}

# The guest wrote them on its disk.
keep_guest_symbols()
{
	bind nvme 0000:01:00.0
	dd if="$(disk_of 0000:01:00.0)" bs=1M skip=48 count=8 2>/dev/null | grep -v '^ ' > /out/guest_kallsyms
	bind vfio-pci 0000:01:00.0
}

# Addresses are the same in each run, so a second run tells what is where.
echo 0 > /proc/sys/kernel/randomize_va_space
cat /proc/kallsyms > /out/kallsyms
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
cloud=$(marked guest-6.1-cloud)
rm -f /out/guest_kallsyms
measured warm started symbols
[ $guest = ends ] || keep_guest_symbols
case $guest in
reads) started reads,profile,reads,profiled < /dev/null > $vmm_out 2>&1 ;;
*)
	/lab/stage/bench_mark profile
	started one,reads < /dev/null > $vmm_out 2>&1
	/lab/stage/bench_mark write
	;;
esac
[ $guest = ends ] || measured_status=$((measured_status + 3))
expect_equal 'status of the run before' "$measured_status" 3
