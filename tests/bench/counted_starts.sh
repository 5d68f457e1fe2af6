# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2034,SC2046,SC2086,SC2154
# timeout: 900
# What a VMM costs by itself: a guest that ends at its first instructions, with an NVMe passed through, of two sizes
# and on pages of three kinds. tests/bench/instructions.sh counts.
# shellcheck source=tests/bench/counted_peers.sh
. /lab/stage/counted_peers.sh
rounds=${case_rounds:-3}

thp()
{
	echo "$1" > /sys/kernel/mm/transparent_hugepage/enabled
}

# ends PEER MIB PAGES
ends()
{
	run_peer "$1" "$2" "$3" --kernel /lab/stage/kvm/endings.elf --append triple_fault
}

bind vfio-pci 0000:01:00.0
for round in $(seq 0 "$rounds"); do
	# The first round fills the lab host's caches.
	[ "$round" != 0 ] || unmeasured=yes
	measured nothing true
	for peer in minivmm q35 microvm; do
		for mib in 256 1280; do
			thp never
			measured "$peer $mib small" ends $peer $mib small
			thp always
			measured "$peer $mib transparent" ends $peer $mib transparent
			echo $((mib / 2 + 1)) > /proc/sys/vm/nr_hugepages
			measured "$peer $mib huge" ends $peer $mib huge
			echo 0 > /proc/sys/vm/nr_hugepages
		done
	done
	unmeasured=
done
expect_equal 'pages left in the pool' "$(cat /proc/sys/vm/nr_hugepages)" 0
