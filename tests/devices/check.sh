#!/bin/bash
# SPDX-License-Identifier: MIT
# check.sh BUILD [--update]: our own devices under minivmm: what the guest sees and what reaches the
# device is what made-up/NAME.expected says. One line for each, `PASS devices:NAME` and so on. With
# --update the files are written anew, to be read before they are committed.
set -u

here=$(dirname "$0")
build=$1
update=${2-}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Prints the guest's view. After it come those parts of the log that no register shows: interrupts, resets, states at
# marks. What comes behind the last mark is minivmm's end, which waits for no server.
tell()
{
	sed '/^$/d' "$work/minivmm.view"
	echo '--- the device'
	grep -Ev '^(config|bar)' "$work/minivmm.log" |
		awk '{ line[NR] = $0 } /^mark/ { last = NR } END { for (i = 1; i <= last; i++) print line[i] }'
}

bad=0
for device in "$here"/made-up/*.txt; do
	name=$(basename "$device" .txt)
	expected=${device%.txt}.expected
	if [ ! -w /dev/kvm ]; then
		echo "SKIP devices:$name: this machine has no /dev/kvm"
	elif ! "$here/walk.sh" "$build" "$device" "$work" minivmm; then
		echo "FAIL devices:$name: $(head -n 1 "$work/minivmm.err")"
		bad=1
	elif [ "$update" = --update ]; then
		tell > "$expected"
	elif tell | diff "$expected" - > "$work/diff"; then
		echo "PASS devices:$name"
	else
		echo "FAIL devices:$name: $(sed -n '/^[<>]/{p;q}' "$work/diff")"
		bad=1
	fi
done

# Resets and sleeps while two other CPUs use the device, by accesses that exit, and by a mapped BAR.
hammer()
{
	local name=$1 why

	if [ ! -w /dev/kvm ]; then
		echo "SKIP devices:$name: this machine has no /dev/kvm"
		return 0
	fi
	GUEST=hammer CPUS=3 MAPPED=$2 "$here/walk.sh" "$build" "$here/made-up/all-resets.txt" "$work" minivmm
	why="status $?, $(cat "$work/minivmm.err" "$work/minivmm.view" | head -n 1)"
	if [ "$(cat "$work/minivmm.view")" = "$(printf 'bytes 000 00000100\nhits 000 00000001\ndone')" ] &&
		[ "$(grep -c '^flr' "$work/minivmm.log")" = 40 ]; then
		echo "PASS devices:$name"
	else
		echo "FAIL devices:$name: $why"
		return 1
	fi
}

[ "$update" = --update ] && exit $bad
hammer hammered '' || bad=1
hammer hammered-mapped mapped || bad=1
exit $bad
