# SPDX-License-Identifier: MIT
# timeout: 90
# bind, the ready-made guest from the lab host's own kernel and modules, and restore.
vmm_limit=170
vmm bind 01:00.0
expect_status 0
vmm doctor 01:00.0
expect_status 0
vmm --vfio 01:00.0 --append minivmm.poweroff
expect_status 0
expect_line 'aarch64, 1 CPU'
expect_line '00:01.0 .*NVMe controller .*driver nvme'
vmm restore
expect_status 0

# The power button is a key here.
vmm_start --memory 256M
wait_line 'A shell of busybox' 80
kill "$vmm_pid"
vmm_wait
expect_status 0
expect_error info 'asked to power off'
