#!/bin/bash
# SPDX-License-Identifier: MIT
# fetch-newest-kernel.sh DIR: the kernel of Debian sid, unpacked into DIR/root-newest, not installed.
#
# The kernel comes as three packages, and none has a /boot: the image lies among the modules. The folder gets the
# shape of the other kernels' folders (fetch.sh).
set -eu

# shellcheck source=tests/lab/private-apt.sh
. "$(dirname "$0")/private-apt.sh"

dir=$(readlink -m "$1")/root-newest
private_suites "$dir.apt" sid
release=$(private_cache depends linux-image-amd64 |
	awk '$1 == "Depends:" && sub(/^linux-image-/, "", $2) { print $2; exit }')
: "${release:?no linux-image-amd64 in sid}"
(cd "$apt" && private_apt download "linux-base-$release" "linux-binary-$release" "linux-modules-$release")
echo "fetch-newest-kernel.sh: $release -> $dir"
rm -rf "$dir"
mkdir -p "$dir/boot"
private_unpack "$dir"
ln -s usr/lib "$dir/lib"
ln "$dir/lib/modules/$release/vmlinuz" "$dir/boot/vmlinuz-$release"
depmod -b "$dir" "$release"
echo "$release" > "$dir/.release"
touch "$dir/.complete"
