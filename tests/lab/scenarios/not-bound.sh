# SPDX-License-Identifier: MIT
# The device still belongs to the lab host's own driver.
bind nvme 0000:01:00.0
vmm --vfio 01:00.0 $(guest 6.1-cloud) --append "$(todo read)"
expect_refusal 1 '01:00.0' 'nvme'
expect_error 'fix: ' 'bind'
expect_equal "the driver afterwards" "$(driver_of 0000:01:00.0)" nvme
