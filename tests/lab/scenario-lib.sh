# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# What scenarios are written with. It runs on the lab host, in a process of its own per scenario. The first
# expectation that is not met ends the scenario with FAIL. A scenario without a single expectation fails, too.

vmm_program=/lab/stage/minivmm
vmm_out=/tmp/vmm.out
vmm_err=/tmp/vmm.err
vmm_limit=60
# Limits are written down for an idle machine, but other tests may run beside: see lab.sh.
patience=$(cat /lab/stage/patience)
vmm_runner=''
# shellcheck disable=SC2154 # set by host-run.sh
token=$scenario-$(cut -d . -f 1 /proc/uptime)
expectations=0

fail()
{
	echo "$*" > /tmp/reason
	echo "FAIL: $*"
	show_output
	[ -z "${vmm_pid:-}" ] || kill -9 "$vmm_pid" 2>/dev/null
	exit 1
}

skip()
{
	echo "$*" > /tmp/reason
	exit 77
}

end_scenario()
{
	show_output
	[ $expectations -gt 0 ] || fail "nothing was expected"
	exit 0
}

# Puts what the last start printed into the scenario's log.
show_output()
{
	for file in $vmm_out $vmm_err; do
		[ ! -s "$file" ] || { echo "--- ${file##*/}"; cat "$file"; }
	done
}

# reboot_host: the lab host goes down, files of $state live on, and the scenario starts again on the next boot. This
# is possible three times at most. $boots tells which boot it is.
state=/out/state/$scenario
boots=$(cat "$state.boots" 2>/dev/null || echo 1)
reboot_host()
{
	[ "$boots" -lt 4 ] || fail "a fourth reboot"
	echo $((boots + 1)) > "$state.boots"
	show_output
	echo "--- reboot"
	sync
	echo "REBOOT $scenario" > /dev/ttyS1
	poweroff -f
}

# --- starting the program under test

# guest VERSION: prints the arguments for a guest with our own initramfs. VERSION is as in /lab/root-VERSION.
guest()
{
	echo "--kernel $(echo /lab/root-"$1"/boot/vmlinuz-*) --initrd /lab/guest-$1.cpio"
}

# todo WORDS: prints the guest's command line. The words are those of guest-init.sh.
todo()
{
	echo "console=ttyS0 quiet lab.token=$token lab.do=$1"
}

# vmm_start ARGS...: starts it in the background. Standard input is held open and never has data.
vmm_start()
{
	show_output
	echo "--- $vmm_runner $vmm_program $*"
	: > $vmm_out
	: > $vmm_err
	[ -p /tmp/vmm.in ] || mkfifo /tmp/vmm.in
	# The runner is a command with its own options, so it must be split into words.
	# shellcheck disable=SC2086
	$vmm_runner "$vmm_program" "$@" <> /tmp/vmm.in > $vmm_out 2> $vmm_err &
	vmm_pid=$!
	vmm_since=$(seconds)
}

# control WORD...: has a conversation with the control socket /tmp/qmp, by the words of tests/kvm/qmp_client.c.
control()
{
	/lab/stage/qmp_client /tmp/qmp "$@" || fail "the control socket: $*"
}

# slow_ticks: gives the guest fewer timer interrupts. Firmware writes CR8 at the end of each, and the emulator dies if
# the next one is already waiting. (helper_write_crN() in target/i386 of QEMU 7.2 and 10 raises an interrupt without
# the lock that this takes.) With fewer of them there is time enough in between.
slow_ticks()
{
	echo 100000 > /sys/module/kvm/parameters/min_timer_period_us
}

# vmm_wait: waits until it has ended. $status is its exit status, 128+n after signal n.
vmm_wait()
{
	while kill -0 "$vmm_pid" 2>/dev/null; do
		[ $(($(seconds) - vmm_since)) -lt $((vmm_limit * patience)) ] ||
			fail "still running after $((vmm_limit * patience)) seconds"
		usleep 50000
	done
	wait "$vmm_pid" && status=0 || status=$?
	vmm_pid=''
	echo "--- status $status after $(($(seconds) - vmm_since)) s"
}

# once NAME COMMAND...: COMMAND, which starts a guest and waits for its end; but not if it came to its end before and
# the scenario begins again because the emulator aborted. What the guest printed is in $vmm_out either way.
once()
{
	kept=/out/$scenario-$1.log
	shift
	vmm_out=/tmp/vmm.out
	if [ ! -e "$kept" ]; then
		"$@"
		cp $vmm_out "$kept.part"
		mv "$kept.part" "$kept"
	fi
	vmm_out=$kept
}

vmm()
{
	vmm_start "$@"
	vmm_wait
}

seconds()
{
	cut -d . -f 1 /proc/uptime
}

# --- expectations

expect_status()
{
	expectations=$((expectations + 1))
	[ "$status" -eq "$1" ] || fail "exit status $status, not $1: $(tail -n 1 $vmm_err)"
}

