#!/bin/bash
# SPDX-License-Identifier: MIT
# fetch-memtest.sh DIR: puts the files of Debian's memtest86+, and nothing else, into DIR/memtest86+.
set -eu

dir=${1:?usage: fetch-memtest.sh DIR}/memtest86+
rm -rf "$dir"
mkdir -p "$dir"
cd "$dir"
# apt's own unprivileged user cannot write below a home or work directory.
apt-get -q -q -o APT::Sandbox::User=root download memtest86+
dpkg -x memtest86+_*.deb .
mv boot/*.bin .
rm -r boot etc usr memtest86+_*.deb
touch .complete
