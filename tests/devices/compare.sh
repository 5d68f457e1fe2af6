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

# reason WORD NAME WHO: why WHO is not given NAME (`refused`), or comes to no end with it (`endless`).
reason()
{
	sed -n "s/^$1 | $2 | $3 | //p" "$here/reasons.txt"
}

# What has no end is not waited for as long as what is slow.
ENDLESS_LIMIT=20

# walk DEVICE NAME WHO: 0 with a view of it, 1 without one, for a reason that is printed, or 2.
walk()
{
	local dir=$build/devices/$2 why status=0 limit=${WALK_LIMIT:-300}

	why=$(reason endless "$2" "$3")
	[ -z "$why" ] || limit=$ENDLESS_LIMIT
	WALK_LIMIT=$limit "$here/walk.sh" "$build" "$1" "$dir" "$3" || status=$?
	[ $status = 0 ] && return 0
	if [ -n "$why" ] && [ $status = 124 ]; then
		echo "PASS $2: no end under $3: $why"
		return 1
	fi
	why=$(reason refused "$2" "$3")
	if [ -n "$why" ] && [ $status != 124 ]; then
		echo "PASS $2: not under $3: $why"
		return 1
	fi
	echo "FAIL $2: $3: status $status, $(head -n 1 "$dir/$3.err")"
	return 2
}

compare()
{
	local device=$1 name=$2 dir=$build/devices/$2 who status

	rm -rf "$dir"
	mkdir -p "$dir"
	for who in minivmm qemu; do
		status=0
		walk "$device" "$name" $who || status=$?
		[ $status = 0 ] || return $((status - 1))
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
