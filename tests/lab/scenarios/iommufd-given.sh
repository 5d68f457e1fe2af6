# SPDX-License-Identifier: MIT
# lab: kernel=iommufd
# timeout: 90
# An ordinary user may open neither the device's file nor /dev/iommu. When both are handed over open, the user starts
# a guest with QEMU's words. Without them the start is refused.
bind vfio-pci 0000:01:00.0
chmod 777 /tmp
chown user /dev/kvm
own=/dev/vfio/devices/$(ls /sys/bus/pci/devices/0000:01:00.0/vfio-dev)
vmm_runner='/usr/bin/prlimit --memlock=268435456:268435456
	/usr/bin/setpriv --reuid=1000 --regid=1000 --clear-groups'
vmm --vfio 01:00.0,iommufd=on --memory 256M $(guest 6.1-cloud) --append "$(todo read)"
expect_refusal 1 '/dev/iommu' 'permission denied'
chmod 666 /dev/iommu
vmm --vfio 01:00.0,iommufd=on --memory 256M $(guest 6.1-cloud) --append "$(todo read)"
expect_refusal 1 "$own" 'permission denied'
chmod 600 /dev/iommu
exec 5<> "$own" 6<> /dev/iommu
vmm -object iommufd,id=host,fd=6 -device vfio-pci,fd=5,iommufd=host -m 256 $(guest 6.1-cloud) \
	-append "$(todo read)"
expect_status 0
expect_line "^lab: read $(image_md5 1)"
# The user has a file of the device, and gets /dev/iommu from somebody else.
exec 5<&-
chown user "$own"
vmm --vfio 01:00.0,iommufd=host -object iommufd,id=host,fd=6 -m 256 $(guest 6.1-cloud) \
	-append "$(todo read)"
expect_status 0
expect_line "^lab: read $(image_md5 1)"
chown 0 "$own"
exec 5<> "$own"
vmm --vfio fd=5,iommufd=host -object iommufd,id=host,fd=6 -m 256 $(guest 6.1-cloud) \
	-append "$(todo read)"
expect_status 0
# The device's file is for one start, and the message says so. /dev/iommu can stay open, and nothing stays in it.
vmm --vfio fd=5,iommufd=host -object iommufd,id=host,fd=6 -m 256 $(guest 6.1-cloud)
expect_refusal 1 '01:00.0' 'BIND_IOMMUFD'
expect_error 'fix: open .*anew'
exec 5<&- 5<> "$own"
vmm --vfio fd=5,iommufd=host -object iommufd,id=host,fd=6 -m 256 --trace /tmp/trace \
	$(guest 6.1-cloud) -append "$(todo read)"
expect_status 0
expect_line "^lab: read $(image_md5 1)"
expect_equal "taken down" "$(grep -c 'DETACH_IOMMUFD_PT.* = 0 \|IOMMU_DESTROY.* = 0 ' /tmp/trace)" 2
exec 5<&- 5<> "$own"
vmm --vfio 02:00.0,fd=5 -m 256 $(guest 6.1-cloud) --append "$(todo read)"
expect_refusal 1 '02:00.0' 'fd=5 is open, but it is 0000:01:00.0'
exec 5<&- 6<&-
