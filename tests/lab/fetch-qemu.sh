#!/bin/bash
# SPDX-License-Identifier: MIT
# fetch-qemu.sh DIR: the newer QEMU of Debian's backports, which emulates a network card with virtual
# functions (igb); unpacked into DIR/qemu-backports, not installed. Backports need not be among the
# machine's sources: the mirror that it has the rest from is asked for them.
set -eu

dir=$(readlink -m "$1")/qemu-backports
apt=$dir.apt
rm -rf "$dir" "$apt"
mkdir -p "$dir" "$apt"/{lists,cache/archives}/partial

# shellcheck source=/dev/null
suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
# shellcheck disable=SC2016 # $() is apt's own
mirror=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' |
	awk -v suite="$suite" '$2 == suite { print $1; exit }')
echo "deb ${mirror:?no mirror of $suite among the sources of apt} $suite-backports main" > "$apt/sources"

# A state of its own: the machine's lists stay as they are.
private_apt()
{
	# apt's own unprivileged user cannot write below a home or work directory.
	apt-get -q -q -o "Dir::Etc::SourceList=$apt/sources" -o Dir::Etc::SourceParts=- \
		-o "Dir::State::Lists=$apt/lists" -o "Dir::Cache=$apt/cache" \
		-o APT::Sandbox::User=root -o Debug::NoLocking=1 -o Acquire::Languages=none "$@"
}

private_apt update
for package in qemu-system-x86 qemu-system-common qemu-system-data; do
	(cd "$apt" && private_apt download "$package/$suite-backports")
done
for deb in "$apt"/*.deb; do
	dpkg -x "$deb" "$dir"
done
rm -rf "$apt"
touch "$dir/.complete"
