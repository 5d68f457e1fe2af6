# SPDX-License-Identifier: MIT
# lab: kernel=iommufd
# timeout: 120
# The first device of a guest comes while it runs. Its group has no file, so it is opened by iommufd. It is read and taken
# away, twice. With a slot for devices guest RAM is a file, by which a newer kernel maps it.
add='{"execute":"device_add","arguments":{"driver":"vfio-pci","host":"01:00.0","id":"disk"}}'
del='{"execute":"device_del","arguments":{"id":"disk"}}'
vmm_limit=110
bind vfio-pci 0000:01:00.0
rm "/dev/vfio/$(group_of 0000:01:00.0)"
vmm_start --stats --ports 1 --qmp unix:/tmp/qmp $(guest 6.1-cloud) \
	--append "$(todo hotplug) lab.disk=nvme0n1 lab.rounds=2"
for round in 1 2; do
	wait_line "^lab: waits $round" 60
	control "$add"
	wait_line "^lab: plugged $round 1" 20
	control "$del" event:DEVICE_DELETED
	wait_line "^lab: unplugged $round" 20
done
vmm_wait
expect_status 0
expect_count 2 "^lab: read $(image_md5 1)"
expect_error 'VFIO_DEVICE_BIND_IOMMUFD  *2 '
expect_error 'IOMMU_IOAS_MAP'
