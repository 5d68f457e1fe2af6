#!/bin/bash
# SPDX-License-Identifier: MIT
# trace.sh BUILD_DIR [NAME...]: what --trace tells and --inject breaks, with bare-metal guests on
# /dev/kvm; one line for each test, `PASS name`, `FAIL name: why` or `SKIP name: why`. Needs strace
# and jq beside what run.sh needs.
# Tests are called by name, and jq has variables of its own:
# shellcheck disable=SC2317,SC2016
set -u

build=$1
shift
only=" $* "
minivmm=$build/minivmm
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
json=$work/trace.json
bad=0
skipped=

# run GUEST CHECK ARGS...: runs it to its end, and sets $status. Standard input never has data.
run()
{
	local guest=$1 append=$2

	shift 2
	"${under[@]}" timeout -k 1 20 "$minivmm" --kernel "$build/kvm/$guest.elf" --append "$append" \
		--testdev "$@" < /dev/null > "$work/out" 2> "$work/err"
	status=$?
}
under=()

# shellcheck source=tests/kvm/cases.sh
. "$(dirname "$0")/cases.sh"

# holds FILE FILTER: expects that jq says true of it.
holds()
{
	why="not so: $2"
	jq -e "$2" "$1" > /dev/null
}

# --- what a timeline is made of

schema()
{
	run cpus "wake 2" --cpus 2 --trace "$json"
	why="exit status $status"
	[ "$status" = 0 ] || return 1
	# These are the event format's own rules.
	holds "$json" 'type == "array" and length > 100' || return 1
	holds "$json" 'all(.[]; (.name | type) == "string" and (.pid | type) == "number" and
		(.tid | type) == "number" and (.ph | IN("X", "C", "M")))' || return 1
	holds "$json" 'all(.[] | select(.ph == "X"); .ts >= 0 and .dur >= 0 and
		(.cat | type) == "string" and (.args | type) == "object")' || return 1
	holds "$json" 'all(.[] | select(.ph == "C"); .ts >= 0 and all(.args[]; type == "number"))' ||
		return 1
	# Each thread has one track with its name. Phases follow one another.
	holds "$json" '([.[] | select(.ph == "X") | .tid] | unique) ==
		([.[] | select(.name == "thread_name") | .tid] | unique)' || return 1
	holds "$json" '[.[] | select(.name == "thread_name") | .args.name] | sort ==
		["main", "vcpu0", "vcpu1"]' || return 1
	holds "$json" '[.[] | select(.cat == "phase")] | length >= 5 and
		. as $p | all(range(1; length); $p[.].ts >= $p[. - 1].ts + $p[. - 1].dur)' ||
		return 1
	# Every ioctl says why it was made.
	holds "$json" 'all(.[] | select(.name | startswith("KVM_")); .args.why and .args.result and
		.args.on)' || return 1
	holds "$json" '[.[] | select(.ph == "C" and .name == "exits")] | length > 0 and
		(last | .args | add) > 10' || return 1
	# KVM's own counters know at least as many exits, and an interrupt for the CPU that was woken.
	holds "$json" '[.[] | select(.ph == "C") | select(.name | startswith("exits,"))] |
		length > 0 and (last | .args | add) > 10'
}

# In a track two slices are one after the other, or one is inside the other.
nesting()
{
	run interrupts msix --cpus 2 --trace "$json"
	why='slices of a track overlap'
	jq -r '.[] | select(.ph == "X") | [.tid, .ts, -.dur, .dur, .name] | @tsv' "$json" |
		sort -t "$(printf '\t')" -k 1,1n -k 2,2n -k 3,3n | awk -F '\t' '
		$1 != tid { depth = 0; tid = $1 }
		{
			while (depth && $2 >= end[depth] - 0.002) depth--
			if (depth && $2 + $4 > end[depth] + 0.002) { print $5; bad = 1 }
			end[++depth] = $2 + $4
		}
		END { exit bad }' > "$work/overlap" || { why+=": $(head -n 1 "$work/overlap")"; return 1; }
}

