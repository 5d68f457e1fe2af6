#!/bin/bash
# SPDX-License-Identifier: MIT
# fetch-qemu.sh DIR [newest|servers]: a newer QEMU than the machine's, or newer servers for the devices of a
# guest, unpacked below DIR, not installed.
#
# Without `newest` that of Debian's backports, which emulates a network card with virtual functions
# (igb), in DIR/qemu-backports; it uses the machine's libraries. With it that of Debian sid, which
# has a vfio-user client, in DIR/qemu-newest; with all libraries that it needs, the loader among
# them: tests/devices/newest-qemu.sh starts it. With `servers` it is passt and the virtiofsd in Rust of
# Debian 13, in DIR/servers, also with their libraries.
#
# None of them need be among the machine's sources. The mirror that the rest comes from is asked.
set -eu

# shellcheck source=tests/lab/private-apt.sh
. "$(dirname "$0")/private-apt.sh"

case ${2-} in
newest) name=qemu-newest ;;
servers) name=servers ;;
*) name=qemu-backports ;;
esac
dir=$(readlink -m "$1")/$name
rm -rf "$dir"
mkdir -p "$dir"

get_backports()
{
	private_suites "$dir.apt" -backports
	for package in qemu-system-x86 qemu-system-common qemu-system-data; do
		(cd "$apt" && private_apt download "$package/$suite-backports")
	done
}

# get_whole SUITE PACKAGE...: fetches what the packages depend on, too, as for a machine with nothing on it.
get_whole()
{
	private_suites "$dir.apt" "$1"
	shift
	private_apt -o "Dir::State::status=$apt/status" --yes --no-install-recommends \
		--download-only install "$@"
	mv "$apt"/cache/archives/*.deb "$apt"
}

case $name in
qemu-newest) get_whole sid qemu-system-x86 ;;
servers) get_whole trixie passt virtiofsd ;;
*) get_backports ;;
esac
private_unpack "$dir"
touch "$dir/.complete"
