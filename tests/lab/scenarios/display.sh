# SPDX-License-Identifier: MIT
# lab: devices=many
# timeout: 90
# on demand: make demo-gpu runs it; many-devices looks at the display, too
# The ready-made guest with a display: its console is there, as seen from outside the lab host.
bind_many 08:00.0
picture=${picture:-demo-gpu}
vmm_limit=80
vmm_start $vfio_args${below_ports:-} --grace 0 --append "console=ttyS0 console=tty0"
# The report begins on the second line of text; the shell's prompt ends it.
lines=0
for _ in $(seq 15); do
	sleep 2
	screendump "$picture"
	before=$lines
	lines=0
	for row in $(seq 0 29); do
		[ "$(pixels "$picture" $((row * 16 + 8)))" = 000000 ] || lines=$((lines + 1))
	done
	[ $lines -lt 10 ] || [ $lines -ne $before ] || break
done
expect_equal "ten lines of text or more" "$((lines >= 10))" 1
kill "$vmm_pid"
vmm_wait
expect_status 143
