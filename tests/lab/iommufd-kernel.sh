#!/bin/bash
# SPDX-License-Identifier: MIT
# iommufd-kernel.sh ROOT [newest]: builds a kernel with iommufd, which no Debian kernel has. It is the smallest kernel
# of Debian's own source, or with `newest` of Debian sid's, plus iommufd.config, and goes into ROOT as fetch.sh unpacks
# the others. This takes some ten minutes on two processors, and 2 GiB below ROOT meanwhile.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/lab/private-apt.sh
. "$here/private-apt.sh"
root=$(readlink -m "$1")
work=$root.build
source=linux-source-6.12

rm -rf "$root" "$work"
mkdir -p "$root/boot" "$work/out"
if [ "${2-}" = newest ]; then
	private_suites "$work/apt" sid
	source=$(private_cache depends linux-source | awk '$1 == "Depends:" { print $2; exit }')
	(cd "$work" && private_apt download "$source")
else
	# apt's own unprivileged user cannot write below a home or work directory.
	(cd "$work" && apt-get -q -q -o APT::Sandbox::User=root download "$source")
fi
echo "iommufd-kernel.sh: $source, in $work"
dpkg -x "$work/$source"_*.deb "$work"
tar -C "$work" -xf "$work/usr/src/$source.tar.xz"

kernel()
{
	make -s -C "$work/$source" O="$(readlink -f "$work/out")" "$@"
}

kernel tinyconfig
"$work/$source/scripts/kconfig/merge_config.sh" -m -O "$work/out" "$work/out/.config" \
	"$here/iommufd.config" > "$work/merge.log"
kernel olddefconfig
# What an option needs may change with the kernel. An option that lacks it is silently left out.
while read -r option; do
	grep -q "^$option$" "$work/out/.config" || {
		echo "iommufd-kernel.sh: $option did not survive; see $work/out/.config" >&2
		exit 1
	}
done < <(grep '^CONFIG_' "$here/iommufd.config")
kernel -j"$(nproc)" bzImage modules > "$work/build.log" 2>&1 || {
	tail "$work/build.log" >&2
	exit 1
}

release=$(kernel kernelrelease)
cp "$work/out/arch/x86/boot/bzImage" "$root/boot/vmlinuz-$release"
cp "$work/out/.config" "$root/boot/config-$release"
kernel INSTALL_MOD_PATH="$(readlink -f "$root")" modules_install > /dev/null
rm -f "$root/lib/modules/$release/build"
echo "$release" > "$root/.release"
rm -rf "$work"
touch "$root/.complete"
