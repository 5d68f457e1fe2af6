#!/bin/sh
# SPDX-License-Identifier: MIT
# Run Check programs; one line for each test: `PASS program:test` or `FAIL program:test: why`. $UNIT_RUNNER is what
# they run under.
set -eu

bad=0
for program in "$@"; do
	name=$(basename "$program")
	tap=$program.tap
	log=$program.log
	rm -f "$tap"
	# In one process, so that the sanitizers see leaks across the whole program.
	# shellcheck disable=SC2086 # a command and its words
	if CK_FORK=no CK_TAP_LOG_FILE_NAME=$tap ${UNIT_RUNNER-} "$program" > "$log" 2>&1; then
		ended=0
	else
		ended=$?
		bad=1
	fi
	# Check writes `ok N - FILE:SUITE:TEST: Passed`, or `not ok ...: why`.
	[ ! -e "$tap" ] || sed -n \
		-e "s/^ok [0-9]* - [^:]*:[^:]*:\([^:]*\):.*/PASS $name:\1/p" \
		-e "s/^not ok [0-9]* - [^:]*:[^:]*:\([^:]*\): \(.*\)/FAIL $name:\1: \2/p" "$tap"
	grep '^SKIP ' "$log" || true
	if [ $ended != 0 ] && ! grep -q '^not ok' "$tap" 2> /dev/null; then
		echo "FAIL $name: exit status $ended, see $log"
		tail -n 20 "$log"
	fi
done
exit $bad
