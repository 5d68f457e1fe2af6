#!/bin/bash
# SPDX-License-Identifier: MIT
# Run every suite, show what each says, and count its PASS, FAIL and SKIP lines at the end.
set -u

build=$1
log=$build/check.log
# The tests are taken by their sources, because a program whose source is gone may still lie in the folder.
unit_tests=(tests/unit/*_test.c)
unit_tests=("${unit_tests[@]/#tests/$build}")
: > "$log"

# suite NAME COMMAND...: a suite that ends badly without naming a failed test counts as one.
suite()
{
	local name=$1 part=$build/check.part status

	shift
	echo "== $name"
	"$@" 2>&1 | tee "$part"
	status=${PIPESTATUS[0]}
	if [ "$status" != 0 ] && ! grep -q '^FAIL ' "$part"; then
		echo "FAIL $name: ended with status $status" | tee -a "$part"
	fi
	cat "$part" >> "$log"
}

# The lab takes longest and uses one processor, so it runs beside the other suites. When they have ended, a second lab
# of the same images takes boots from the same queue.
LAB_QUEUE=$(mktemp -d)
export LAB_QUEUE
LAB_DIR=$build/lab LAB_VMM=$build/minivmm tests/lab/lab.sh run > "$build/check.lab" 2>&1 &
lab=$!
trap 'kill $lab 2>/dev/null; rm -rf "$LAB_QUEUE"' EXIT

second_lab()
{
	local second=$build/lab-second

	rm -rf "$second"
	mkdir "$second"
	# The images are links: no lab writes to them.
	cp -al "$build"/lab/{*.cpio,*.img,vmlinux-*,root-*,qemu-*} "$second"
	LAB_DIR=$second LAB_VMM=$build/minivmm tests/lab/lab.sh run
}

suite builds tests/builds.sh "$build/builds"
suite prose tests/prose/prose.py "$build/minivmm"
suite options tests/prose/options.py "$build/minivmm"
suite unit tests/unit/run.sh "${unit_tests[@]%.c}"
# The number of inputs is fixed, which takes some seconds each. `make fuzz` goes on for longer. The fuzzers begin with
# nothing learned, so that they do the same on every machine.
rm -rf "$build"/fuzz/*.unlearned
export FUZZ_CORPUS=unlearned
suite fuzz tests/fuzz/run_fuzz.sh -runs=20000 "$build"/fuzz/fuzz_{user,kernel,arm64,options,qmp}
suite fuzz tests/fuzz/run_fuzz.sh -runs=1000 "$build"/fuzz/fuzz_guest
suite fuzz tests/fuzz/run_fuzz.sh -runs=10000 "$build"/fuzz/fuzz_device
suite kvm tests/kvm/run.sh "$build"
suite trace tests/kvm/trace.sh "$build"
suite devices tests/devices/check.sh "$build"
suite qmp tests/kvm/qmp.sh "$build"
suite terminal tests/kvm/terminal.py "$build"
# The other architecture, on an emulated machine of its own.
suite 'lab, arm64' env -u LAB_QUEUE tests/lab/check-arm64.sh
suite 'lab, second' second_lab
suite lab tail -n +1 -f --pid=$lab "$build/check.lab"
wait $lab || grep -q '^FAIL ' "$build/check.lab" ||
	echo "FAIL lab: ended badly, see $build/check.lab" | tee -a "$log"

passed=$(grep -c '^PASS ' "$log")
failed=$(grep -c '^FAIL ' "$log")
skipped=$(grep -c '^SKIP ' "$log")
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ] && [ "$passed" != 0 ]
