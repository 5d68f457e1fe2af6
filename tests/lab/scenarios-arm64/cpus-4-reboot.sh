# SPDX-License-Identifier: MIT
# timeout: 120
# Four vCPUs, switched on by PSCI, from a kernel packed by gzip; the device works after a reboot, too.
bind vfio-pci 0000:01:00.0
vmm_limit=110
vmm --vfio 01:00.0 --cpus 4 --kernel /lab/guest-6.1.gz --initrd /lab/guest-6.1.cpio \
	--append "$(todo boots,info,read,reboots) lab.rounds=2"
expect_status 0
expect_line '^lab: boot 1'
expect_line '^lab: boot 2'
expect_count 2 '^lab: cpus 4'
expect_count 2 "^lab: read $(image_md5 1)"
