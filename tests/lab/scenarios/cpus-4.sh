# SPDX-License-Identifier: MIT
# timeout: 120
bind vfio-pci 0000:01:00.0
vmm_limit=110
vmm --vfio 01:00.0 --cpus 4 $(guest 6.1-cloud) --append "$(todo info,read)"
expect_status 0
expect_line '^lab: cpus 4'
expect_line "^lab: read $(image_md5 1)"
