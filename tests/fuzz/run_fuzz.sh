#!/bin/sh
# SPDX-License-Identifier: MIT
# run_fuzz.sh -runs=N|-max_total_time=SECONDS PROGRAM...: run fuzzers one after the other; one line
# for each, `PASS fuzz:NAME (N runs)` or `FAIL fuzz:NAME: why`. What they learned is kept in
# PROGRAM.corpus (or PROGRAM.$FUZZ_CORPUS), what crashed in PROGRAM.crash-*.
set -eu

limit=$1
shift
bad=0
for program in "$@"; do
	name=${program##*/fuzz_}
	log=$program.log
	dict=$(dirname "$0")/$name.dict
	[ -e "$dict" ] || dict=
	corpus=$program.${FUZZ_CORPUS:-corpus}
	mkdir -p "$corpus"
	# What minivmm says of the nonsense it gets is of no interest: file 2 of the target is closed.
	if ASAN_OPTIONS=detect_leaks=1 "$program" "$limit" ${dict:+-dict="$dict"} -seed=1 -max_len=1024 -timeout=20 \
		-rss_limit_mb=2048 -close_fd_mask=2 -print_final_stats=1 \
		-artifact_prefix="$program.crash-" "$corpus" > "$log" 2>&1; then
		runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
		tally=$(sed -n 's/^stat::tally: *//p' "$log")
		echo "PASS fuzz:$name (${runs:-?} runs${tally:+, $tally})"
	else
		bad=1
		echo "FAIL fuzz:$name: $(grep -m 1 -e 'ERROR: ' -e 'runtime error' -e 'assert' "$log" || tail -n 1 "$log")"
	fi
done
exit $bad
