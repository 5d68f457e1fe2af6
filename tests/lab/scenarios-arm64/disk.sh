# SPDX-License-Identifier: MIT
# timeout: 300
# on demand: needs qemu-storage-daemon and virtiofsd for arm64: make lab-host ARCH=aarch64
# Disk images and folders, as on x86-64: a file system in a qcow2 image, a raw one read-only, a folder both ways, a
# server that runs already, and what becomes of a guest whose server is killed.
[ -x /usr/bin/qemu-storage-daemon ] || skip "no qemu-storage-daemon: make lab-host ARCH=aarch64"
vmm_limit=100
dd if=/dev/zero of=/tmp/disk.raw bs=1M count=16 2> /dev/null
/usr/sbin/mke2fs -q -F /tmp/disk.raw
qemu-img convert -f raw -O qcow2 /tmp/disk.raw /tmp/disk.qcow2
mkdir /tmp/folder
head -c 1048576 /lab/nvme1.img > /tmp/folder/mib
vmm --disk /tmp/disk.qcow2 --share /tmp/folder -- sh -c '/usr/sbin/modprobe ext4; mkdir /tmp/m
	mount -t ext2 /dev/vda /tmp/m && cp /tmp/folder/mib /tmp/m && umount /tmp/m
	mount -t ext2 /dev/vda /tmp/m && cp /tmp/m/mib /tmp/folder/copy; md5sum /tmp/folder/copy'
expect_status 0
expect_line "^$(image_md5 1)  "
expect_equal 'a copy by the guest' "$(file_md5 /tmp/folder/copy)" "$(image_md5 1)"

qemu-storage-daemon --blockdev driver=file,node-name=file,filename=/tmp/disk.raw \
	--export type=vhost-user-blk,id=disk,node-name=file,addr.type=unix,addr.path=/tmp/blk,writable=on &
storage=$!
tries=0
until [ -S /tmp/blk ]; do
	[ $tries -lt 200 ] || fail "no server at /tmp/blk"
	tries=$((tries + 1))
	usleep 50000
done
vmm --disk /tmp/disk.qcow2,readonly=on --vhost-user blk,socket=/tmp/blk -- sh -c '/usr/sbin/modprobe ext4; mkdir /tmp/m
	mount -t ext2 /dev/vdb /tmp/m && umount /tmp/m && echo mounted; mount -t ext2 -o ro /dev/vda /tmp/m && md5sum /tmp/m/mib
	cat /sys/block/vda/ro /sys/block/vdb/ro'
kill $storage
expect_status 0
expect_line '^mounted$'
expect_line "^$(image_md5 1)  "
expect_equal 'which are read-only' "$(tail -n 2 $vmm_out | tr '\n' ' ')" '1 0 '

kill_server()
{
	# shellcheck disable=SC2046 # one process, or two
	kill -9 $(pidof "$1")
}
vmm_start --disk /tmp/disk.qcow2 --append quiet
wait_line 'driver virtio-pci' 80
kill_server qemu-storage-daemon
vmm_wait
expect_status 4
expect_error 'disk.qcow2: its vhost-user server closed the connection'

vmm_start --share /tmp/folder -- sh -c 'echo started; sleep 1000'
wait_line started 80
kill_server virtiofsd
vmm_wait
expect_status 125
expect_error 'its vhost-user server closed the connection'
