# SPDX-License-Identifier: MIT
# timeout: 120
# Four vCPUs, switched on by PSCI, from a kernel packed by gzip.
bind vfio-pci 0000:01:00.0
vmm_limit=220
vmm --vfio 01:00.0 --cpus 4 --kernel /lab/guest-6.1.gz --initrd /lab/guest-6.1.cpio \
	--append "$(todo info,read)"
expect_status 0
expect_line '^lab: cpus 4'
expect_line "^lab: read $(image_md5 1)"
