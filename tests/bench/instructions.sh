#!/bin/bash
# SPDX-License-Identifier: MIT
# instructions.sh PLUGIN [starts|kernel|devices|firmware|disk|many]...: what minivmm and QEMU cost on the lab host, in
# instructions that the whole emulated machine executes between two marks. QEMU is the newest, where
# `make bench-peer` fetched it, or else Debian 12's. Figures, no verdict: in each line
# minivmm's, then each peer's and in brackets the ratio of minivmm's to it. LAB_DIR, LAB_VMM and LAB_MACHINE as for
# lab.sh. BENCH_CASE="qemu=stable rounds=5 poll=off" changes what is measured: see counted_peers.sh.
#
# instructions.sh PLUGIN profile [vmm=minivmm|q35|microvm] [mib=N] [pages=small|transparent|huge]
# [guest=ends|kernel|reads|pings|msi|intx]: where they go, and how often the guest came out and why.
set -eu

plugin=$(readlink -f "$1")
here=$(cd "$(dirname "$0")" && pwd)
logs=$(readlink -f "$LAB_DIR")/logs
kept=$(mktemp -d)
trap 'rm -rf "$kept"' EXIT

# counted CASE [WORDS]: makes a boot in which counted_CASE.sh runs, and another one if the emulator died. Keeps its
# marks.
counted()
{
	local tries=0 case=$1

	shift
	until LAB_CASE="$* ${BENCH_CASE:-}" LAB_PLUGIN="$plugin,out=$logs/sums${profile:+,profile=$logs/profile}" \
		"$here/../lab/lab.sh" bench "counted_$case" >&2; do
		tries=$((tries + 1))
		[ $tries -lt 3 ] || exit 1
	done
	boots=$((boots + 1))
	cp "$logs/sums" "$kept/sums.$boots"
	cp "$logs/measured" "$kept/measured.$boots"
	files+=("$kept/sums.$boots" "$kept/measured.$boots")
}

# figures PART: prints a heading, and a line for each figure.
figures()
{
	local part=$1 peer

	files=()
	if [ "$part" = firmware ]; then
		for peer in minivmm q35 pc; do
			counted firmware "vmm=$peer"
		done
	else
		counted "$part"
	fi
	printf 'instructions, beside %s, Linux %s:\n' "$(cat "$logs/peer")" "$(cat "$logs/release")"
	"$here/marks.py" "$part" "${files[@]}"
}

boots=0
profile=''
shift
if [ "${1:-}" = profile ]; then
	profile=yes
	shift
	counted profile "$@"
	exec "$here/profile.py" "$logs"
fi
[ $# -gt 0 ] || set -- starts kernel devices firmware disk many
for part; do
	figures "$part"
done
