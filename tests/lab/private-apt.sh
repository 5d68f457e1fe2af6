# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Packages of another of Debian's suites than the machine's, read by fetch-qemu.sh and
# fetch-newest-kernel.sh. The suite need not be among the machine's sources: the mirror that it has the
# rest from is asked, and apt works in a folder of its own, so that the machine's lists stay as they are.

# private_suites FOLDER SUITE...: makes the folder and asks for the lists. Sets $apt and $suite, the
# machine's own.
private_suites()
{
	local mirror name

	apt=$1
	shift
	rm -rf "$apt"
	mkdir -p "$apt"/{lists,cache/archives}/partial
	: > "$apt/status"
	# shellcheck source=/dev/null
	suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
	# shellcheck disable=SC2016 # $() is apt's own
	mirror=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' |
		awk -v suite="$suite" '$2 == suite { print $1; exit }')
	: "${mirror:?no mirror of $suite among the sources of apt}"
	for name; do
		echo "deb $mirror ${name/#-/$suite-} main"
	done > "$apt/sources"
	private_apt update
}

# As apt-get. apt's own unprivileged user cannot write below a home or work directory.
private_apt()
{
	"${private_tool:-apt-get}" -q -q -o "Dir::Etc::SourceList=$apt/sources" -o Dir::Etc::SourceParts=- \
		-o "Dir::State::Lists=$apt/lists" -o "Dir::Cache=$apt/cache" \
		-o APT::Sandbox::User=root -o Debug::NoLocking=1 -o Acquire::Languages=none "$@"
}

# As apt-cache.
private_cache()
{
	private_tool=apt-cache private_apt "$@"
}

# private_unpack DIR: what was fetched into $apt; then the folder goes.
private_unpack()
{
	local deb

	for deb in "$apt"/*.deb; do
		dpkg -x "$deb" "$1"
	done
	rm -rf "$apt"
}
