#!/bin/bash
# SPDX-License-Identifier: MIT
# builds.sh DIR: both architectures with both compilers, below DIR; a warning fails.
set -u

dir=$1
bad=0
host=$(uname -m)

# The headers of the other architecture may not be available.
foreign()
{
	[ "$1" = "$host" ] || make -s ARCH="$1" "build/$1/root/.packages"
}

# build ARCH CC
build()
{
	local out=$dir/$1-$2 root=
	local -a compiler=()

	[ "$1" = "$host" ] || root=ROOT=build/$1/root
	[ "$2" = gcc ] || compiler=("CC=$2")
	mkdir -p "$out"
	make -s -j2 ARCH="$1" B="$out" ${root:+"$root"} "${compiler[@]}" CFLAGS='-O2 -Werror' \
		> "$out/log" 2>&1
}

for arch in x86_64 aarch64; do
	for compiler in gcc clang; do
		if ! foreign $arch > "$dir.log" 2>&1; then
			echo "SKIP build $arch $compiler: its packages cannot be had, see $dir.log"
		elif build $arch $compiler; then
			echo "PASS build $arch $compiler"
		else
			echo "FAIL build $arch $compiler: see $dir/$arch-$compiler/log"
			bad=1
		fi
	done
done
exit $bad
