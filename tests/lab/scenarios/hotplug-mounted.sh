# SPDX-License-Identifier: MIT
# timeout: 180
# on demand: half a minute more than `hotplug`, for what the guest's file system does
# A disk is taken away while its file system is mounted and written to. The writer gets an error, and the guest runs
# on. When the disk is plugged in again, the file system is mounted once more, and what was synced is in it. A network
# card that comes goes without the I/O ports that it asks for.
bdf=0000:02:00.0
bind nvme $bdf
/usr/sbin/mke2fs -q -t ext4 -J size=1 "$(disk_of $bdf)" 8M
vmm_limit=170
vmm_start --bind --vfio $bdf,port=on,id=disk --ports 1 --qmp unix:/tmp/qmp \
	--kernel "$(echo /lab/root-6.1-cloud/boot/vmlinuz-*)" --initrd /lab/guest-power.cpio --append "$(todo mounted)"
wait_line '^lab: writes' 60
control '{"execute":"device_add","arguments":{"driver":"vfio-pci","host":"05:00.0","id":"nic"}}'
expect_error 'nic' 'was plugged in'
expect_error '05:00.0' 'no I/O ports for BAR 2'
control '{"execute":"query-pci"}' '{"execute":"device_del","arguments":{"id":"disk"}}' event:DEVICE_DELETED
wait_line '^lab: writer ended' 20
expect_equal "its driver on the host" "$(driver_of $bdf)" nvme
control '{"execute":"device_add","arguments":{"driver":"vfio-pci","host":"02:00.0","id":"disk"}}'
vmm_wait
expect_status 0
expect_line '^lab: again synced'
grep -q 'by surprise' $vmm_err && fail "the guest did not let go"
bind nvme $bdf
dd if=/lab/nvme2.img of="$(disk_of $bdf)" bs=1M count=8 conv=fsync 2> /dev/null
