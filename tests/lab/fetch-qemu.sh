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
# None of them need be among the machine's sources: the mirror that it has the rest from is asked.
set -eu

case ${2-} in
newest) name=qemu-newest ;;
servers) name=servers ;;
*) name=qemu-backports ;;
esac
dir=$(readlink -m "$1")/$name
apt=$dir.apt
rm -rf "$dir" "$apt"
mkdir -p "$dir" "$apt"/{lists,cache/archives}/partial
: > "$apt/status"

# shellcheck source=/dev/null
suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
# shellcheck disable=SC2016 # $() is apt's own
mirror=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' |
	awk -v suite="$suite" '$2 == suite { print $1; exit }')
: "${mirror:?no mirror of $suite among the sources of apt}"

# A state of its own: the machine's lists stay as they are.
private_apt()
{
	# apt's own unprivileged user cannot write below a home or work directory.
	apt-get -q -q -o "Dir::Etc::SourceList=$apt/sources" -o Dir::Etc::SourceParts=- \
		-o "Dir::State::Lists=$apt/lists" -o "Dir::Cache=$apt/cache" \
		-o APT::Sandbox::User=root -o Debug::NoLocking=1 -o Acquire::Languages=none "$@"
}

get_backports()
{
	echo "deb $mirror $suite-backports main" > "$apt/sources"
	private_apt update
	for package in qemu-system-x86 qemu-system-common qemu-system-data; do
		(cd "$apt" && private_apt download "$package/$suite-backports")
	done
}

# get_whole SUITE PACKAGE...: as on a machine with nothing on it, what they depend on comes along.
get_whole()
{
	echo "deb $mirror $1 main" > "$apt/sources"
	shift
	private_apt update
	private_apt -o "Dir::State::status=$apt/status" --yes --no-install-recommends \
		--download-only install "$@"
	mv "$apt"/cache/archives/*.deb "$apt"
}

case $name in
qemu-newest) get_whole sid qemu-system-x86 ;;
servers) get_whole trixie passt virtiofsd ;;
*) get_backports ;;
esac
for deb in "$apt"/*.deb; do
	dpkg -x "$deb" "$dir"
done
rm -rf "$apt"
touch "$dir/.complete"
