#!/bin/bash
# SPDX-License-Identifier: MIT
# lab.sh run [SCENARIO...]   boots emulated hosts and runs scenarios (all of them) in there
# lab.sh shell [KEY=VALUE...] the same machine with a shell; keys as in a scenario's `# lab:` line
# lab.sh list                the scenarios, each with its machine
# lab.sh demo [command]      the ready-made guest with the NVMe disk, or a command in it, and what it prints
# lab.sh demo-installed      a system that starts from its own disk, and what it prints
# lab.sh bench [SCENARIO...] figures beside QEMU's: the scenarios of tests/bench
#
# LAB_DIR     where the images are (build/lab), made by `make lab-images`
# LAB_VMM     the program under test (build/minivmm); `qemu` for QEMU itself in its place
# LAB_ARCH    empty, or arm64: another machine (lab-machine-arm64.sh), other scenarios
# LAB_USR     what the lab host sees as /usr (/usr)
# LAB_TRACE   not empty: minivmm runs under strace there, and $LAB_DIR/logs/calls has a trace of each start
# LAB_PLUGIN  a plugin of the emulator's, with its arguments (none)
# LAB_MACHINE KEY=VALUE... where a scenario asks for nothing else: another machine for all of them
# LAB_CASE    words that a scenario finds in /lab/stage/case
# LAB_QUEUE   a folder, empty at first, that several labs share: each of their boots is done by one of them (none)
set -eu

here=$(cd "$(dirname "$0")" && pwd)
LAB_DIR=$(readlink -f "${LAB_DIR:-$here/../../build/lab}")
LAB_VMM=${LAB_VMM:-$here/../../build/minivmm}
logs=$LAB_DIR/logs
stage=$LAB_DIR/stage
LAB_USR=$(readlink -f "${LAB_USR:-/usr}")
variant=${LAB_ARCH:+-$LAB_ARCH}
scenarios=$here/scenarios$variant

# shellcheck source=tests/lab/lab-machine.sh
. "$here/lab-machine.sh"
# shellcheck source=tests/lab/lab-machine-arm64.sh
[ -z "$variant" ] || . "$here/lab-machine$variant.sh"

die()
{
	echo "lab.sh: $*" >&2
	exit 1
}

# header NAME FIELD: prints the text after `# FIELD:` among the scenario's comments.
header()
{
	sed -n "s/^# $2: *//p" "$scenarios/$1.sh"
}

