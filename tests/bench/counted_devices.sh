# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2034,SC2046,SC2086,SC2154
# lab: devices=many
# timeout: 900
# What an interrupt, a mask and a reboot cost: a bare guest does each many times and sets marks around it.
# shellcheck source=tests/bench/counted_peers.sh
. /lab/stage/counted_peers.sh
rounds=${case_rounds:-3}

# counted VMM BDF CHECK: runs a guest that ends by itself, or that has counted and is ended.
counted()
{
	passed "$2"
	no_reboot=--no-reboot
	[ "$3" != boots ] || no_reboot=
	run_until_counted run_peer "$1" 256 transparent --kernel /lab/stage/kvm/counted.elf --append "$3"
}

bind vfio-pci 0000:01:00.0
bind vfio-pci 0000:07:00.0
for round in $(seq 1 "$rounds"); do
	for peer in minivmm q35; do
		measured "$peer pin" counted $peer 07:00.0 pin
		measured "$peer message" counted $peer 07:00.0 message
		measured "$peer masks" counted $peer 01:00.0 masks
		measured "$peer boots" counted $peer 01:00.0 boots
		cp /tmp/counted.out $vmm_out
		expect_line '^counted'
	done
done
