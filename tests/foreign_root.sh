#!/bin/bash
# SPDX-License-Identifier: MIT
# foreign_root.sh DIR ARCH PACKAGE...: unpacks Debian packages of another architecture below DIR, with all
# they depend on. A meta package for kernels stands for the kernel behind it, and that alone.
# Nothing is installed, and `dpkg --add-architecture`, which would change the machine for good, is not
# needed: apt gets a state and a cache of its own, and believes that the machine is an empty one of
# ARCH. Uses the network only if the list of packages has changed since the last time.
set -eu

dir=$(readlink -m "$1") arch=$2
shift 2
wanted=$dir/.packages
[ "$(cat "$wanted" 2> /dev/null)" != "$arch $*" ] || exit 0

apt=$dir.apt
rm -rf "$dir" "$apt"
mkdir -p "$dir" "$apt"/{lists,cache/archives}/partial
: > "$apt/status"

private_apt()
{
	local program=$1

	shift
	# apt's own unprivileged user cannot write below a home or work directory.
	"$program" -q -q -o "APT::Architecture=$arch" -o "APT::Architectures::=$arch" \
		-o "Dir::State::lists=$apt/lists" -o "Dir::State::status=$apt/status" \
		-o "Dir::Cache=$apt/cache" -o APT::Sandbox::User=root \
		-o Debug::NoLocking=1 -o Acquire::Languages=none "$@"
}

# Meta packages follow Debian's updates: linux-image-arm64 -> linux-image-6.1.0-NN-arm64.
download_kernel()
{
	local kernel

	kernel=$(private_apt apt-cache depends "$1" |
		awk '$1 == "Depends:" && $2 ~ /^linux-image-/ { sub(/:.*/, "", $2); print $2; exit }')
	(cd "$apt/cache/archives" && private_apt apt-get download "${kernel:?no kernel behind $1}")
}

# A source that has nothing for ARCH is no reason to stop.
private_apt apt-get update || true
others=()
for package; do
	case $package in
	linux-image-*) download_kernel "$package" ;;
	*) others+=("$package") ;;
	esac
done
[ ${#others[@]} = 0 ] ||
	private_apt apt-get --no-install-recommends --download-only -y install "${others[@]}"
for deb in "$apt"/cache/archives/*.deb; do
	dpkg -x "$deb" "$dir"
done
# Some packages still put into /lib what a Debian 12 machine, where that is a link, has in /usr/lib.
for name in bin lib sbin; do
	[ -d "$dir/$name" ] || continue
	mkdir -p "$dir/usr/$name"
	cp -a "$dir/$name/." "$dir/usr/$name"
	rm -rf "${dir:?}/$name"
	ln -s "usr/$name" "$dir/$name"
done
rm -rf "$apt"
echo "$arch $*" > "$wanted"
