# SPDX-License-Identifier: MIT
# timeout: 120
# A command runs without root. Whoever may use /dev/kvm needs nothing else. The command can read the files of others
# as it can here, and can write only in a folder of its own.
chmod 666 /dev/kvm
mkdir -p /tmp/work
chown user /tmp/work
cat > /tmp/run <<-END
	cd /tmp/work || exit 1
	exec $vmm_program --vfio demo --share /tmp/work -- sh -c 'cat /etc/group; echo mine > /tmp/work/file; exit 5'
END
chmod 755 /tmp/run
su user -c 'sh /tmp/run' < /dev/null > $vmm_out 2> $vmm_err
status=$?
expect_status 5
expect_line '^user:x:1000:'
expect_equal 'the file' "$(cat /tmp/work/file)" mine
expect_equal 'its owner' "$(stat -c %U /tmp/work/file)" user
