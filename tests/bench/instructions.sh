#!/bin/bash
# SPDX-License-Identifier: MIT
# instructions.sh PLUGIN [disk]: what minivmm and QEMU cost on the lab host, in instructions that the whole
# emulated machine executes. Each figure is the difference of boots: with what is measured, and without.
# Repeats to about one percent. Figures, no verdict. LAB_DIR and LAB_VMM as for lab.sh. With `disk` only the
# reads from a disk image are counted.
set -eu

plugin=$(readlink -f "$1")
here=$(cd "$(dirname "$0")" && pwd)
sum=$(mktemp)
trap 'rm -f "$sum"' EXIT

# counted WORDS: the instructions of a boot in which counted_case.sh does that. A boot that failed counts nothing.
counted()
{
	local tries=0

	until : > "$sum" && LAB_CASE="$*" LAB_PLUGIN="$plugin,out=$sum" "$here/../lab/lab.sh" bench counted_case >&2; do
		tries=$((tries + 1))
		[ $tries -lt 3 ] || exit 1
	done
	echo "instructions of the whole boot, $*: $(cat "$sum")" >&2
	cat "$sum"
}

millions()
{
	awk -v n="$1" 'BEGIN { printf "%.0f", n / 1e6 }'
}

ratio()
{
	awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", a / b }'
}

# Two boots differ by as much as a thousand reads cost: so many more are counted.
disk_reads=100000
disk_rounds=3

# One read of 4 KiB from a disk image, with the same server behind all; each is the median of some rounds.
count_disk()
{
	local peer round
	local -A read

	for round in $(seq $disk_rounds); do
		for peer in minivmm q35 newest; do
			[ "$peer" != newest ] || [ -e "$LAB_DIR/qemu-newest/.complete" ] || continue
			read[$peer]+=" $((($(counted $peer 256 disk $((disk_reads + 1))) -
				$(counted $peer 256 disk 1)) / disk_reads))"
		done
		echo "reads from a disk image, round $round: minivmm${read[minivmm]}, q35${read[q35]}," \
			"newest QEMU${read[newest]-: none in $LAB_DIR}" >&2
	done
	for peer in "${!read[@]}"; do
		[ "$peer" = minivmm ] || echo "instructions: one read of 4 KiB from a disk image, median of $disk_rounds:" \
			"minivmm $(median "${read[minivmm]}"), $peer $(median "${read[$peer]}")," \
			"ratio $(ratio "$(median "${read[minivmm]}")" "$(median "${read[$peer]}")")"
	done
}

median()
{
	tr ' ' '\n' <<< "${1# }" | sort -n | sed -n "$(((disk_rounds + 1) / 2))p"
}

count_starts()
{
	local peer base
	local -A own slope start read

	base=$(counted none 256 none)
	for peer in minivmm q35 microvm; do
		own[$peer]=$(($(counted $peer 256 ends) - base))
		slope[$peer]=$(($(counted $peer 1280 ends) - base - own[$peer]))
		start[$peer]=$(($(counted $peer 256 kernel 1) - base))
		read[$peer]=$((($(counted $peer 256 kernel 1001) - base - start[$peer]) / 1000))
	done
	for peer in q35 microvm; do
		echo "instructions, millions: a guest that ends at once, 256 MiB:" \
			"minivmm $(millions "${own[minivmm]}"), $peer $(millions "${own[$peer]}")," \
			"ratio $(ratio "${own[minivmm]}" "${own[$peer]}")"
		echo "instructions, millions: each GiB more:" \
			"minivmm $(millions "${slope[minivmm]}"), $peer $(millions "${slope[$peer]}")," \
			"ratio $(ratio "${slope[minivmm]}" "${slope[$peer]}")"
		echo "instructions, millions: a stock kernel from start to power-off, 256 MiB:" \
			"minivmm $(millions "${start[minivmm]}"), $peer $(millions "${start[$peer]}")," \
			"ratio $(ratio "${start[minivmm]}" "${start[$peer]}")"
		echo "instructions: one read of 4 KiB:" \
			"minivmm ${read[minivmm]}, $peer ${read[$peer]}," \
			"ratio $(ratio "${read[minivmm]}" "${read[$peer]}")"
	done
}

[ "${2-}" = disk ] || count_starts
count_disk
