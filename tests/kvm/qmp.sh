#!/bin/bash
# SPDX-License-Identifier: MIT
# qmp.sh BUILD_DIR [NAME...]: the control socket of a running guest, with bare-metal guests on /dev/kvm; one line
# for each test, `PASS name`, `FAIL name: why` or `SKIP name: why`. Needs python3 and jq beside what run.sh needs.
# Tests are called by name, and cases.sh reads what is set here:
# shellcheck disable=SC2317,SC2034
set -u

build=$1
shift
only=" $* "
client=$build/tests/qmp_client
minivmm=$build/minivmm
work=$(mktemp -d)
socket=$work/socket
left=$socket # what an earlier one left is taken away
pid=
trap '[ -z "$pid" ] || kill -9 $pid 2> /dev/null; rm -rf "$work"' EXIT
bad=0
skipped=

# shellcheck source=tests/kvm/cases.sh
. "$(dirname "$0")/cases.sh"

# What the guest of a test has left running is ended with it.
run_guest_case()
{
	run_case "$@"
	[ -z "$pid" ] || { kill -9 "$pid" 2> /dev/null; wait "$pid" 2> /dev/null; pid=; }
}

# wait_for COMMAND...: waits until the command succeeds.
wait_for()
{
	local tries=0

	until "$@" 2> /dev/null; do
		[ "$tries" -lt 600 ] || { why="not in time: $*"; return 1; }
		sleep 0.05
		tries=$((tries + 1))
	done
}

# start CHECK ARGS...: starts the guest `endings`, with a control socket, in the background.
start()
{
	local append=$1

	shift
	rm -f "$work/out" "$left"
	: > "$work/talk"
	"$minivmm" --kernel "$build/kvm/endings.elf" --append "$append" --qmp "unix:$socket" "$@" \
		< /dev/null > "$work/out" 2> "$work/err" &
	pid=$!
	wait_for test -S "$socket"
}

# talk WORD...: has a conversation. What came is in $work/talk.
talk()
{
	why="$("$client" "$socket" "$@" 2>&1 > "$work/talk" | tail -n 1)"
	[ -z "$why" ]
}

# told FILTER: expects that jq says true of the list of all that came.
told()
{
	why="not so: $1: $(tail -n 1 "$work/talk")"
	jq -s -e "$1" "$work/talk" > /dev/null
}

ends_with()
{
	local status

	wait "$pid"
	status=$?
	pid=
	why="exit status $status, not $1: $(tail -n 1 "$work/err")"
	[ "$status" = "$1" ]
}

asked()
{
	start loop --testdev --cpus 2 || return 1
	wait_for grep -q looping "$work/out" || return 1
	talk '{"execute":"query-status","id":1}' '{"execute":"query-pci"}' '{"execute":"query-version"}' \
		'{"execute":"query-commands"}' || return 1
	told '.[2] == {"return":{"status":"running","running":true},"id":1}' &&
		told '.[3].return[0].devices | map(.id.device) == [8, 5]' &&
		told '.[3].return[0].devices[1] | .slot == 1 and .regions[0].size == 8192 and .irq_pin == 1' &&
		told '.[4].return == .[0].QMP.version' &&
		told '.[5].return | map(.name) | contains(["device_add", "device_del", "quit", "stop"])'
}

quit()
{
	start sleep || return 1
	talk '{"execute":"quit"}' end || return 1
	told '.[2].return == {} and .[3].event == "SHUTDOWN"' &&
		told '.[3].data == {"guest":false,"reason":"host-qmp-quit"}' && ends_with 0 || return 1
	why='the socket is still there'
	[ ! -e "$socket" ]
}

