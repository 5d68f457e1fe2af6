# SPDX-License-Identifier: MIT
# lab: kernel=iommufd
# timeout: 120
# Several devices are in one address space, two of them of one group. The host takes one of them back.
vmm_limit=90
for bdf in 01:00.0 02:00.0 04:01.0 04:02.0 05:00.0; do
	bind vfio-pci "0000:$bdf"
done
vmm_start --vfio 01:00.0,iommufd=on --vfio 02:00.0 --vfio 04:01.0 --vfio 04:02.0 --vfio 05:00.0 \
	$(guest 6.1-cloud) --append "$(todo read,second_disk,read,pci,wait)"
wait_line '^lab: waiting' 60
expect_count 2 '^lab: pci .* 0x1b36:0x0010 nvme'
expect_count 2 '^lab: pci .* 0x10ec:0x8139'
expect_line "^lab: read $(image_md5 1)"
expect_line "^lab: read $(image_md5 2)"
since=$(seconds)
echo 1 > /sys/bus/pci/devices/0000:05:00.0/remove
expect_equal "less than five seconds" $(($(seconds) - since < 5)) 1
vmm_wait
expect_status 4
expect_error '05:00.0' 'wants the device back'
echo 1 > /sys/bus/pci/rescan
