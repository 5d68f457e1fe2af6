# SPDX-License-Identifier: MIT
# timeout: 90
# A newer guest kernel.
bind vfio-pci 0000:01:00.0
vmm_limit=80
vmm --vfio 01:00.0 $(guest 6.12) --append "$(todo info,read)"
expect_status 0
expect_line "^lab: kernel 6.12"
expect_line "^lab: read $(image_md5 1)"
