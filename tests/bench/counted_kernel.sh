# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2034,SC2046,SC2086,SC2154
# lab: devices=many
# timeout: 1800
# What a stock kernel costs from start to power-off, a read of 4 KiB from an NVMe, and a round trip over a network card.
# The guest sets marks around what it does.
# shellcheck source=tests/bench/counted_peers.sh
. /lab/stage/counted_peers.sh
rounds=${case_rounds:-3}
# started VMM WORDS COUNT: the cloud kernel reads as many blocks.
started()
{
	passed 01:00.0
	run_peer $1 256 transparent --kernel /lab/root-6.1-cloud/boot/vmlinuz-* $cloud \
		--append "$(todo "$2") lab.reads=$3"
}

# pinged VMM: the full kernel, with the driver of the network card.
pinged()
{
	passed 05:00.0
	run_peer $1 512 transparent --kernel /lab/root-6.1/boot/vmlinuz-* $full \
		--append "$(todo net_up,"$(in_pieces pings)") lab.reads=1001"
}

bind vfio-pci 0000:01:00.0
bind vfio-pci 0000:05:00.0
network_start
cloud=$(marked guest-6.1-cloud)
full=$(marked guest-devices)
for round in $(seq 0 "$rounds"); do
	[ "$round" != 0 ] || unmeasured=yes
	for peer in minivmm q35 microvm; do
		guest_measured "$peer start" 'reads 1' started $peer reads 1
	done
	unmeasured=
done
for peer in minivmm q35; do
	guest_measured "$peer reads" 'reads 1001' started $peer "$(in_pieces reads)" 1001
	guest_measured "$peer pings" 'pings 1001' pinged $peer
done