# Expects a line of the guest's console with this text (a basic regular expression).
expect_line()
{
	expectations=$((expectations + 1))
	grep -q -e "$1" $vmm_out || fail "no '$1' on the console"
}

# expect_count N TEXT: expects that many such lines.
expect_count()
{
	expectations=$((expectations + 1))
	count=$(grep -c -e "$2" $vmm_out)
	[ "$count" -eq "$1" ] || fail "$count lines with '$2' on the console, not $1"
}

# expect_equal WHAT IS WANTED
expect_equal()
{
	expectations=$((expectations + 1))
	[ "$2" = "$3" ] || fail "$1 is '$2', not '$3'"
}

# Expects one line of minivmm's own with all these words.
expect_error()
{
	expectations=$((expectations + 1))
	cp $vmm_err /tmp/lines
	for word; do
		grep -i -e "$word" /tmp/lines > /tmp/fewer || fail "no error line with: $*"
		mv /tmp/fewer /tmp/lines
	done
}

# Expects that the start was refused: the status, at least one error line with these words, and a guest that never
# ran.
expect_refusal()
{
	expect_status "$1"
	shift
	expect_error '^minivmm: error: ' "$@"
	expectations=$((expectations + 1))
	[ ! -s $vmm_out ] || fail "a guest ran although the start was refused"
}

# wait_in FILE TEXT SECONDS: waits until a running guest's console, or what minivmm says, has the line.
wait_in()
{
	expectations=$((expectations + 1))
	since=$(seconds)
	until grep -q -e "$2" "$1"; do
		kill -0 "$vmm_pid" 2>/dev/null || fail "ended before '$2' was in ${1##*/}"
		[ $(($(seconds) - since)) -lt $(($3 * patience)) ] ||
			fail "no '$2' within $(($3 * patience)) seconds"
		usleep 50000
	done
}

# For things done to a running guest: wait for a line of its console, or of minivmm's own.
wait_line()
{
	wait_in $vmm_out "$@"
}

wait_error()
{
	wait_in $vmm_err "$@"
}

# --- the lab host's devices

# bind DRIVER BDF
bind()
{
	bind_dir=/sys/bus/pci/devices/$2
	/usr/sbin/modprobe -q "$1"
	[ ! -e "$bind_dir/driver" ] || echo "$2" > "$bind_dir/driver/unbind"
	echo "$1" > "$bind_dir/driver_override"
	echo "$2" > /sys/bus/pci/drivers_probe
	[ "$(driver_of "$2")" = "$1" ] || fail "$2 did not bind to $1"
}

driver_of()
{
	basename "$(readlink "/sys/bus/pci/devices/$1/driver")"
}

group_of()
{
	basename "$(readlink "/sys/bus/pci/devices/$1/iommu_group")"
}

# disk_of BDF: waits for the NVMe's disk on the lab host, and prints its name.
disk_of()
{
	tries=0
	until ls -d "/sys/bus/pci/devices/$1"/nvme/*/nvme*n1 > /tmp/disk 2>/dev/null; do
		[ $tries -lt 100 ] || fail "no disk at $1"
		tries=$((tries + 1))
		usleep 50000
	done
	sed 's,.*/,/dev/,' /tmp/disk
}

# image_md5 N: prints the checksum of the first MiB of the N-th NVMe, from the image rather than through any driver.
image_md5()
{
	dd if="/lab/nvme$1.img" bs=64k count=16 2>/dev/null | md5sum | cut -d ' ' -f 1
}

# qmp JSON...: tells the emulator of the lab host itself, for faults that come from outside.
qmp()
{
	# The port is held open throughout, because closing it throws away what is on its way.
	exec 3<> /dev/ttyS2
	# What came before is the greeting, and complaints about what the port echoed until it was raw. A byte that is
	# never in JSON makes the emulator forget half an echo. Its answer is thrown away.
	printf '\377\n' >&3
	timeout 1 cat <&3 > /dev/null
	: > /tmp/qmp.out
	cat <&3 > /tmp/qmp.out &
	qmp_reader=$!
	# This is done once for each boot, because a second time would be an error.
	qmp_answers=$#
	if [ ! -e /run/lab-qmp ]; then
		echo '{"execute":"qmp_capabilities"}' >&3
		: > /run/lab-qmp
		qmp_answers=$((qmp_answers + 1))
	fi
	for command; do
		echo "$command" >&3
	done
	tries=0
	while [ "$(grep -c '"return"\|"error"' /tmp/qmp.out)" -lt $qmp_answers ] && [ $tries -lt 200 ]; do
		tries=$((tries + 1))
		usleep 100000
	done
	kill $qmp_reader
	exec 3>&-
	echo "--- qmp $*"
	cat /tmp/qmp.out
	grep -q '"return"' /tmp/qmp.out || fail "no answer on the emulator's control port"
	! grep -q '"error"' /tmp/qmp.out || fail "the emulator refused: $(grep '"error"' /tmp/qmp.out)"
}
