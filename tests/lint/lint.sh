#!/bin/bash
# SPDX-License-Identifier: MIT
# shellcheck disable=SC2317 # the checks are called by name
# make lint: format, static analysis, layering, shell scripts. Every checker runs; any finding fails.
set -u
cd "$(dirname "$0")/../.." || exit

bad=0
mapfile -t c_files < <(git ls-files -co --exclude-standard '*.c' '*.h' | sort)
mapfile -t scripts < <(git ls-files -co --exclude-standard '*.sh' .ci/run | sort)

check()
{
	local what=$1

	shift
	echo "lint: $what"
	"$@" || bad=1
}

check_width()
{
	awk '{ line = $0; gsub(/\t/, "        ", line) }
		length(line) > 100 { print FILENAME ":" FNR ": wider than 100 columns"; bad = 1 }
		/[ \t]$/ { print FILENAME ":" FNR ": blank at the end of the line"; bad = 1 }
		END { exit bad }' "${c_files[@]}"
}

check_cppcheck()
{
	cppcheck --quiet --std=c11 --enable=warning,performance,portability --inline-suppr \
		--suppress=missingIncludeSystem --error-exitcode=1 -I. -Ibuild/gen -D_GNU_SOURCE \
		-D__x86_64__ '-DMINIVMM_VERSION="0"' vmm devices vfio firmware
}

# The other architecture's own files, where its headers are unpacked: `make ARCH=aarch64` does it.
check_tidy_aarch64()
{
	[ -e build/aarch64/root/.packages ] || return 0
	clang-tidy --quiet vmm/aarch64/*.c -- -std=gnu11 -I. -D_GNU_SOURCE \
		--target=aarch64-linux-gnu --sysroot=build/aarch64/root 2> /dev/null
}

check_tidy()
{
	# shellcheck disable=SC2016 # the inner shell expands
	find vmm devices vfio firmware -name '*.c' ! -path 'vmm/aarch64/*' -print0 | sort -z |
		xargs -0 -P "$(nproc)" -n 5 sh -c 'clang-tidy --quiet "$@" -- -std=gnu11 -I. \
			-Ibuild/gen -D_GNU_SOURCE "-DMINIVMM_VERSION=\"0\"" 2> /dev/null' tidy
}

check 'format' clang-format --dry-run -Werror "${c_files[@]}"
check 'width' check_width
check 'layers' tests/lint/layers.sh
check 'circles' python3 tests/lint/circles.py build
check 'rules' tests/lint/rules.sh
check 'shell scripts' shellcheck -x "${scripts[@]}"
check 'cppcheck' check_cppcheck
check 'clang-tidy' check_tidy
check 'clang-tidy, arm64' check_tidy_aarch64
[ $bad = 0 ] && echo 'lint: clean'
exit $bad
