# SPDX-License-Identifier: MIT
# timeout: 200
# 10 MiB go through the pipes of a command. Every byte arrives, and so does the end of the input.
dd if=/dev/urandom of=/tmp/in bs=64k count=160 2> /dev/null
dd if=/tmp/in bs=64k 2> /dev/null | $vmm_program -- sh -c 'tee /dev/stderr | md5sum' > /tmp/sum 2> /tmp/copy
status=$?
expect_status 0
expect_equal 'the checksum in the guest' "$(cut -d ' ' -f 1 /tmp/sum)" \
	"$(md5sum < /tmp/in | cut -d ' ' -f 1)"
expect_equal 'the copy' "$(md5sum < /tmp/copy)" "$(md5sum < /tmp/in)"

# A shared folder can be written to, at its own path. One that is shared read-only cannot.
mkdir -p /tmp/work /tmp/kept
echo old > /tmp/kept/file
$vmm_program --share /tmp/work --share /tmp/kept,readonly=on -- sh -c \
	'echo new > /tmp/work/file; mount -o remount,rw /tmp/kept; echo new > /tmp/kept/file' \
	> /tmp/out 2>&1 < /dev/null
expect_equal 'the file in the shared folder' "$(cat /tmp/work/file)" new
expect_equal 'the file in the other' "$(cat /tmp/kept/file)" old
