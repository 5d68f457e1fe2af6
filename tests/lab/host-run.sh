# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# Runs on the lab host, read by host-init.sh: the scenarios listed in /out/scenarios, one line on
# ttyS1 for each, or a shell when there is no list. Kernel messages stay apart on ttyS0.

# KVM asks for the TSC's frequency when it is loaded. Before the kernel has measured it well, it may be 0.06 %
# off, on a busy machine, and guests' timers come late by half a minute.
clocksource=/sys/devices/system/clocksource/clocksource0/current_clocksource
tries=0
while grep -q tsc-early $clocksource && [ $tries -lt 100 ]; do
	usleep 100000
	tries=$((tries + 1))
done

for module in kvm-amd vfio-pci; do
	/usr/sbin/modprobe -q "$module"
done

# This comes before anything is sent to it, because the emulator's greeting must not be echoed back to it.
[ ! -e /dev/ttyS2 ] || stty raw -echo < /dev/ttyS2

# An interrupt comes several times a second, whatever the emulator loses: see lab-machine.sh.
stty raw -echo < /dev/ttyS3
cat /dev/ttyS3 > /dev/null &

result()
{
	echo "$*" > /dev/ttyS1
}

# Removes everything that a scenario may have left behind: programs, bound devices, changed modes.
clean_up()
{
	for program in minivmm qemu-system-x86_64 iperf3 nc; do
		killall -q -9 "$program" && usleep 300000
	done
	while read -r bdf; do
		dir=/sys/bus/pci/devices/$bdf
		[ -e "$dir" ] || continue
		# vfio-pci does not take a device that has virtual functions.
		[ ! -e "$dir/sriov_numvfs" ] || echo 0 > "$dir/sriov_numvfs"
		[ ! -e "$dir/driver" ] || echo "$bdf" > "$dir/driver/unbind"
		echo > "$dir/driver_override"
	done < /lab/stage/devices
	chmod 600 /dev/kvm 2>/dev/null
	rm -rf /tmp/* /run/minivmm*
}

# How long to sleep between two looks whether a scenario has ended, in microseconds. `make bench` would count the looks.
nap=100000
[ ! -e /lab/stage/bench_mark ] || nap=3000000

# A scenario is a process group of its own, so that its time limit reaches everything in it.
run_scenario()
{
	name=$1 limit=$2 log=/out/$1.log
	result "RUN $name"
	clean_up > /dev/null 2>&1
	setsid sh -c "export scenario=$name; . /lab/stage/scenario-lib.sh; . /lab/stage/scenario-devices.sh
		. /lab/stage/scenarios/$name.sh; end_scenario" \
		>> "$log" 2>&1 < /dev/null &
	pid=$!
	start=$(date +%s)
	while kill -0 $pid 2>/dev/null; do
		if [ $(($(date +%s) - start)) -ge "$limit" ]; then
			kill -9 -$pid
			echo "no end after $limit seconds" > /tmp/reason
			cat /tmp/vmm.out /tmp/vmm.err >> "$log" 2>/dev/null
			break
		fi
		usleep $nap
	done
	wait $pid
	status=$?
	reason=$(cat /tmp/reason 2>/dev/null)
	case $status in
	0) result "PASS $name" ;;
	77) result "SKIP $name: $reason" ;;
	*) result "FAIL $name: ${reason:-script ended with status $status}" ;;
	esac
}

if [ ! -e /out/scenarios ]; then
	echo "minivmm is in /lab/stage, guests in /lab; poweroff -f ends"
	cd /root || true
	# The shell has a session of its own with a controlling terminal, so that Ctrl-C works.
	setsid cttyhack sh
	poweroff -f
fi

while read -r name limit; do
	run_scenario "$name" "$limit"
done < /out/scenarios
result DONE
poweroff -f
