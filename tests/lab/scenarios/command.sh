# SPDX-License-Identifier: MIT
# timeout: 400
# A command in the ready-made guest: its output, its folder, and its status over all its endings.
cd /tmp || fail "no folder to work in"
vmm_limit=60
vmm -- /bin/sh -c 'echo out; echo err >&2; pwd; ls /usr/bin/lspci; echo new > /etc/passwd; exit 7'
expect_status 7
expect_line '^out$'
expect_line '^/tmp$'
expect_line '^/usr/bin/lspci$'
expect_equal 'standard error' "$(cat $vmm_err)" err
expect_equal 'the host its file' "$(grep -c root /etc/passwd)" 1

vmm -- sh -c 'kill -TERM $$'
expect_status 143
vmm -- /nowhere/program
expect_status 127
expect_error '/nowhere/program' 'run in the guest: No such file'
vmm -- /etc/passwd
expect_status 126
expect_error '/etc/passwd' 'Permission denied'
vmm --
expect_refusal 125 'expected a command'

# Nobody reads any more, so the command gets SIGPIPE, as it would here.
$vmm_program -- sh -c 'yes; echo $? >&2' < /dev/null 2> /tmp/status | head -n 1 > /tmp/first
expect_equal 'the first line' "$(cat /tmp/first)" y
expect_equal 'the status of yes' "$(tail -n 1 /tmp/status)" 141
