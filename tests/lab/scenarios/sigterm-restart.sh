# SPDX-License-Identifier: MIT
# The guest is stopped in the middle of transfers, without being asked first, but in order. The next start finds the
# device working.
bind vfio-pci 0000:01:00.0
vmm_start --vfio 01:00.0 $(guest 6.1-cloud) --append "$(todo busy)" --grace 0
wait_line '^lab: busy' 50
kill -TERM "$vmm_pid"
vmm_wait
expect_status 143
vmm --vfio 01:00.0 $(guest 6.1-cloud) --append "$(todo read)"
expect_status 0
expect_line "^lab: read $(image_md5 1)"
