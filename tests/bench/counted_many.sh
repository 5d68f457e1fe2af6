# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2034,SC2046,SC2086,SC2154
# lab: devices=32
# timeout: 600
# How cost grows with devices and with RAM: a start, all BARs mapped, taken away and mapped again, a reboot, with 8 to 32
# functions in a guest. Each function's BAR is mapped for the DMA of the others, too.
# shellcheck source=tests/bench/counted_peers.sh
. /lab/stage/counted_peers.sh

# many COUNT MIB
many()
{
	passed $(echo "$all" | head -n $1)
	no_reboot=
	run_until_counted run_peer minivmm $2 transparent --stats --kernel /lab/stage/kvm/counted.elf --append all
}

all=$(cd /sys/bus/pci/devices && ls -d 0000:0[6-9]:00.?)
expect_equal 'functions' "$(echo "$all" | wc -l)" 32
for bdf in $all; do
	bind vfio-pci "$bdf"
done
unmeasured=yes
measured warm many 1 256
unmeasured=
for mib in 256 1280; do
	for count in 1 8 16 24 32; do
		measured "$count $mib" many $count $mib
		cp /tmp/counted.out $vmm_out
		expect_line '^counted'
		echo "$count functions, $mib MiB: $(awk '/VFIO_IOMMU_MAP_DMA|VFIO_IOMMU_UNMAP_DMA|KVM_SET_USER_MEMORY|SET_IRQS|RESET/ { printf "%s %s, ", $1, $2 }' /tmp/counted.err)"
	done
done
