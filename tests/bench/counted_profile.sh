# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2013,SC2034,SC2046,SC2086,SC2154
# timeout: 300
# Where the instructions of a start go: the sums by address, and what tests/bench/profile.py needs to give them names.
# Words of /lab/stage/case: `vmm=minivmm|q35|microvm`, `mib=N`, `pages=small|transparent|huge`.
# shellcheck source=tests/bench/counted_peers.sh
. /lab/stage/counted_peers.sh
vmm=minivmm mib=256 pages=transparent
for word in $(cat /lab/stage/case); do
	case $word in
	vmm=*) vmm=${word#*=} ;;
	mib=*) mib=${word#*=} ;;
	pages=*) pages=${word#*=} ;;
	esac
done
endings="--kernel /lab/stage/kvm/endings.elf --append"

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
measured warm run_peer $vmm "$mib" $pages $endings triple_fault
/lab/stage/bench_mark profile
run_peer $vmm "$mib" $pages $endings triple_fault < /dev/null > $vmm_out 2>&1
/lab/stage/bench_mark write
expect_equal 'status of the run before' "$measured_status" 3
