#!/bin/sh
# SPDX-License-Identifier: MIT
# Install the Debian packages named on the command line; silent and offline when all are there.
set -eu

missing=
for package in "$@"; do
	status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
	[ "$status" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

as_root=
[ "$(id -u)" = 0 ] || as_root=sudo
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get update -q
# shellcheck disable=SC2086 # a list of words on purpose
$as_root apt-get install -q -y --no-install-recommends $missing
