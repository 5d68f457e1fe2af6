# SPDX-License-Identifier: MIT
# With --no-reboot a reboot ends minivmm as a power-off does.
bind vfio-pci 0000:01:00.0
vmm --vfio 01:00.0 --no-reboot $(guest 6.1-cloud) --append "$(todo boots,reboot)"
expect_status 0
expect_count 1 '^lab: boot '