all_scenarios()
{
	local file

	for file in "$scenarios"/*.sh; do
		basename "$file" .sh
	done
}

# What the lab host sees at /lab/stage is a copy, so that a build beside it does not disturb a run.
make_stage()
{
	rm -rf "$stage" "$logs/state"
	mkdir -p "$stage" "$logs" "$logs/state"
	cp "$here"/{host-run.sh,scenario-lib.sh,scenario-devices.sh,config-diff.awk} "$stage"
	cp -r "$scenarios" "$stage/scenarios"
	install -m 755 "$here/qemu-peer.sh" "$here/../devices/newest-qemu.sh" "$stage"
	# The bare-metal guests (x86's) and their tests run in here, too, because KVM is the hardware's.
	[ -n "$variant" ] || install -D -t "$stage/kvm" "$LAB_DIR"/../kvm/*.elf
	cp "$here/../kvm/run.sh" "$stage/kvm-run.sh"
	cp "$here/../kvm/cases.sh" "$LAB_DIR/../tests/qmp_client" "$stage"
	install -D -t "$stage/guests" "$LAB_DIR"/../guests/demo_device
	install -D -t "$stage/campaign" "$here"/../campaign/{errnos,vars_kills,vfio_errnos}.py
	[ -z "${LAB_PLUGIN:-}" ] || install -t "$stage" "$LAB_DIR"/../bench/bench_mark "$here"/../bench/counted_peers.sh
	machine_devices > "$stage/devices"
	echo "${LAB_CASE:-}" > "$stage/case"
	if [ "$LAB_VMM" = qemu ]; then
		cp "$stage/qemu-peer.sh" "$stage/minivmm"
	else
		install -m 755 "$LAB_VMM" "$stage/minivmm" || die "no program to test at $LAB_VMM"
	fi
	echo "$patience" > "$stage/patience"
	[ -z "${LAB_TRACE:-}" ] || trace_stage
}

# Puts strace before the program under test. It is not its parent, so that minivmm keeps its process id.
trace_stage()
{
	rm -rf "$logs/calls"
	mkdir -p "$stage/traced" "$logs/calls"
	chmod 1777 "$logs/calls" # a scenario's user writes there, too
	mv "$stage/minivmm" "$stage/traced"
	cp -r "$stage/guests" "$stage/traced"
	cat > "$stage/minivmm" <<- 'END'
		#!/bin/sh
		exec strace -D -f -qq -e signal=none -o "/out/calls/$scenario.$$.trace" /lab/stage/traced/minivmm "$@"
	END
	chmod 755 "$stage/minivmm"
}

# Limits are written down for an idle machine, but `make check` runs other tests beside, and strace makes each call slow.
patience=2
[ -z "${LAB_TRACE:-}" ] || patience=8

# Prints the seconds that a scenario may take, by its header.
limit_of()
{
	local limit

	limit=$(header "$1" timeout)
	echo $((${limit:-60} * patience))
}

# A scenario failed. Prints the reason. In a run of all, a first failure is printed as AGAIN, and the scenario is kept
# for a second try.
judge_failure()
{
	local name=$1 reason=$2

	if [ -z "$second_tries" ] || [ -n "${failed[$name]:-}" ]; then
		echo "FAIL $name: $reason"
		verdict=1
		return 0
	fi
	failed[$name]=$reason
	echo "AGAIN $name: $reason"
	[ ! -e "$logs/$name.log" ] || mv "$logs/$name.log" "$logs/$name.first.log"
}

# Reads result lines from the lab host and prints them with the time taken. `left` loses the scenarios that came to a
# result. Returns 1 if the host never said DONE, because it died or hangs.
read_results()
{
	local word name rest began=$SECONDS running='' limit=60

	# The lab host ends scenarios that take too long. If it says nothing by then, it is gone.
	while IFS=$' \t\r' read -r -t $((limit + 20)) word name rest; do
		case $word in
		RUN)
			began=$SECONDS
			running=$name
			limit=$(limit_of "$name")
			;;
		PASS | SKIP)
			name=${name%:}
			printf '%s %s%s (%d s)\n' "$word" "$name" "${rest:+: $rest}" $((SECONDS - began))
			left=("${left[@]:1}")
			running=''
			;;
		FAIL)
			left=("${left[@]:1}")
			running=''
			judge_failure "${name%:}" "$rest ($((SECONDS - began)) s)"
			;;
		REBOOT)
			rebooted=yes
			return 0
			;;
		DONE)
			return 0
			;;
		esac
	done
	died=$running
	return 1
}

# An emulator that fails an assertion of its own says nothing of minivmm, so the scenario runs again, three times at
# most. $1 is the emulator's exit status.
judge_death()
{
	if [ -z "$died" ]; then
		verdict=1
		return 0
	fi
	if [ "$1" = 134 ] && [ "${aborted[$died]:-0}" -lt 3 ]; then
		aborted[$died]=$((${aborted[$died]:-0} + 1))
		aborts=$((aborts + 1))
		echo "AGAIN $died: the emulator aborted: $(grep -m 1 ^ERROR "$logs/emulator.err")"
		return 0
	fi
	left=("${left[@]:1}")
	judge_failure "$died" "the lab host died or hangs"
}

# start_pulse CONFIG: a byte for the lab host's fourth serial port every 0.2 s, hence an interrupt: see
# lab-machine.sh. Ends with the emulator, which closes the pipe. With pulse=off the port stays silent.
start_pulse()
{
	local beat=echo

	[[ " $1 " != *" pulse=off "* ]] || beat=:
	rm -f "$LAB_DIR"/pulse.{in,out}
	mkfifo "$LAB_DIR"/pulse.{in,out}
	{
		# Nobody ever writes into this pipe. It waits like sleep, without a process each time.
		exec 7<> <(:)
		while ! read -r -t 0.2 -u 7; do
			$beat
		done > "$LAB_DIR/pulse.in"
	} 9>&- &
	pulse=$!
}

# boot_run CONFIG: one boot for the scenarios in `left`.
boot_run()
{
	local config=$1 name total=30 began=$SECONDS
	local console ended status

	died=''
	rebooted=''
	: > "$logs/scenarios"
	for name in "${left[@]}"; do
		echo "$name $(limit_of "$name")" >> "$logs/scenarios"
		total=$((total + $(limit_of "$name")))
	done
	boots=$((boots + 1))
	console=$logs/host-$boots.console
	echo "BOOT $boots: $config"
	machine_args "$config"
	machine_serial "file:$console" stdio
	[ -z "${LAB_PLUGIN:-}" ] || add -plugin "$LAB_PLUGIN"
	rm -f "$LAB_DIR/results"
	mkfifo "$LAB_DIR/results"
	start_pulse "$config"
	(cd "$LAB_DIR" && exec timeout -k 5 "$total" "$machine_emulator" "${machine[@]}" \
		< /dev/null > results 2> "$logs/emulator.err") &
	emulator=$!
	read_results < "$LAB_DIR/results" && ended=yes || ended=''
	[ -n "$ended" ] || kill $emulator 2>/dev/null || true
	wait $emulator && status=0 || status=$?
	emulator=''
	kill $pulse 2>/dev/null || true
	if [ -z "$ended" ] || [ $status != 0 ]; then
		cat "$logs/emulator.err"
		judge_death $status
		echo "logs: $logs/NAME.log, $console"
	fi
	echo "BOOT $boots took $((SECONDS - began)) s"
}

# run_config CONFIG SCENARIO...: makes as many boots as it takes, which is normally one.
run_config()
{
	local config=$1 before missing name tried

	shift
	missing=$(machine_missing "$config")
	if [ -n "$missing" ]; then
		printf "SKIP %s: $missing\n" "$@"
		return 0
	fi
	left=("$@")
	begun=$((begun + $#))
	while [ ${#left[@]} -gt 0 ]; do
		before=${#left[@]}
		tried=$aborts
		boot_run "$config"
		[ -z "$rebooted" ] || continue
		if [ ${#left[@]} -eq "$before" ] && [ "$aborts" = "$tried" ]; then
			for name in "${left[@]}"; do
				judge_failure "$name" "the lab host did not start"
			done
			return 0
		fi
	done
}

# take NAME: returns whether this lab is the one to do it, of those that share a queue.
take()
{
	[ -n "${LAB_QUEUE:-}" ] || return 0
	[ -d "$LAB_QUEUE" ] || die "the queue $LAB_QUEUE is gone"
	mkdir "$LAB_QUEUE/$1" 2>/dev/null
}

# The scenarios of a boot are so few that labs with a queue end at about the same time.
boot_scenarios=10

# run_boots SCENARIO...: sorted by the machine they want.
run_boots()
{
	local name config part
	local -a members
	local -A all=()

	for name; do
		config=$(machine_config "$(header "$name" lab)")
		all[$config]+=" $name"
	done
	# They are sorted, so that the order of a run does not change from one day to the next.
	while read -r config; do
		read -ra members <<< "${all[$config]}"
		for ((part = 0; part < ${#members[@]}; part += boot_scenarios)); do
			! take "$config $part" || run_config "$config" "${members[@]:part:boot_scenarios}"
		done
	done < <(printf '%s\n' "${!all[@]}" | sort)
}

# run [SCENARIO...]: these, or all of them. In a run of all, a failed scenario gets a second try on a fresh
# boot: the emulator loses interrupts and time on a busy machine. Both results are printed.
run()
{
	local name ran began=$SECONDS
	local -a order=("$@")

	# A scenario that runs only when it is named says why, and is counted as skipped.
	[ $# -gt 0 ] || for name in $(all_scenarios); do
		if [ -z "$(header "$name" 'on demand')" ]; then
			order+=("$name")
		elif take "$name"; then
			echo "SKIP $name: $(header "$name" 'on demand')"
		fi
	done
	for name in "${order[@]}"; do
		[ -e "$scenarios/$name.sh" ] || die "no scenario $name"
	done
	make_stage
	rm -f "$logs"/*.log "$logs"/*.console
	[ $# -gt 0 ] || second_tries=yes
	run_boots "${order[@]}"
	ran=$begun
	[ ${#failed[@]} = 0 ] || LAB_QUEUE='' run_boots "${!failed[@]}"
	echo "lab: $ran scenarios in $((SECONDS - began)) s, ${#failed[@]} of them with a second try"
	return $verdict
}

# Prints what the guest printed, from the log of its scenario.
demo()
{
	echo "The lab host boots: an emulated machine with an IOMMU and an NVMe disk at 01:00.0."
	run "$1"
	sed -n 's,^---  /lab/stage/,\n$ ,p; /^--- vmm.out/,/^--- vmm.err/p' "$logs/$1.log" | grep -v '^---'
}

# Prints the first start and the reboot of an installed system, from the log of its scenario.
demo_installed()
{
	echo "The lab host boots; its NVMe disk at 01:00.0 has GRUB, a kernel and a root file system."
	run firmware
	printf '\n$ minivmm --vfio 01:00.0 --firmware /usr/share/OVMF/OVMF_CODE_4M.fd,vars=vars.fd\n'
	sed -n '/^--- vmm.out/,/^--- vmm.err/p' "$logs/firmware.log" | grep -v "^---\|complains" | sed "s/\x1b\[[0-9;=?]*[A-Za-z]//g" | head -n 60
}

bench()
{
	local name

	scenarios=$here/../bench
	[ $# -gt 0 ] || set -- beside_qemu devices_beside_qemu
	run "$@"
	for name; do
		sed -n 's/^FIGURE //p' "$logs/$name.log"
	done
}

shell()
{
	local config

	make_stage
	rm -f "$logs/scenarios"
	config=$(machine_config "$*")
	machine_args "$config"
	machine_serial mon:stdio null
	start_pulse "$config"
	cd "$LAB_DIR"
	"$machine_emulator" "${machine[@]}"
}

emulator=''
pulse=''
left=()
boots=0
aborts=0
begun=0
# Prints how often the emulator aborted under a scenario.
declare -A aborted=()
# Prints the scenarios of a full run that failed once, each with its reason.
declare -A failed=()
second_tries=''
verdict=0
# If the lab is interrupted or killed, it takes the emulator along.
trap 'kill $emulator $pulse 2>/dev/null || true' EXIT
mkdir -p "$LAB_DIR"
# The images and the stage are shared, so there is one lab at a time.
exec 9> "$LAB_DIR/lock"
case ${1:-} in
run) shift; flock 9; run "$@" ;;
shell) shift; flock -n 9 || die "another lab is running"; shell "$@" ;;
demo) flock 9; demo "$([ "${2:-}" = command ] && echo demo-command || echo default-guest)" ;;
demo-installed) flock 9; demo_installed ;;
bench) shift; flock 9; bench "$@" ;;
list) for name in $(all_scenarios); do echo "$name: $(machine_config "$(header "$name" lab)")"; done ;;
*) sed -n '/^# lab.sh/,/^[^#]/s/^# //p' "$0"; exit 2 ;;
esac
