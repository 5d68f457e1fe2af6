# SPDX-License-Identifier: MIT
# An ordinary user may use the device, but may not lock enough memory for it.
bind vfio-pci 0000:01:00.0
chown user "/dev/vfio/$(group_of 0000:01:00.0)" /dev/kvm
chmod 666 /dev/vfio/vfio
chmod 777 /tmp
vmm_runner='/usr/bin/prlimit --memlock=67108864:67108864
	/usr/bin/setpriv --reuid=1000 --regid=1000 --clear-groups'
vmm --vfio 01:00.0 --memory 256M $(guest 6.1-cloud) --append "$(todo read)"
expect_refusal 1 'lock' '256\|268435456\|262144'
expect_error 'fix: ' 'ulimit -l\|prlimit'
# The same user has room for it.
vmm_runner='/usr/bin/prlimit --memlock=536870912:536870912
	/usr/bin/setpriv --reuid=1000 --regid=1000 --clear-groups'
vmm --vfio 01:00.0 --memory 256M $(guest 6.1-cloud) --append "$(todo read)"
expect_status 0
expect_line "^lab: read $(image_md5 1)"
