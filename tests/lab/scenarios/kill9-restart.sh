# SPDX-License-Identifier: MIT
# minivmm is killed in the middle of transfers, with no chance to tidy up. The next start finds the device working.
bind vfio-pci 0000:01:00.0
vmm_start --vfio 01:00.0 $(guest 6.1-cloud) --append "$(todo busy)"
wait_line '^lab: busy' 50
kill -KILL "$vmm_pid"
vmm_wait
expect_status 137
vmm --vfio 01:00.0 $(guest 6.1-cloud) --append "$(todo read)"
expect_status 0
expect_line "^lab: read $(image_md5 1)"
