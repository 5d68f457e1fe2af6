# SPDX-License-Identifier: MIT
# A guest reports its panic through pvpanic.
bind vfio-pci 0000:01:00.0
vmm --vfio 01:00.0 $(guest 6.1-cloud) --append "$(todo read,panic)"
expect_line '^lab: panic'
expect_status 3
