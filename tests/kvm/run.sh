#!/bin/sh
# SPDX-License-Identifier: MIT
# run.sh BUILD_DIR [NAME...]: start bare-metal guests on /dev/kvm, all or those named; one line for
# each, `PASS name`, `FAIL name: why` or `SKIP name: why`. Needs BUILD_DIR/minivmm and
# BUILD_DIR/kvm/*.elf. Keeps to what busybox offers: it also runs on the lab host.
#
# run_case calls most functions by their names, which shellcheck does not see:
# shellcheck disable=SC2317
set -eu

build=$1
shift
only=" $* "
minivmm=$build/minivmm
limit=${KVM_LIMIT:-30} # seconds, for each guest

work=$(mktemp -d)
out=$work/out
err=$work/err
pid=
skipped=
bad=0
known=0

clean_up()
{
	[ -z "$pid" ] || kill -9 "$pid" 2> /dev/null || true
	rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 1' INT TERM

# shellcheck source=tests/kvm/cases.sh
. "$(dirname "$0")/cases.sh"

# --- starting the program under test

# start GUEST CHECK ARGS...: starts it in the background. Standard input stays open and never has data.
start()
{
	image=$build/kvm/$1.elf
	append=$2
	shift 2
	: > "$out"
	: > "$err"
	"$minivmm" --kernel "$image" --append "$append" "$@" <> "$work/fifo" > "$out" 2> "$err" &
	pid=$!
}

# wait_end: waits until it has ended. Its exit status is $status. Kills it if it takes too long.
wait_end()
{
	tries=0
	while kill -0 "$pid" 2> /dev/null && [ "$tries" -lt $((limit * 20)) ]; do
		sleep 0.05
		tries=$((tries + 1))
	done
	status=0
	if kill -9 "$pid" 2> /dev/null; then
		wait "$pid" || true
		status=timeout
	else
		wait "$pid" || status=$?
	fi
	pid=
}

# wait_line FILE TEXT: waits until the file has it.
wait_line()
{
	tries=0
	until grep -q -e "$2" "$1"; do
		[ "$tries" -lt $((limit * 20)) ] || { why="no '$2'"; return 1; }
		sleep 0.05
		tries=$((tries + 1))
	done
}

# --- judging. Each sets $why and returns 1 when it is not met.

expect_status()
{
	[ "$status" != timeout ] || { why="no end after $limit seconds"; return 1; }
	why="exit status $status, not $1: $(head -n 1 "$err")"
	[ "$status" = "$1" ]
}

# expect_line FILE TEXT
expect_line()
{
	grep -q -e "$2" "$1" || { why="no '$2' in what was printed"; return 1; }
}

expect_empty()
{
	[ ! -s "$1" ] || { why="unexpected output: $(head -n 1 "$1")"; return 1; }
}

# Expects that the guest itself found nothing wrong.
expect_no_complaint()
{
	why=$(sed -n 's/^bad //p' "$out" | head -n 1)
	[ -z "$why" ]
}

# A test that failed may have left its minivmm running.
after_case()
{
	[ -z "$pid" ] || { kill -9 "$pid" 2> /dev/null || true; wait "$pid" || true; pid=; }
}

# --- the usual test: a guest that checks something and says "done"

# checks GUEST CHECK ARGS...: standard error must stay empty, too.
checks()
{
	start "$@"
	wait_end
	expect_no_complaint && expect_status 0 && expect_line "$out" '^done$' && expect_empty "$err"
}

# ends STATUS LAST_LINE CHECK ARGS...: expects a guest that ends in its own way.
ends()
{
	wanted=$1
	line=$2
	shift 2
	start endings "$@"
	wait_end
	expect_status "$wanted" || return 1
	expect_no_complaint || return 1
	why="the last line is '$(tail -n 1 "$out")', not '$line'"
	[ "$(tail -n 1 "$out")" = "$line" ]
}

reports()
{
	text=$1
	shift
	ends "$@" && expect_line "$err" "$text"
}

# One instruction of the guest asks for 4096 lines. KVM decides how many come before the guest is stopped.
panics()
{
	ends 3 '' panics || return 1
	why="$(wc -l < "$err") lines of the log"
	[ "$(wc -l < "$err")" -le 9 ] && expect_line "$err" 'reported a panic'
}

# --- tests with something to do while the guest runs

# killed_by SIGNAL STATUS LINE CHECK ARGS...
killed_by()
{
	signal=$1
	wanted=$2
	line=$3
	shift 3
	start endings "$@"
	wait_line "$out" "$line" || return 1
	kill "-$signal" "$pid"
	wait_end
	expect_status "$wanted"
}

string_out()
{
	checks ports string_out && expect_line "$out" '^one instruction, 31 characters$'
}

# A reset becomes no reboot any more, whichever way it is asked for.
once_only()
{
	start endings "$1" --no-reboot
	wait_end
	expect_status 0 || return 1
	expect_line "$out" '^boot 1$' || return 1
	why='it booted again'
	! grep -q '^boot 2$' "$out"
}

console_file()
{
	start endings poweroff --console "file:$work/console"
	wait_end
	expect_status 0 && expect_line "$work/console" '^going$' && expect_empty "$out"
}

console_none()
{
	start endings poweroff --console none
	wait_end
	expect_status 0 && expect_empty "$out"
}

# What is typed at the other end of the pseudo-terminal arrives, and is answered there.
console_pty()
{
	start endings echo --console pty
	wait_line "$err" 'on /dev/pts/' || return 1
	pty=$(sed -n 's/.* on \(\/dev\/pts\/[0-9]*\).*/\1/p' "$err")
	: > "$work/typed"
	cat "$pty" >> "$work/typed" 2> /dev/null &
	reader=$!
	printf 'hello' > "$pty"
	wait_line "$work/typed" 'hello' || { kill "$reader"; return 1; }
	printf 'q' > "$pty"
	wait_end
	kill "$reader" 2> /dev/null || true
	wait "$reader" || true
	expect_status 0 && expect_empty "$out"
}

# More comes than the FIFO of the serial port holds, and all of it before the guest asks.
console_input()
{
	: > "$out"
	text=$(printf '%0200d' 7)
	printf '%sq' "$text" | timeout "$limit" "$minivmm" --kernel "$build/kvm/endings.elf" \
		--append echo > "$out" 2> "$err" && status=0 || status=$?
	expect_status 0 && expect_line "$out" "${text}q"
}

# Numbers 0 and 1 may be free. A file of minivmm's own that took one would be read or written as the console. So they
# must have gone to /dev/null before anything else was opened.
stdin_closed()
{
	"$minivmm" --kernel "$build/kvm/endings.elf" --append loop <&- > "$out" 2> "$err" &
	pid=$!
	stays_null 0 "$out"
}

stdout_closed()
{
	mkfifo "$work/never"
	"$minivmm" --kernel "$build/kvm/endings.elf" --append loop --console "file:$work/loops" \
		<> "$work/never" >&- 2> "$err" &
	pid=$!
	stays_null 1 "$work/loops"
}

# stays_null NUMBER FILE: expects that of a minivmm whose console goes to the file.
stays_null()
{
	: >> "$2"
	wait_line "$2" looping || return 1
	file=$(readlink "/proc/$pid/fd/$1")
	kill "$pid"
	wait_end
	expect_status 143 || return 1
	why="file $1 became ${file:-nothing}"
	[ "$file" = /dev/null ]
}

# The reader leaves first, and the guest goes on.
stdout_broken()
{
	{
		timeout "$limit" "$minivmm" --kernel "$build/kvm/ports.elf" --append string_out \
			< /dev/null 2> "$err" && status=0 || status=$?
		echo "$status" > "$work/status"
	} | true
	status=$(cat "$work/status")
	expect_status 0 && expect_empty "$err"
}

# A full disk, a closed file and a limit on the size of files are reported, and the end is no success.
stdout_full()
{
	timeout "$limit" "$minivmm" --kernel "$build/kvm/ports.elf" --append string_out \
		< /dev/null > /dev/full 2> "$err" && status=0 || status=$?
	expect_status 1 && expect_line "$err" 'console: .*No space left on device'
}

help_full()
{
	"$minivmm" --help > /dev/full 2> "$err" && status=0 || status=$?
	expect_status 1 && expect_line "$err" 'standard output: .*No space left on device'
}

help_closed()
{
	"$minivmm" --help >&- 2> "$err" && status=0 || status=$?
	expect_status 1 && expect_line "$err" 'standard output: '
}

help_limited()
{
	(ulimit -f 0; "$minivmm" --help > "$out") 2> "$err" && status=0 || status=$?
	expect_status 1 || return 1
}

# Nobody reads the messages any more: the guest goes on.
stderr_broken()
{
	{
		timeout "$limit" "$minivmm" --kernel "$build/kvm/endings.elf" --append reset --trace - \
			< /dev/null 2>&1 > "$out" && status=0 || status=$?
		echo "$status" > "$work/status"
	} | true
	status=$(cat "$work/status")
	expect_status 0 && expect_line "$out" 'boot 3'
}

# What commands print: it is known that it cannot be written, and why, however much there is.
commands_full()
{
	for command in "list --all" "list --json" "doctor --json" doctor --version; do
		# shellcheck disable=SC2086
		"$minivmm" $command > /dev/full 2> "$err" && status=0 || status=$?
		expect_status 1 && expect_line "$err" 'standard output: write: No space left on device' || return 1
		why="$command: $(cat "$err")"
		[ "$(grep -c 'error: standard output' "$err")" = 1 ] || return 1
	done
}

# With `minivmm ... &` in a terminal minivmm is not stopped, and the terminal stays as it was.
terminal_background()
{
	cat > "$work/in_terminal" <<- END
		set -m
		stty -g > "$work/before"
		"$minivmm" --kernel "$build/kvm/ports.elf" --append string_out > "$work/said" 2>&1 &
		wait \$!
		echo \$? > "$work/status"
		stty -g > "$work/after"
	END
	timeout "$limit" script -q -c "sh $work/in_terminal" /dev/null < /dev/null > "$out" 2> "$err" ||
		true
	[ -s "$work/status" ] || { why='it was stopped'; return 1; }
	status=$(cat "$work/status")
	expect_status 0 || return 1
	why='the terminal is not as it was'
	cmp -s "$work/before" "$work/after"
}

# In a terminal of its own Ctrl-A h helps and Ctrl-A x ends the guest. The terminal is as it was afterwards.
terminal_keys()
{
	mkfifo "$work/keys"
	cat > "$work/in_terminal" <<- END
		stty -g > "$work/before"
		"$minivmm" --kernel "$build/kvm/endings.elf" --append sleep
		echo \$? > "$work/status"
		stty -g > "$work/after"
	END
	timeout "$limit" script -q -c "sh $work/in_terminal" /dev/null \
		< "$work/keys" > "$out" 2> "$err" &
	pid=$!
	exec 3> "$work/keys"
	if wait_line "$out" sleeping; then
		printf '\001h' >&3
		wait_line "$out" 'Ctrl-A x' && printf '\001x' >&3
	fi
	exec 3>&-
	wait_end
	[ -s "$work/after" ] || { why='Ctrl-A x did not end the guest'; return 1; }
	status=$(cat "$work/status")
	expect_status 0 || return 1
	why='the terminal is not as it was'
	cmp -s "$work/before" "$work/after"
}

# --- a device in software, in a process of its own

# The README shows this.
demo_tour()
{
	checks demo tour --vfio demo &&
		expect_line "$out" '^DMA by messages 0x123456789abcdef$' &&
		expect_line "$out" '^interrupts by the pin 0x1$' &&
		expect_line "$out" '^interrupts by MSI-X 0x1$'
}

# There are two of them, of which one is emulated. The guest takes the first, which is the passed-through one.
demo_beside_testdev()
{
	checks interrupts msix --vfio demo --testdev
}

# Each message is in the trace, with what it is for.
demo_traced()
{
	start demo tour --vfio demo --trace "$work/trace.txt"
	wait_end
	expect_status 0 &&
		expect_line "$work/trace.txt" 'VFIO_USER_VERSION on demo: version 0.1' &&
		expect_line "$work/trace.txt" 'VFIO_USER_DMA_MAP on demo: iova 0, size 512 MiB' &&
		expect_line "$work/trace.txt" 'VFIO_USER_DEVICE_SET_IRQS on demo: interrupt MSI-X' &&
		expect_line "$work/trace.txt" 'VFIO_USER_DMA_WRITE on demo: iova 0x1002000, size 8'
}

# Prints the process that serves the device of minivmm.
demo_server()
{
	server=
	for status in /proc/[0-9]*/status; do
		if grep -qs "^PPid:[[:space:]]*$pid$" "$status"; then
			server=${status#/proc/}
			server=${server%/status}
		fi
	done
	why='the demo device has no process'
	[ -n "$server" ]
}

# Prints files by what they are, and locked memory. Numbers of eventfds and sockets say nothing.
holdings()
{
	for file in "/proc/$pid/fd"/*; do
		readlink "$file" | sed 's/[0-9][0-9]*/N/g'
	done | sort | uniq -c
	grep VmLck "/proc/$pid/status"
}

# One guest boots many times, each time with the device and a vector of it. The last boot holds one VM, and no file or
# locked page more than the fifth.
demo_reboots()
{
	boots=${KVM_BOOTS:-200}
	start demo "reboots $boots" --vfio demo --memory 64M
	wait_line "$out" '^boot 0x5$' || return 1
	holdings > "$work/early"
	echo > "$work/fifo"
	limit=120 wait_line "$out" "^boot $(printf '0x%x' "$boots")\$" || return 1
	holdings > "$work/late"
	echo > "$work/fifo"
	wait_end
	why="held after $boots boots: $(diff "$work/early" "$work/late" | sed -n 's/^> *//p' | head -n 1)"
	cmp -s "$work/early" "$work/late" || return 1
	why='not one KVM VM'
	[ "$(sed -n 's/^ *\([0-9]*\) anon_inode:kvm-vm$/\1/p' "$work/late")" = 1 ] || return 1
	expect_status 0 && expect_no_complaint
}

# demo_killed LINE CHECK: the server dies under the guest, which uses the device, or sleeps.
demo_killed()
{
	guest=demo
	[ "$2" = polls ] || guest=endings
	start "$guest" "$2" --vfio demo
	wait_line "$out" "$1" && demo_server || return 1
	kill -9 "$server"
	wait_end
	expect_status 4 && expect_line "$err" \
		'demo: its vfio-user server closed the connection: the guest is stopped' || return 1
	why="more than one line: $(tail -n 1 "$err")"
	[ "$(wc -l < "$err")" -eq 1 ]
}

# A server that is there and does not answer is given up after some seconds.
demo_silent()
{
	start demo polls --vfio demo
	wait_line "$out" polling && demo_server || return 1
	kill -STOP "$server"
	wait_end
	expect_status 4 && expect_line "$err" 'error: demo: its vfio-user server does not answer' ||
		return 1
	why='the demo device outlives minivmm'
	[ ! -d "/proc/$server" ]
}

# A server of its own, for one client after the other.
demo_socket()
{
	"$build/guests/demo_device" "$work/socket" &
	server=$!
	tries=0
	until [ -S "$work/socket" ] || [ "$tries" -ge 100 ]; do
		sleep 0.05
		tries=$((tries + 1))
	done
	checks dma_copy copy --vfio-user "$work/socket" &&
		checks interrupts msix --vfio-user "$work/socket" && result=0 || result=1
	kill "$server"
	wait "$server" 2> /dev/null || true
	return "$result"
}

# There are as many devices as may be: more than there are device numbers, and more threads than malloc() likes.
demo_sockets()
{
	servers=
	users=
	for number in $(seq 32); do
		"$build/guests/demo_device" "$work/socket.$number" &
		servers="$servers $!"
		users="$users --vfio-user $work/socket.$number"
	done
	tries=0
	until [ "$(find "$work" -name 'socket.*' | wc -l)" = 32 ] || [ "$tries" -ge 600 ]; do
		sleep 0.05
		tries=$((tries + 1))
	done
	# shellcheck disable=SC2086 # options and their values
	ends 0 'boot 3' reset $users && result=0 || result=1
	# shellcheck disable=SC2086
	kill $servers
	wait
	return "$result"
}

demo_socket_missing()
{
	start endings poweroff --vfio-user "$work/nobody"
	wait_end
	expect_status 1 && expect_line "$err" 'nobody: connect' && expect_empty "$out"
}

# --- confinement

# Prints what is left of the process and of each of its threads, of which one runs the guest.
sandbox_status()
{
	start endings sleep "$@"
	wait_line "$out" sleeping || return 1
	for status in /proc/"$pid"/task/*/status; do
		why="of thread $(sed -n 's/^Name:[[:space:]]*//p' "$status"): \
$(grep -E '^(CapEff|CapPrm|CapBnd|NoNewPrivs|Seccomp):' "$status" | tr '\n\t' '  ')"
		grep -q '^CapEff:[[:space:]]*0*$' "$status" && grep -q '^CapPrm:[[:space:]]*0*$' "$status" &&
			grep -q '^NoNewPrivs:[[:space:]]*1$' "$status" &&
			grep -q '^Seccomp:[[:space:]]*2$' "$status" || return 1
	done
	kill "$pid"
	wait_end
	expect_status 143 && expect_empty "$err"
}

# children_confined NAME...: expects that minivmm has these child processes. Each has a filter, no new privileges, and
# no capability but DAC_OVERRIDE (bit 1).
children_confined()
{
	there=
	for status in /proc/[0-9]*/status; do
		grep -qs "^PPid:[[:space:]]*$pid$" "$status" || continue
		one=$(sed -n 's/^Name:[[:space:]]*//p' "$status")
		there="$there$one
"
		why="of $one: $(grep -E '^(CapEff|NoNewPrivs|Seccomp):' "$status" | tr '\n\t' '  ')"
		grep -Eq '^CapEff:[[:space:]]*0*[02]$' "$status" &&
			grep -q '^NoNewPrivs:[[:space:]]*1$' "$status" &&
			grep -q '^Seccomp:[[:space:]]*2$' "$status" || return 1
	done
	there=$(printf %s "$there" | sort | tr '\n' ' ')
	why="its processes are $there"
	[ "$there" = "$* " ]
}

# sandbox_children "NAME..." ARGS...: each child confines itself, and the guest does not wait for that.
sandbox_children()
{
	wanted=$1
	shift
	start endings sleep --qmp "unix:$work/qmp" --ports 1 --vfio demo "$@"
	wait_line "$out" sleeping || return 1
	tries=0
	# shellcheck disable=SC2086 # a word for each
	until children_confined $wanted; do
		[ "$tries" -lt $((limit * 20)) ] || return 1
		sleep 0.05
		tries=$((tries + 1))
	done
	kill "$pid"
	wait_end
	expect_status 143 && expect_empty "$err"
}

sandbox_disk_children()
{
	make_disk "$work/disk.raw"
	sandbox_children 'demo-device device-opener name-opener qemu-storage-da unlinker' --disk "$work/disk.raw"
}

sandbox_off()
{
	start endings sleep --no-sandbox
	wait_line "$out" sleeping || return 1
	why='it has a filter'
	grep -q '^Seccomp:[[:space:]]*0$' "/proc/$pid/status" || return 1
	kill "$pid"
	wait_end
	expect_status 143
}

# Started by sudo, minivmm goes on as the user who called, across a reboot, with a process that serves a device.
sandbox_user()
{
	[ "$(id -u)" = 0 ] && grep -qs '^daemon:x:1:' /etc/passwd || return 0
	export SUDO_UID=65534 SUDO_GID=65533
	start endings sleep --vfio demo "$@"
	unset SUDO_UID SUDO_GID
	wait_line "$out" sleeping && demo_server || return 1
	for status in /proc/"$pid"/task/*/status "/proc/$server/status"; do
		why="it goes on as $(grep -E '^(Uid|Gid):' "$status" | tr '\n\t' '  ')"
		grep -q "^Uid:[[:space:]]*${wanted_uid}[[:space:]]" "$status" || return 1
		why="further groups: $(grep '^Groups:' "$status")"
		grep -q '^Groups:[[:space:]]*$' "$status" || return 1
	done
	kill "$pid"
	wait_end
	expect_status 143 && expect_empty "$err" || return 1
	why='the demo device outlives minivmm'
	[ ! -d "/proc/$server" ]
}

# A server that runs as root is ended all the same.
sandbox_disk()
{
	[ "$(id -u)" = 0 ] || return 0
	export SUDO_UID=65534 SUDO_GID=65533
	disk_checks reboot && share_comma && result=0 || result=1
	unset SUDO_UID SUDO_GID
	return "$result"
}

# --- a disk that qemu-storage-daemon serves

# make_disk FILE: makes 32 sectors, each filled with its number as a 64-bit word.
make_disk()
{
	rm -f "$1"
	sector=0
	while [ "$sector" -lt 32 ]; do
		words="\\$(printf %03o "$sector")\\0\\0\\0\\0\\0\\0\\0"
		words=$words$words$words$words$words$words$words$words
		# shellcheck disable=SC2059 # the words are for printf
		printf "$words$words$words$words$words$words$words$words"
		sector=$((sector + 1))
	done > "$1"
}

# disk_checks CHECK ARGS...
disk_checks()
{
	make_disk "$work/disk.raw"
	check=$1
	shift
	checks disk "$check" --disk "$work/disk.raw" "$@"
}

disk_readonly()
{
	make_disk "$work/disk.raw"
	chmod 444 "$work/disk.raw"
	checks disk 'poll 32' --disk "$work/disk.raw,readonly=on"
}

disk_misplaced()
{
	make_disk "$work/disk.raw"
	start disk misplaced --disk "$work/disk.raw"
	wait_end
	expect_no_complaint && expect_status 0 && expect_line "$out" '^done$' &&
		expect_line "$err" 'disk.raw: the guest put queue 0 outside its memory'
}

# The guest's write is in the file once minivmm has ended.
disk_written()
{
	make_disk "$work/disk.raw"
	make_disk "$work/before"
	checks disk write --disk "$work/disk.raw" || return 1
	why='the guest wrote nothing'
	! cmp -s "$work/disk.raw" "$work/before"
}

# disk_refused ARGUMENT WORDS: expects that the image is at fault, and is named.
disk_refused()
{
	start disk poll --disk "$1"
	wait_end
	expect_status 1 && expect_line "$err" "$2" && expect_empty "$out"
}

disk_broken()
{
	echo 'not an image' > "$work/broken.qcow2"
	disk_refused "$work/broken.qcow2" 'error: .*broken.qcow2: .*Image is not in qcow2 format'
}

# The image was raw a moment ago, so the guest may have written the header.
disk_disguised()
{
	printf 'QFI\373' > "$work/disk.raw"
	disk_refused "$work/disk.raw" 'disk.raw: not named .qcow2' &&
		expect_line "$err" '  fix: minivmm --disk .*,format=qcow2'
}

disk_locked()
{
	make_disk "$work/disk.raw"
	"$minivmm" --kernel "$build/kvm/disk.elf" --append busy --disk "$work/disk.raw" \
		<> "$work/fifo" > "$work/first" 2>&1 &
	first=$!
	wait_line "$work/first" busy && disk_refused "$work/disk.raw" 'disk.raw: in use by another' &&
		result=0 || result=1
	kill "$first"
	wait "$first" || true
	return "$result"
}

disk_killed()
{
	make_disk "$work/disk.raw"
	start disk busy --disk "$work/disk.raw"
	wait_line "$out" busy && demo_server || return 1
	kill -9 "$server"
	wait_end
	expect_status 4 && expect_line "$err" \
		'disk.raw: its vhost-user server closed the connection: the guest is stopped'
}

# A server that hangs holds nobody up. It would have 10 seconds for an answer, and 10 to end.
disk_stopped()
{
	make_disk "$work/disk.raw"
	start disk busy --disk "$work/disk.raw"
	wait_line "$out" busy && demo_server || return 1
	kill -STOP "$server"
	before=$(date +%s)
	kill -TERM "$pid"
	wait_end
	expect_status 143 && expect_line "$err" 'disk.raw: its vhost-user server does not answer' ||
		return 1
	why='it took 8 seconds or more'
	[ $(($(date +%s) - before)) -lt 8 ]
}

# The server ends with minivmm, however minivmm ends.
disk_left()
{
	make_disk "$work/disk.raw"
	start disk busy --disk "$work/disk.raw"
	wait_line "$out" busy && demo_server || return 1
	kill -9 "$pid"
	wait_end
	tries=0
	while [ -d "/proc/$server" ] && [ "$tries" -lt 100 ]; do
		sleep 0.05
		tries=$((tries + 1))
	done
	why='qemu-storage-daemon outlives minivmm'
	[ ! -d "/proc/$server" ]
}

# A request is no exit. The guest's notifications never come to minivmm, and interrupts go past it.
disk_no_exits()
{
	make_disk "$work/disk.raw"
	start disk msix --disk "$work/disk.raw" --trace "$work/trace" --trace-filter bar,irq
	wait_end
	expect_status 0 || return 1
	expect_line "$work/trace" device_status || return 1
	why='a notification or an interrupt came through minivmm'
	! grep -q -e notification -e KVM_SIGNAL_MSI -e KVM_IRQ_LINE "$work/trace"
}

# The name of a folder can have a comma, which separates options of virtiofsd.
share_comma()
{
	mkdir -p "$work/a,b"
	start endings poweroff --share "$work/a,,b,readonly=on"
	wait_end
	expect_status 0 && expect_empty "$err"
}

# The root is a folder by which no other root can be replaced. Otherwise virtiofsd would have to shut itself in.
share_root()
{
	start endings poweroff --share /,tag=root,readonly=on
	wait_end
	expect_status 0 && expect_empty "$err"
}

# A server of its own.
disk_socket()
{
	make_disk "$work/disk.raw"
	qemu-storage-daemon --blockdev "driver=file,node-name=disk,filename=$work/disk.raw" \
		--export "type=vhost-user-blk,id=disk,node-name=disk,addr.type=unix,addr.path=$work/blk" &
	server=$!
	tries=0
	until [ -S "$work/blk" ] || [ "$tries" -ge 100 ]; do
		sleep 0.05
		tries=$((tries + 1))
	done
	checks disk 'poll 32' --vhost-user "blk,socket=$work/blk" &&
		checks disk msix --vhost-user "blk,socket=$work/blk" && result=0 || result=1
	kill "$server"
	wait "$server" 2> /dev/null || true
	return "$result"
}

# One guest has both ways of sharing memory.
disk_beside_demo()
{
	make_disk "$work/disk.raw"
	checks disk msix --disk "$work/disk.raw" --vfio demo &&
		checks dma_copy copy --disk "$work/disk.raw" --vfio demo
}

# --- all of them

mkfifo "$work/fifo"
if [ ! -e /dev/kvm ]; then
	skipped='this machine has no /dev/kvm'
else
	start endings poweroff
	wait_end
	skipped=$(sed -n 's/^minivmm: error: \(\/dev\/kvm: .*\)/\1/p' "$err" | head -n 1)
fi

for check in port_holes port_edges string_in memory_holes; do
	run_case $check checks ports $check
done
run_case string_out string_out
for check in bridge testdev nobody bar_size bar_move bar_misplaced bar_widths; do
	run_case pci_$check checks pci_space $check --testdev
done
for check in command move; do
	run_case gate_$check checks bar_gate $check --testdev --cpus 2
done
for check in msix msix_wakes msix_moves msix_masked msix_remasked msix_pairs msix_off pin pin_disabled \
	reset; do
	run_case interrupts_$check checks interrupts $check --testdev
done
for check in msi msi_wakes multi queue_clamped masked moves kinds both; do
	run_case messages_$check checks messages $check --testdev
done
for check in copy refusals notify 'end_of_ram 512'; do
	run_case "dma_${check% *}" checks dma_copy "$check" --testdev
done
# The same device is passed through, and a guest must see the same of it. (A vector that was never unmasked is not
# pending in the table's own bits, because nobody has asked the device for it.)
for check in testdev bar_size bar_move bar_misplaced bar_widths; do
	run_case demo_pci_$check checks pci_space $check --vfio demo
done
for check in msix msix_wakes msix_moves msix_remasked msix_pairs msix_off pin pin_disabled reset; do
	run_case demo_interrupts_$check checks interrupts $check --vfio demo
done
for check in copy refusals notify 'end_of_ram 512'; do
	run_case "demo_dma_${check% *}" checks dma_copy "$check" --vfio demo
done
for check in msi msi_wakes multi queue_clamped moves kinds both; do
	run_case demo_messages_$check checks messages $check --vfio demo
done
for check in command move; do
	run_case demo_gate_$check checks bar_gate $check --vfio demo --cpus 2
done
for check in messages memory masked; do
	run_case demo_$check checks demo $check --vfio demo
done
run_case demo_trapped checks demo memory --vfio demo,x-no-mmap=on
run_case demo_no_irqfd checks interrupts msix --vfio demo,x-no-kvm-irqfd=on
run_case demo_below_port checks bus_reset "bus 20" --vfio demo,port=on --cpus 3
run_case demo_beside_testdev demo_beside_testdev
run_case demo_tour demo_tour
run_case demo_reboots demo_reboots
run_case demo_traced demo_traced
run_case demo_killed demo_killed polling polls
run_case demo_killed_idle demo_killed sleeping sleep
run_case demo_silent demo_silent
run_case demo_socket demo_socket
run_case demo_sockets demo_sockets
run_case demo_socket_missing demo_socket_missing
no_kvm=$skipped
[ -z "${KVM_WITHOUT_SANDBOX:-}" ] || skipped=$KVM_WITHOUT_SANDBOX
run_case sandbox_status sandbox_status --vfio demo --cpus 4
run_case sandbox_children sandbox_children 'demo-device device-opener name-opener unlinker'
run_case sandbox_off sandbox_off
wanted_uid=65534
run_case sandbox_user sandbox_user
wanted_uid=1
run_case sandbox_user_named sandbox_user --user daemon
skipped=$no_kvm
[ -n "$skipped" ] || command -v qemu-storage-daemon > /dev/null ||
	skipped='there is no qemu-storage-daemon to serve a disk'
[ -z "${KVM_WITHOUT_DISKS:-}" ] || skipped=$KVM_WITHOUT_DISKS
for check in 'poll 32' msix pin again reboot; do
	run_case "disk_${check% *}" disk_checks "$check"
done
run_case disk_misplaced disk_misplaced
run_case disk_readonly disk_readonly
run_case disk_written disk_written
run_case disk_missing disk_refused "$work/nowhere.raw" 'nowhere.raw: open the disk image: No such'
run_case disk_broken disk_broken
run_case disk_disguised disk_disguised
run_case disk_locked disk_locked
run_case disk_killed disk_killed
run_case disk_left disk_left
run_case disk_stopped disk_stopped
run_case disk_no_exits disk_no_exits
run_case disk_socket disk_socket
run_case disk_beside_demo disk_beside_demo
[ -n "$no_kvm" ] || [ -x /usr/lib/qemu/virtiofsd ] || skipped='there is no virtiofsd to serve a folder'
run_case share_comma share_comma
run_case share_root share_root
[ -z "${KVM_WITHOUT_SANDBOX:-}" ] || skipped=$KVM_WITHOUT_SANDBOX
run_case sandbox_disk sandbox_disk
run_case sandbox_disk_children sandbox_disk_children
skipped=$no_kvm
for cpus in 1 2 4 16 64; do
	run_case cpus_$cpus checks cpus "wake $cpus" --cpus $cpus
done
run_case cpus_512 checks cpus 'many 512' --cpus 512
allowed=$(sed -n 's/^Cpus_allowed_list:[[:space:]]*\([0-9]*\).*/\1/p' /proc/self/status)
run_case cpus_pinned checks cpus 'wake 1' --cpus "1,pin=$allowed"
run_case hypervisor_shown checks cpus 'hypervisor 1'
run_case hypervisor_hidden checks cpus 'hypervisor 0' --hide-kvm
run_case hypervisor_hidden_qemu checks cpus 'hypervisor 0' -cpu host,kvm=off
# One is the last below the device hole, one is the first above it, and one needs both.
for memory in 16 3072 3073 3300 6144; do
	run_case memory_$memory checks ram "map $memory" --memory ${memory}M
done
run_case memory_of_one_mib reports 'a guest needs more than 1 MiB there' 1 '' poweroff --memory 1
run_case memory_of_half_a_page reports 'expected a multiple of the 1024 MiB' 1 '' poweroff --memory 64M,hugepages=1G
run_case pinned_nowhere reports '--cpus: pin=: host CPU 1023 is not there' 1 '' poweroff --cpus 1,pin=1023

run_case poweroff ends 0 going poweroff
run_case near_misses checks endings near_misses
run_case reset ends 0 'boot 3' reset
run_case reset_keyboard ends 0 'boot 2' reset_keyboard
run_case reset_testdev ends 0 'boot 3' reset --testdev --cpus 2
run_case no_reboot once_only reset
run_case no_reboot_keyboard once_only reset_keyboard
run_case panics panics
run_case panic reports 'minivmm: error: guest: ' 3 '' panic
run_case triple_fault reports 'triple fault' 3 '' triple_fault
run_case sigterm_running killed_by TERM 143 looping loop
run_case sigterm_sleeping killed_by TERM 143 sleeping sleep --cpus 4 --testdev
run_case sighup killed_by HUP 129 looping loop

run_case console_file console_file
run_case console_none console_none
run_case console_pty console_pty
run_case console_input console_input
run_case stdin_closed stdin_closed
run_case stdout_closed stdout_closed
run_case stdout_broken stdout_broken
run_case stdout_full stdout_full
run_case help_full help_full
run_case help_closed help_closed
run_case help_limited help_limited
run_case commands_full commands_full
run_case stderr_broken stderr_broken
run_case terminal_background terminal_background
if [ -z "$skipped" ] && ! command -v script > /dev/null; then
	skipped='there is no script(1) to make a terminal with'
fi
run_case terminal_keys terminal_keys
[ $known = 1 ] || { echo "run.sh: no test of this name:$only" >&2; exit 2; }
exit $bad