# used_time: prints the time of all threads of minivmm, in clock ticks.
used_time()
{
	awk '{ sum += $14 + $15 } END { print sum + 0 }' /proc/"$pid"/task/*/stat
}

# A guest that turns in circles uses time. When it is stopped, it uses none.
paused()
{
	local before after

	start loop --cpus 2 || return 1
	wait_for grep -q looping "$work/out" || return 1
	talk '{"execute":"stop"}' '{"execute":"stop"}' '{"execute":"query-status"}' || return 1
	told '.[2].event == "STOP" and .[3].return == {} and .[4].return == {}' &&
		told '.[5].return == {"status":"paused","running":false}' || return 1
	before=$(used_time)
	sleep 0.5
	after=$(used_time)
	why="it went on: $before, then $after"
	[ $((after - before)) -le 2 ] || return 1
	talk '{"execute":"cont"}' || return 1
	told '.[2].event == "RESUME" and .[3].return == {}' || return 1
	went_on()
	{
		[ "$(used_time)" -gt $((after + 5)) ]
	}
	wait_for went_on
}

# A guest that is paused cannot be asked.
paused_and_stopped()
{
	start sleep --cpus 4 || return 1
	talk '{"execute":"stop"}' || return 1
	kill "$pid"
	ends_with 143
}

# A guest that is started anew is still stopped. Then it goes on from its beginning.
reset()
{
	start loop || return 1
	wait_for grep -q looping "$work/out" || return 1
	talk '{"execute":"system_reset"}' event:RESET '{"execute":"stop"}' '{"execute":"system_reset"}' event:RESET \
		'{"execute":"query-status"}' '{"execute":"cont"}' || return 1
	told 'map(select(.event == "RESET") | .data) |
		. == [range(2) | {"guest":false,"reason":"host-qmp-system-reset"}]' &&
		told 'map(select(.return.status?)) | .[0].return.status == "paused"' || return 1
	three_times()
	{
		[ "$(grep -c looping "$work/out")" -ge 2 ]
	}
	wait_for three_times
}

# ends KEY EVENTS REASON STATUS: the guest does what the key on its console tells it to, and its end is told.
ends()
{
	start echo --console pty || return 1
	wait_for grep -q 'on /dev/pts/' "$work/err" || return 1
	"$client" "$socket" end > "$work/talk" 2>&1 &
	wait_for grep -q return "$work/talk" || return 1
	printf '%s' "$1" > "$(sed -n 's/.* on \(\/dev\/pts\/[0-9]*\).*/\1/p' "$work/err")"
	wait $!
	told "map(.event // empty) == $2" && told ".[-1].data == {\"guest\":true,\"reason\":\"$3\"}" && ends_with "$4"
}

# The button is pressed, whoever hears it. A bare-metal guest does not.
powerdown()
{
	start sleep || return 1
	talk '{"execute":"system_powerdown"}' || return 1
	told '.[2].event == "POWERDOWN" and .[3].return == {}' || return 1
	kill "$pid"
	ends_with 143
}

refused()
{
	start sleep --vfio demo || return 1
	talk '{"execute":"device_add","arguments":{"driver":"nvme"}}' \
		'{"execute":"device_add","arguments":{"driver":"vfio-pci","id":"x"}}' \
		'{"execute":"device_add","arguments":{"driver":"vfio-pci","host":"zz"}}' \
		'{"execute":"device_add","arguments":{"driver":"vfio-pci","host":"01:00.0","x":{}}}' \
		'{"execute":"device_del","arguments":{"id":"nobody"}}' \
		'{"execute":"human-monitor-command","arguments":{"command-line":"info pci"}}' || return 1
	told '.[2].error.desc | contains("nvme") and contains("vfio-user-pci")' &&
		told '.[3].error.desc == "Parameter '"'host'"' is missing, or it is not a string"' &&
		told '.[4].error.class == "GenericError" and (.[4].error.desc | contains("zz"))' &&
		told '.[5].error.class == "GenericError"' &&
		told '.[6].error.class == "DeviceNotFound" and (.[6].error.desc | contains("nobody"))' &&
		told '.[7].error.class == "CommandNotFound"'
}

# A confined machine has another process open what comes. What cannot be opened is reported, and the guest goes on.
plugged()
{
	start sleep --ports 1 --memory 4M || return 1
	"$build/guests/demo_device" "$work/server" > /dev/null 2>&1 &
	server=$!
	wait_for test -S "$work/server" || return 1
	talk '{"execute":"device_add","arguments":{"driver":"vfio-pci","host":"fe:1f.7"}}' \
		'{"execute":"device_add","arguments":{"driver":"vfio-user-pci","socket":"'"$work"'/none"}}' \
		'{"execute":"device_add","arguments":{"driver":"vfio-pci","host":"01:00.0","fd":3}}' \
		'{"execute":"device_add","arguments":{"driver":"vfio-user-pci","socket":"'"$work"'/server","id":"x"}}' \
		'{"execute":"device_del","arguments":{"id":"x"}}' event:DEVICE_DELETED
	told '.[2].error.desc | contains("fe:1f.7: no such PCI device") or contains("locked memory")' &&
		told '.[3].error.desc | contains("connect to its vfio-user server: No such file")' &&
		told '.[4].error.desc | contains("fd=")' &&
		told '.[5].return == {} and .[6].return == {} and .[7].data.device == "x"' || return 1
	why="the main thread is not confined"
	[ -n "${KVM_WITHOUT_SANDBOX:-}" ] || grep -q '^Seccomp:[[:space:]]*2' "/proc/$pid/status" || return 1
	kill "$server" 2> /dev/null
	talk '{"execute":"quit"}' end && ends_with 0
}

