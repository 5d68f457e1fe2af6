#!/bin/bash
# SPDX-License-Identifier: MIT
# compare-lab.sh FOLDER: what guests saw of the lab's devices under minivmm and under QEMU, as the scenarios
# `compare` and `compare-igb` left it, a folder for each device. One line for each, as compare.sh; at the end
# the differences by reason.
set -u

here=$(dirname "$0")
export COMPARE_COUNTS=$1/counts
: > "$COMPARE_COUNTS"
bad=0
for dir in "$1"/*/; do
	"$here/compare.py" "$here/reasons.txt" "$dir/device.txt" "$dir" "$(basename "$dir")" || bad=1
done
"$here/sum.py" "$COMPARE_COUNTS"
exit $bad
