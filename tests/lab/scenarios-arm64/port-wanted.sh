# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# timeout: 120
# A device below a port that the host wants back, on arm64: as on x86-64.
bind vfio-pci 0000:01:00.0
vmm_start --vfio 01:00.0,port=on $(guest 6.1) --append "$(todo busy,info)"
wait_line '^lab: busy' 60
echo 0000:01:00.0 > /sys/bus/pci/drivers/vfio-pci/unbind
expect_error '01:00.0' 'the host wants the device back'
wait_error 'was taken away from the guest' 20
vmm_limit=100
vmm_wait
expect_status 0
expect_line '^lab: busy ended'
expect_line '^lab: cpus'
