#!/bin/bash
# SPDX-License-Identifier: MIT
# vmlinux.sh BZIMAGE OUT: the ELF kernel packed inside a bzImage. The lab host is booted from it
# (PVH entry): unpacking Debian's xz kernel under emulation takes longer than the rest of the boot.
set -eu

bzimage=$1 out=$2

# Reads an unsigned little-endian field of $2 bytes at offset $1; x86 boot protocol, "The Real-Mode Kernel Header".
field()
{
	od -An -v -t "u$2" -j "$1" -N "$2" "$bzimage" | tr -d ' '
}

setup_sects=$(field $((0x1f1)) 1)
payload_offset=$(field $((0x248)) 4)
payload_length=$(field $((0x24c)) 4)
start=$(((setup_sects + 1) * 512 + payload_offset))

payload()
{
	tail -c +$((start + 1)) "$bzimage" | head -c "$payload_length"
}

magic=$(payload 2>/dev/null | od -An -v -t x1 -N 4 | tr -d ' ')
case $magic in
fd377a58) unpack="xz -dc" ;;
28b52ffd) unpack="zstd -q -dc" ;;
02214c18) unpack="lz4 -q -dc" ;;
1f8b*) unpack="gzip -dc" ;;
*) echo "vmlinux.sh: $bzimage: unknown compression $magic" >&2; exit 1 ;;
esac
# The last four bytes of the payload are the unpacked size. They are a part of the stream for gzip alone.
[ "${unpack%% *}" = gzip ] || payload_length=$((payload_length - 4))
payload | $unpack > "$out.tmp"
mv "$out.tmp" "$out"
