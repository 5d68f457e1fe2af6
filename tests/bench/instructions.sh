#!/bin/bash
# SPDX-License-Identifier: MIT
# instructions.sh PLUGIN [starts|disk|firmware]...: what minivmm and QEMU cost on the lab host, in
# instructions that the whole emulated machine executes. Each figure is the difference of boots: with what is measured,
# and without. Repeats to about one percent. Figures, no verdict. LAB_DIR and LAB_VMM as for lab.sh. Of guests'
# starts, reads from a disk image, the start of firmware; of all of them when none is named.
set -eu

plugin=$(readlink -f "$1")
here=$(cd "$(dirname "$0")" && pwd)
sum=$(mktemp)
trap 'rm -f "$sum"' EXIT

# counted_by CASE WORDS: the instructions of a boot in which CASE.sh does that. A boot that failed counts nothing.
counted_by()
{
	local tries=0 case=$1

	shift
	until : > "$sum" && LAB_CASE="$*" LAB_PLUGIN="$plugin,out=$sum" "$here/../lab/lab.sh" bench "$case" >&2; do
		tries=$((tries + 1))
		[ $tries -lt 3 ] || exit 1
	done
	echo "instructions of the whole boot, $*: $(cat "$sum")" >&2
	cat "$sum"
}

counted()
{
	counted_by counted_case "$@"
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

# From the start of a VMM to the boot loader's first line.
count_firmware()
{
	local base peer
	local -a peers=(pc q35)
	local -A start

	[ ! -e "${LAB_DIR:-build/lab}/qemu-newest/.complete" ] || peers+=("q35 newest")
	base=$(counted_by counted_firmware none)
	for peer in minivmm "${peers[@]}"; do
		start[$peer]=$(($(counted_by counted_firmware "$peer") - base))
	done
	for peer in "${peers[@]}"; do
		echo "instructions, millions: firmware to the boot loader's first line, 256 MiB:" \
			"minivmm $(millions "${start[minivmm]}"), $peer $(millions "${start[$peer]}")," \
			"ratio $(ratio "${start[minivmm]}" "${start[$peer]}")"
	done
}

shift
[ $# -gt 0 ] || set -- starts disk firmware
for part; do
	"count_$part"
done
