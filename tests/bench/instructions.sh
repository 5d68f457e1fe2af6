#!/bin/bash
# SPDX-License-Identifier: MIT
# instructions.sh PLUGIN: what minivmm and QEMU cost on the lab host, in instructions that the whole
# emulated machine executes. Each figure is the difference of boots: with what is measured, and without.
# Repeats to about one percent. Figures, no verdict. LAB_DIR and LAB_VMM as for lab.sh.
set -eu

plugin=$(readlink -f "$1")
here=$(cd "$(dirname "$0")" && pwd)
sum=$(mktemp)
trap 'rm -f "$sum"' EXIT

# counted WORDS: the instructions of a boot in which counted_case.sh does that.
counted()
{
	: > "$sum"
	LAB_CASE="$*" LAB_PLUGIN="$plugin,out=$sum" "$here/../lab/lab.sh" bench counted_case >&2
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

declare -A own slope start read
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

# A disk image, with the same server behind both.
for peer in minivmm q35; do
	read[$peer]=$((($(counted $peer 256 disk 1001) - $(counted $peer 256 disk 1)) / 1000))
done
echo "instructions: one read of 4 KiB from a disk image:" \
	"minivmm ${read[minivmm]}, q35 ${read[q35]}, ratio $(ratio "${read[minivmm]}" "${read[q35]}")"
