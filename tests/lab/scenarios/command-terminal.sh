# SPDX-License-Identifier: MIT
# timeout: 200
# An interactive shell has a terminal of its own. The scenario looks at its size, which changes, at what is typed, at Ctrl-C,
# and at the terminal afterwards, which is as it was. In between minivmm is continued, as by fg.
mkfifo /tmp/keys
cat > /tmp/in_terminal <<-END
	stty rows 33 cols 77
	stty -g > /tmp/before
	$vmm_program -- sh
	echo \$? > /tmp/status
	stty -g > /tmp/after
END
/usr/bin/script -q -c 'sh /tmp/in_terminal' /tmp/typescript < /tmp/keys > $vmm_out 2>&1 &
vmm_pid=$!
exec 4> /tmp/keys
wait_line '# ' 60
echo 'tty; stty size' >&4
wait_line '^/dev/pts/0' 20
wait_line '^33 77' 20
confined=$(pgrep -o -x minivmm)
kill -CONT "$confined"
stty -F "$(readlink "/proc/$confined/fd/0")" rows 44
# shellcheck disable=SC2016 # for the shell in the guest
echo 'until [ "$(stty size)" = "44 77" ]; do sleep 1; done; echo resized' >&4
wait_line '^resized' 20
echo 'sleep 1000' >&4
sleep 2
printf '\003' >&4
# shellcheck disable=SC2016 # for the shell in the guest
echo 'echo status $?; test -t 2; exit $((40 + $?))' >&4
wait_line '^status 130' 20
exec 4>&-
wait $vmm_pid
vmm_pid=
status=$(cat /tmp/status)
expect_status 40
expect_equal 'the terminal afterwards' "$(cat /tmp/after)" "$(cat /tmp/before)"