# The kernel is the witness: each ioctl that strace saw is told once.
every_ioctl()
{
	local seen told

	under=(strace -f -qq -e trace=ioctl -e signal=none -o "$work/strace")
	run "$1" "$2" --trace "$json"
	under=()
	seen=$(sed -n 's/.*ioctl([0-9]*, \([A-Z0-9_]*\).*/\1/p' "$work/strace" | grep -E '^(KVM|VFIO)_' |
		sort | uniq -c)
	told=$(jq -r '.[] | select(.ph == "X") | .name' "$json" | grep -E '^(KVM|VFIO)_' | sort | uniq -c)
	why="strace saw: $seen; the trace told: $told"
	[ -n "$seen" ] && [ "$seen" = "$told" ]
}

# --- what a reader sees

# The text of a start has the first of each call, in the order in which a machine is built.
text_order()
{
	run endings poweroff --trace "$work/trace.txt" --trace-filter kvm,cpu,memory,irq
	grep -oE '^ *[0-9.]+ main +KVM_[A-Z0-9_]+' "$work/trace.txt" | awk '!seen[$3]++ { print $3 }' \
		> "$work/order"
	cat > "$work/wanted" <<- END
		KVM_GET_API_VERSION
		KVM_CHECK_EXTENSION
		KVM_GET_VCPU_MMAP_SIZE
		KVM_CREATE_VM
		KVM_SET_IDENTITY_MAP_ADDR
		KVM_SET_TSS_ADDR
		KVM_CREATE_IRQCHIP
		KVM_CREATE_PIT2
		KVM_SET_USER_MEMORY_REGION
		KVM_CREATE_VCPU
		KVM_GET_SUPPORTED_CPUID
		KVM_SET_CPUID2
		KVM_SET_MSRS
		KVM_GET_SREGS
		KVM_SET_SREGS
		KVM_SET_REGS
	END
	why="another order: $(diff "$work/wanted" "$work/order" | tr '\n' ' ')"
	cmp -s "$work/wanted" "$work/order"
}

# The register that the guest touched has its name, and what that caused stands below it.
text_cause()
{
	run interrupts msix --trace - --trace-filter config,irq
	grep -A 3 'config write on testdev: register MSI-X Message Control.*ENABLE' "$work/err" |
		grep -q '^ *[0-9.]* vcpu0      KVM_SET_GSI_ROUTING on VM: GSI [0-9]* -> address' || {
		why='no route below the write that asked for it'
		return 1
	}
	why='a topic that was not asked for'
	! grep -q KVM_RUN "$work/err"
}

trace_nowhere()
{
	run endings poweroff --trace /nowhere/trace
	why="status $status: $(cat "$work/err")"
	[ "$status" = 1 ] && [ ! -s "$work/out" ] &&
		grep -q '^minivmm: error: /nowhere/trace: open the trace: No such file' "$work/err"
}

trace_full()
{
	run endings poweroff --trace /dev/full
	why="status $status: $(cat "$work/err")"
	[ "$status" = 0 ] && [ "$(wc -l < "$work/err")" = 1 ] &&
		grep -q '^minivmm: error: /dev/full: write the trace: No space left' "$work/err"
}

# --- what it costs not to trace

# calls PATTERN: prints how often strace saw each system call, ioctls by name.
calls()
{
	sed 's/^[0-9]* *//; /resumed/d; s/^ioctl([^,]*, \([A-Z_0-9]*\).*/\1/; s/(.*//' "$work/strace" |
		grep -E "$1" | sort | uniq -c
}

# Without a trace minivmm asks nobody for the time or for a thread's number. With one it asks KVM for the same, and
# comes out of the guest as often.
off_is_free()
{
	local off tracing

	under=(strace -f -qq -e signal=none -o "$work/strace")
	run pci_space testdev
	off=$(calls '^(KVM_|eventfd2|epoll_|pread|pwrite)')
	tracing=$(calls '^(gettid|clock_gettime)')
	run pci_space testdev --trace "$work/trace.txt"
	under=()
	why="calls of tracing while it is off: $tracing"
	[ -z "$tracing" ] || return 1
	why="off: $off; on: $(calls '^(KVM_|eventfd2|epoll_|pread|pwrite)')"
	[ "$off" = "$(calls '^(KVM_|eventfd2|epoll_|pread|pwrite)')" ]
}

