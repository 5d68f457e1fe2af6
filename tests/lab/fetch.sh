#!/bin/bash
# SPDX-License-Identifier: MIT
# fetch.sh DIR: puts the Debian kernels of the lab into DIR/root-6.1, DIR/root-6.1-cloud and
# DIR/root-6.12, unpacked but not installed. Uses the network only for what is not in DIR yet.
set -eu

dir=${1:?usage: fetch.sh DIR}
pkgs=$dir/pkgs
mkdir -p "$pkgs"

# Meta packages follow Debian's updates: linux-image-amd64 -> linux-image-6.1.0-NN-amd64.
resolve()
{
	apt-cache depends "$1" | awk '$1 == "Depends:" && $2 ~ /^linux-image-/ { print $2; exit }'
}

# The machine's lists of packages may be missing, or older than what the mirror still has.
update_lists()
{
	local as_root=

	[ "$(id -u)" = 0 ] || as_root=sudo
	$as_root apt-get -q -q update
}

# download META: fetches the package behind it into $pkgs, and sets $package.
download()
{
	package=$(resolve "$1")
	[ -n "$package" ] || return 1
	rm -f "$pkgs/$package"_*.deb
	# apt's own unprivileged user cannot write below a home or work directory.
	(cd "$pkgs" && apt-get -q -q -o APT::Sandbox::User=root download "$package")
}

fetch_kernel()
{
	local root=$dir/root-$1 meta=$2 package deb release

	if [ -e "$root/.complete" ]; then
		return
	fi
	if ! download "$meta" && ! { update_lists && download "$meta"; }; then
		echo "fetch.sh: no package $meta here; is bookworm-security among apt's sources?" >&2
		return 1
	fi
	echo "fetch.sh: $package -> $root"
	rm -rf "$root"
	deb=$(ls "$pkgs/$package"_*.deb)
	dpkg -x "$deb" "$root"
	release=$(ls "$root/lib/modules")
	depmod -b "$root" "$release"
	echo "$release" > "$root/.release"
	rm "$deb"
	touch "$root/.complete"
}

fetch_kernel 6.1 linux-image-amd64
fetch_kernel 6.1-cloud linux-image-cloud-amd64
fetch_kernel 6.12 linux-image-6.12-amd64
