# SPDX-License-Identifier: MIT
# timeout: 240
# on demand: make lab-pictures runs it
# What README says to do on one's own machine, from top to bottom and on a terminal of 100 columns. It looks, asks the
# doctor, hands the device over, runs the ready-made guest, uses its shell, and hands the device back. Then comes the
# one command that does it all. What list and doctor print is kept, because README shows it.
PATH=/lab/stage:$PATH
bind nvme 0000:01:00.0
bind nvme 0000:02:00.0
bind 8139cp 0000:04:01.0
bind 8139cp 0000:04:02.0
bind e1000e 0000:05:00.0
for bdf in 01:00.0 02:00.0 04:01.0 04:02.0 05:00.0; do
	echo > /sys/bus/pci/devices/0000:$bdf/driver_override
done

# on_terminal NAME COMMAND: what it prints there is /out/walk-NAME.txt.
on_terminal()
{
	name=$1
	shift
	/usr/bin/script -q -e -c "stty cols 100 rows 40; $*" /dev/null < /dev/null > "/out/walk-$name.txt" 2>&1 &&
		status=0 || status=$?
	tr -d '\r' < "/out/walk-$name.txt" > $vmm_out
	echo "--- $*"
	cat $vmm_out
}

# The guest's own shell: a command, and Ctrl-A x.
use_guest()
{
	rm -f /tmp/keys
	mkfifo /tmp/keys
	: > $vmm_out
	/usr/bin/script -q -e -c "stty cols 100 rows 40; $*" /dev/null < /tmp/keys > $vmm_out 2>&1 &
	vmm_pid=$!
	exec 4> /tmp/keys
	wait_line 'nvme0n1 .*64 MiB' 90
	wait_line 'guest:/#' 30
	# shellcheck disable=SC2016 # for the shell in the guest
	echo 'echo answer $((6 * 7))' >&4
	wait_line '^answer 42' 30
	printf '\001x' >&4
	exec 4>&-
	wait $vmm_pid && status=0 || status=$?
	vmm_pid=
	expect_status 0
}

on_terminal list minivmm list
expect_status 0
expect_line '^0000:01:00.0 .*nvme .*not bound'
expect_equal "lines wider than the terminal" "$(grep -c '.\{101\}' $vmm_out)" 0
on_terminal doctor minivmm doctor 01:00.0
expect_status 1
expect_line 'fix: sudo minivmm bind 0000:01:00.0'
# The fix, as it stands there, but for sudo.
fix=$(sed -n 's/.*fix: sudo \(minivmm bind .*\)/\1/p' $vmm_out)
on_terminal dry-run minivmm bind --dry-run 01:00.0
expect_status 0
on_terminal bind "$fix"
expect_status 0
on_terminal list-after minivmm list
expect_line '^0000:01:00.0 .*vfio-pci .*yes'
on_terminal doctor-after minivmm doctor 01:00.0
expect_status 0
use_guest minivmm --vfio 01:00.0
on_terminal restore minivmm restore
expect_status 0
expect_equal "the driver after restore" "$(driver_of 0000:01:00.0)" nvme
on_terminal refused minivmm --vfio 01:00.0
expect_status 1
expect_line 'fix: sudo minivmm bind 0000:01:00.0'
use_guest minivmm --bind --vfio 01:00.0
expect_equal "the driver in the end" "$(driver_of 0000:01:00.0)" nvme