# --- faults

# One message says what failed. The machine was taken down and left nothing behind.
judge_fault()
{
	local errors

	errors=$(grep -c '^minivmm: error: ' "$work/err")
	case $status in
	0 | 1 | 3) ;;
	*) why="$1: status $status: $(tail -n 1 "$work/err")"; return 1 ;;
	esac
	why="$1: status $status, $errors errors: $(cat "$work/err")"
	if [ "$status" = 0 ]; then
		[ "$errors" -le 1 ]
	else
		[ "$errors" = 1 ]
	fi || return 1
	why="$1: it is still running"
	! pgrep -f "$work/mark" > /dev/null
}

# Each call of a whole start fails in turn: the first, the second, up to the last, of each kind. If $INJECT_ERRNOS is
# set, it fails with each of these. The number of faults goes to $INJECT_TALLY.
walk()
{
	local guest=$1 append=$2 call count n errno walked=0

	shift 2
	run "$guest" "$append" --trace "$json" "$@"
	while read -r count call; do
		# The guest polls, so the first few calls stand for all.
		[ "$count" -le 20 ] || count=5
		for n in $(seq "$count"); do
			for errno in ${INJECT_ERRNOS:-EIO}; do
				run "$guest" "$append" --inject "$call#$n=$errno" --console "file:$work/mark" "$@"
				judge_fault "$call#$n=$errno" || return 1
				walked=$((walked + 1))
			done
		done
	done < <(jq -r '.[] | select(.ph == "X") | .name' "$json" | grep -E '^(KVM|VFIO)_' |
		grep -v VFIO_USER_ | sort | uniq -c)
	echo "$walked" >> "${INJECT_TALLY:-/dev/null}"
	why="only $walked faults"
	[ "$walked" -ge 30 ]
}

# The demo device's second interrupt, by MSI-X, is lost, so the guest counts none. If it is late, it does come.
irq_lost()
{
	run demo tour --vfio demo --inject 'irq#2=lost'
	why="status $status: $(grep '^interrupts' "$work/out" | tr '\n' ' ')"
	[ "$status" = 0 ] && grep -q '^interrupts by the pin 0x1$' "$work/out" &&
		grep -q '^interrupts by MSI-X 0x0$' "$work/out"
}

irq_late()
{
	run demo tour --vfio demo --inject 'irq#2=late'
	why="status $status: $(grep '^interrupts' "$work/out" | tr '\n' ' ')"
	[ "$status" = 0 ] && grep -q '^interrupts by MSI-X 0x1$' "$work/out"
}

# A device whose configuration space is dead from the start is refused, with one line that says so.
config_dead()
{
	run demo tour --vfio demo --inject 'config#1=ffff'
	why="status $status: $(cat "$work/err")"
	[ "$status" = 1 ] && [ "$(grep -c '^minivmm: error: ' "$work/err")" = 1 ] &&
		grep -q 'reads all-ones' "$work/err" && [ ! -s "$work/out" ]
}

for program in strace jq; do
	command -v "$program" > /dev/null || skipped="there is no $program"
done
if [ ! -e /dev/kvm ]; then
	skipped='this machine has no /dev/kvm'
elif [ -z "$skipped" ]; then
	run endings poweroff
	skipped=$(sed -n 's/^minivmm: error: \(\/dev\/kvm: .*\)/\1/p' "$work/err" | head -n 1)
fi

run_case trace_schema schema
run_case trace_nesting nesting
run_case trace_every_ioctl every_ioctl interrupts msix
run_case trace_every_ioctl_reset every_ioctl endings reset
run_case trace_text_order text_order
run_case trace_text_cause text_cause
run_case trace_nowhere trace_nowhere
run_case trace_full trace_full
run_case trace_off_is_free off_is_free
run_case inject_msix walk interrupts msix
run_case inject_pin walk interrupts pin
run_case inject_reset walk endings reset
run_case inject_demo walk demo tour --vfio demo
run_case inject_irq_lost irq_lost
run_case inject_irq_late irq_late
run_case inject_config config_dead
exit $bad
