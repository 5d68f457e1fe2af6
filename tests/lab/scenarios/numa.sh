# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2154
# lab: cpus=2 nodes=2
# timeout: 120
# on demand: the emulator loses interrupts with two processors
# A host has two NUMA nodes, and a device next to the second. RAM comes from there. If vCPUs or huge pages do not,
# doctor says so. vCPUs stay where they are pinned.
far=0000:41:00.0
node=/sys/devices/system/node/node1
huge=hugepages/hugepages-2048kB/nr_hugepages

# asleep ARGS...: starts a guest that does nothing.
asleep()
{
	vmm_start --vfio 41:00.0 --stats --kernel /lab/stage/kvm/endings.elf --append sleep "$@"
	wait_line '^sleeping' 60
}

# pages NODE KIND: prints how many 4 KiB pages (anon), or huge ones, of the guest's RAM are on a node. It looks at the
# largest piece of memory that minivmm has.
pages()
{
	sed -n "/ $2/s/.* N$1=\([0-9]*\).*/\1/p" "/proc/$vmm_pid/numa_maps" | sort -n | tail -n 1
}

ended()
{
	kill "$vmm_pid"
	vmm_wait
}

doctor_says()
{
	$vmm_program doctor 41:00.0 "$@" > /tmp/doctor 2>&1
	sed -n '/numa/,/^[^ ]/p' /tmp/doctor | tr -s ' \n' ' '
}

bind vfio-pci $far
expect_equal 'node of the device' "$(cat /sys/bus/pci/devices/$far/numa_node)" 1
expect_equal 'CPUs of the node' "$(cat $node/cpulist)" 1

# Small pages come first, because the node has them.
asleep --memory 256M
on_node=$(pages 1 anon)
[ "${on_node:-0}" -ge 65000 ] || fail "$on_node pages of 65536 on node 1"
ended
expect_error 'guest RAM: 256 MiB, on NUMA node 1'

# Each vCPU is pinned, and is on its CPU.
asleep --memory 64M --cpus 2,pin=1,0
lists=$(sed -n 's/^Cpus_allowed_list:[[:space:]]*//p' /proc/"$vmm_pid"/task/*/status | sort | uniq -c | tr -s ' ' | tr '\n' ';')
echo "--- CPUs of threads: $lists"
expect_equal 'threads on CPU 1 alone' "$(echo "$lists" | grep -c ' 1 1;')" 1
ended

case $(doctor_says) in
*'node 1, whose CPUs are 1,'*) ;;
*) fail "doctor says nothing of CPUs that are far away: $(cat /tmp/doctor)" ;;
esac
case $(doctor_says --cpus 1,pin=1) in
*'next to NUMA node 1, from which'*) ;;
*) fail "doctor complains of CPUs that are near: $(cat /tmp/doctor)" ;;
esac

# There are enough huge pages, but not on the node.
echo 64 > /sys/devices/system/node/node0/$huge
echo 16 > $node/$huge
case $(doctor_says --cpus 1,pin=1 --memory 128M,hugepages=2M) in
*'has 32 MiB of free huge pages'*"echo 64 | sudo tee $node/$huge"*) ;;
*) fail "doctor says nothing of the node's pool: $(cat /tmp/doctor)" ;;
esac
asleep --memory 128M,hugepages=2M
expect_equal 'huge pages on node 1' "$(pages 1 huge)" 16
ended
echo 0 > /sys/devices/system/node/node0/$huge
echo 0 > $node/$huge
expect_equal 'huge pages left' "$(cat /proc/sys/vm/nr_hugepages)" 0
