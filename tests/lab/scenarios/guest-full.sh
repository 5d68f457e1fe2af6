# SPDX-License-Identifier: MIT
# timeout: 90
# Debian's full kernel: nvme is a module there.
bind vfio-pci 0000:01:00.0
vmm_limit=80
vmm --vfio 01:00.0 $(guest 6.1) --append "$(todo info,read)"
expect_status 0
expect_line "^lab: kernel 6.1"
expect_line "^lab: read $(image_md5 1)"