# The ports of a line of QEMU's stand behind the device that names one. The device is where the line says, and comes
# to whoever asks by name.
named_ports()
{
	start sleep --vfio demo,bus=rp1,id=nic \
		-device '{"driver":"pcie-root-port","id":"rp2","bus":"pcie.0","addr":"0x5.0x1","hotplug":false}' \
		-device pcie-root-port,id=rp1,chassis=1,slot=1,bus=pcie.0,addr=5.0,multifunction=on \
		-device ioh3420,id=rp3 || return 1
	"$build/guests/demo_device" "$work/server" > /dev/null 2>&1 &
	server=$!
	wait_for test -S "$work/server" || return 1
	talk '{"execute":"query-pci"}' "$(add rp1)" "$(add rp2)" "$(add rp9)" "$(add pcie.0)" "$(add rp3)" \
		'{"execute":"query-pci"}' '{"execute":"device_del","arguments":{"id":"/machine/peripheral/x"}}' \
		event:DEVICE_DELETED
	told '.[2].return[0].devices | map(select(.pci_bridge)) |
		map([.qdev_id, .slot, .function, (.pci_bridge.devices | map(.qdev_id) | join(" "))]) ==
		[["rp3", 1, 0, ""], ["rp1", 5, 0, "nic"], ["rp2", 5, 1, ""]]' &&
		told '.[3].error.desc == "x: bus=rp1: the port has a device already: nic"' &&
		told '.[4].error.desc == "x: bus=rp2: the port has hotplug=off"' &&
		told '.[5].error.desc == "x: bus=rp9: no root port has this id"' &&
		told '.[6].error.desc | contains("bus= of the root bus")' && told '.[7].return == {}' &&
		told '.[8].return[0].devices[1].pci_bridge.devices[0].qdev_id == "x"' &&
		told '.[9].return == {} and .[10].data.device == "x"' || return 1
	kill "$server" 2> /dev/null
	talk '{"execute":"quit"}' end && ends_with 0
}

# add BUS: adds the demo device of another process, as x.
add()
{
	echo '{"execute":"device_add","arguments":{"driver":"vfio-user-pci","id":"x","bus":"'"$1"'","addr":"0x0",
		"socket":{"type":"unix","path":"'"$work"'/server"}}}' | tr -d '\n'
}

# A second minivmm with the same path must not take the socket away from the first.
in_use()
{
	start sleep || return 1
	timeout 20 "$minivmm" --kernel "$build/kvm/endings.elf" --append sleep --qmp "unix:$socket,server=on,wait=off" \
		< /dev/null > "$work/second" 2>&1
	why="$(cat "$work/second")"
	grep -q 'another program listens there' "$work/second" || return 1
	talk '{"execute":"quit"}' end && ends_with 0
}

# A minivmm that is killed leaves its socket behind. What another program has left makes room.
left_over()
{
	start sleep || return 1
	kill -9 "$pid"
	wait "$pid" 2> /dev/null
	wait_for test ! -e "$socket" || return 1
	python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$socket"
	left=$work/none start sleep || return 1
	wait_for talk '{"execute":"quit"}' end && ends_with 0
}

# Somebody writes and never reads, while the guest works.
silent_reader()
{
	start loop || return 1
	timeout 20 python3 -c '
import socket, sys
s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); s.setblocking(False)
for i in range(200000):
    try: s.send(b"junk\n" * 100)
    except BlockingIOError: break
' "$socket" || { why='its words were taken without end'; return 1; }
	talk '{"execute":"query-status"}' || return 1
	told '.[2].return.running' && talk '{"execute":"quit"}' end && ends_with 0
}

[ -w /dev/kvm ] || skipped='no /dev/kvm here'
command -v python3 > /dev/null || skipped='there is no python3'
for name in asked quit paused paused_and_stopped reset powerdown refused plugged named_ports in_use left_over silent_reader; do
	run_guest_case qmp_$name $name
done
run_guest_case qmp_powered_off ends q '["SHUTDOWN"]' guest-shutdown 0
run_guest_case qmp_crashed ends '!' '["GUEST_PANICKED","SHUTDOWN"]' guest-panic 3
exit $bad
