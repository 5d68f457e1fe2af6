# SPDX-License-Identifier: MIT
# timeout: 120
# The guest has memory on both sides of the hole before 4 GiB. It uses the upper part first, so the transfer goes
# there.
bind vfio-pci 0000:01:00.0
vmm_limit=110
vmm --vfio 01:00.0 --memory 5G $(guest 6.1-cloud) --append "$(todo info,read)"
expect_status 0
expect_line "^lab: read $(image_md5 1)"
mib=$(sed -n 's/^lab: memory \([0-9]*\).*/\1/p' $vmm_out)
expect_equal "memory of 4800 MiB or more" "$((mib >= 4800))" 1
