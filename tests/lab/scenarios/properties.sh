# SPDX-License-Identifier: MIT
# Every access to a BAR goes through minivmm, and a device says that it is another.
bind vfio-pci 0000:01:00.0
vmm --vfio 01:00.0,x-no-mmap=on,x-pci-vendor-id=0xcafe,x-pci-device-id=0xbabe --stats \
	$(guest 6.1-cloud) --append "$(todo read,pci)"
expect_status 0
expect_line "^lab: read $(image_md5 1)"
expect_line '^lab: pci 0000:00:01.0 0xcafe:0xbabe nvme'
trapped=$(sed -n 's/^ *MMIO *\([0-9]*\) .*/\1/p' $vmm_err)
expect_equal "hundreds of trapped accesses" $((${trapped:-0} > 300)) 1
