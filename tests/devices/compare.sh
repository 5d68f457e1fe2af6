#!/bin/bash
# SPDX-License-Identifier: MIT
# compare.sh BUILD QEMU_DIR [NAME...]: devices under minivmm and under the QEMU in QEMU_DIR, all or
# those named: the files of shared/data/lspci beside the repository (or of $DEVICES), and our own.
# One line for each, `PASS NAME: figures`, `FAIL NAME: ...` or `SKIP NAME: why`; what is behind a
# difference is left in BUILD/devices/NAME. At the end the differences by reason.
set -u

here=$(dirname "$0")
build=$1
export NEWEST_QEMU=$2
shift 2
real=${DEVICES:-$here/../../../shared/data/lspci}
export COMPARE_COUNTS=$build/devices/counts
mkdir -p "$build/devices"
: > "$COMPARE_COUNTS"

# What one of the two will not be given; `NAME WHO WHY`.
refused()
{
	sed -n "s/^refused | $1 | $2 | //p" "$here/reasons.txt"
}

compare()
{
	local device=$1 name=$2 dir=$build/devices/$2 who why

	rm -rf "$dir"
	mkdir -p "$dir"
	for who in minivmm qemu; do
		"$here/walk.sh" "$build" "$device" "$dir" $who && continue
		why=$(refused "$name" $who)
		if [ -n "$why" ]; then
			echo "PASS $name: not under $who: $why"
			return 0
		fi
		echo "FAIL $name: $who: $(head -n 1 "$dir/$who.err")"
		return 1
	done
	"$here/compare.py" "$here/reasons.txt" "$device" "$dir" "$name"
}

# Our own server of the demo device, for another client than minivmm.
demo_device()
{
	local dir=$build/devices/demo-device

	mkdir -p "$dir"
	if "$here/walk.sh" "$build" demo "$dir" qemu && grep -q '^done' "$dir/qemu.view"; then
		echo "PASS demo-device: QEMU's client walks over it to the end"
	else
		echo "FAIL demo-device: qemu: $(head -n 1 "$dir/qemu.err")"
		return 1
	fi
}

names=("$@")
wanted()
{
	local name

	[ ${#names[@]} = 0 ] && return 0
	for name in "${names[@]}"; do
		[ "$name" = "$1" ] && return 0
	done
	return 1
}

missing=
[ -w /dev/kvm ] || missing='this machine has no /dev/kvm'
[ -e "$NEWEST_QEMU/.complete" ] || missing="no QEMU with a vfio-user client in $NEWEST_QEMU"
[ -d "$real" ] || echo "SKIP devices: no files in $real"
bad=0
for device in "$real"/*.txt "$here"/made-up/*.txt; do
	name=$(basename "$device" .txt)
	[ -e "$device" ] || continue
	wanted "$name" || continue
	if [ -n "$missing" ]; then
		echo "SKIP $name: $missing"
	else
		compare "$device" "$name" || bad=1
	fi
done
if wanted demo-device; then
	if [ -n "$missing" ]; then
		echo "SKIP demo-device: $missing"
	else
		demo_device || bad=1
	fi
fi
"$here/sum.py" "$COMPARE_COUNTS"
exit $bad
