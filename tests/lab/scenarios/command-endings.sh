# SPDX-License-Identifier: MIT
# timeout: 900
# on demand: 24 starts of a guest, three minutes and more
# How a command can end, and the status that minivmm makes of it.
vmm_limit=60
for code in 0 1 2 42 124 125 126 127 128 129 254 255; do
	vmm -- sh -c "exit $code"
	expect_status $code
done
# Without 3, SIGQUIT: the lab host's shell, busybox, ignores it.
for signal in 1 2 6 9 11 13 14 15; do
	vmm -- sh -c "kill -$signal \$\$; sleep 10"
	expect_status $((128 + signal))
done
vmm -- no-such-program
expect_status 127
expect_error 'no-such-program: run in the guest: No such file'
vmm -- /tmp
expect_status 126
expect_error '/tmp: run in the guest: Permission denied'

# A command can crash its guest. A guest and its command end with a minivmm that is killed.
vmm -- sh -c 'echo c > /proc/sysrq-trigger; sleep 60'
expect_status 125
expect_error 'the guest ended before it reported a status\|panic'
vmm_start -- sh -c 'echo started; sleep 100'
wait_line started 40
kill -9 "$vmm_pid"
vmm_wait
expect_status 137
