#!/bin/sh
# SPDX-License-Identifier: MIT
# newest-qemu.sh DIR ARGS...: the QEMU that tests/lab/fetch-qemu.sh unpacked into DIR, with its own
# loader and libraries: they are newer than the machine's.
set -eu

dir=$1
shift
libs=$dir/usr/lib/x86_64-linux-gnu
QEMU_MODULE_DIR=$libs/qemu exec "$dir/usr/lib64/ld-linux-x86-64.so.2" --library-path "$libs:$libs/pulseaudio:$libs/systemd" \
	"$dir/usr/bin/qemu-system-x86_64" -L "$dir/usr/share/qemu" -L "$dir/usr/share/seabios" "$@"
