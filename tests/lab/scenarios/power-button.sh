# SPDX-License-Identifier: MIT
# timeout: 120
# SIGTERM presses the power button. After that the file system of a passed-through disk is clean. It is not clean if
# the guest was not asked. The ready-made guest powers off by itself.
bdf=0000:02:00.0
guest="--kernel $(echo /lab/root-6.1-cloud/boot/vmlinuz-*) --initrd /lab/guest-power.cpio"
# The first 8 MiB are kept, and put back afterwards.
make_file_system()
{
	bind nvme $bdf
	/usr/sbin/mke2fs -q -t ext4 -J size=1 "$(disk_of $bdf)" 8M
	bind vfio-pci $bdf
}
# What the kernel says of a file system that was not unmounted.
expect_dirty()
{
	bind nvme $bdf
	expect_equal "to be repaired $2" "$(/usr/sbin/dumpe2fs -h "$(disk_of $bdf)" 2> /dev/null | grep -c needs_recovery)" "$1"
}
# stop ARGS...: ends the guest once its file system is in use.
stop()
{
	make_file_system
	vmm_start --vfio $bdf $guest --append "$(todo journal)" "$@"
	wait_line '^lab: journal' 40
	expect_line '^lab: mounted'
	kill "$vmm_pid"
	vmm_wait
}
stop
expect_status 0
expect_line '^lab: unmounted'
expect_error info 'asked to power off'
expect_dirty 0 "after the button"
stop --grace 0
expect_status 143
expect_dirty 1 "without it"
dd if=/lab/nvme2.img of="$(disk_of $bdf)" bs=1M count=8 conv=fsync 2> /dev/null

vmm_start --memory 256M
wait_line 'A shell of busybox' 40
kill "$vmm_pid"
vmm_wait
expect_status 0
