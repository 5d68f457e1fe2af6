#!/bin/bash
# SPDX-License-Identifier: MIT
# The arm64 lab as a part of `make check` on another machine. Where Debian's packages for arm64 cannot be had, it is
# skipped by name.
set -u

log=build/lab-arm64.log

if [ "$(uname -m)" = aarch64 ]; then
	echo "SKIP lab arm64: this is an arm64 machine; its own lab is make lab-check"
elif make ARCH=aarch64 all lab-images > $log 2>&1; then
	make -s ARCH=aarch64 lab-check
else
	echo "SKIP lab arm64: nothing to start there, see $log: $(tail -n 1 $log)"
fi
