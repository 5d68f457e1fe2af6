# SPDX-License-Identifier: MIT
# timeout: 300
# Disk images: there are a file system in a qcow2 image, and a raw image that is read-only. Then the server of an
# image is killed, and the scenario looks what becomes of the guest.
vmm_limit=60
dd if=/dev/zero of=/tmp/disk.raw bs=1M count=16 2> /dev/null
/usr/sbin/mke2fs -q -F /tmp/disk.raw
qemu-img convert -f raw -O qcow2 /tmp/disk.raw /tmp/disk.qcow2
vmm --disk /tmp/disk.qcow2 -- sh -c '/usr/sbin/modprobe ext4; mkdir /tmp/m; mount -t ext2 /dev/vda /tmp/m && echo hello > /tmp/m/file &&
	umount /tmp/m'
expect_status 0
vmm --disk /tmp/disk.qcow2,readonly=on --disk /tmp/disk.raw -- sh -c '/usr/sbin/modprobe ext4; mkdir /tmp/m
	mount -t ext2 -o ro /dev/vda /tmp/m && cat /tmp/m/file; cat /sys/block/vda/ro /sys/block/vdb/ro'
expect_status 0
expect_line '^hello$'
expect_equal 'which are read-only' "$(tail -n 2 $vmm_out | tr '\n' ' ')" '1 0 '

kill_server()
{
	# shellcheck disable=SC2046 # one process
	kill -9 $(pidof "$1")
}
vmm_start --disk /tmp/disk.qcow2 -- sh -c 'echo started; sleep 100'
wait_line started 40
kill_server qemu-storage-daemon
vmm_wait
expect_status 125
expect_error 'disk.qcow2: its vhost-user server closed the connection'

vmm_start --share /tmp --kernel "$(echo /boot/vmlinuz-*)"
usleep 3000000
kill_server virtiofsd
vmm_wait
expect_status 4
expect_error '/tmp: its vhost-user server closed the connection'
