# SPDX-License-Identifier: MIT
# timeout: 90
# The device is pulled while a guest has it. minivmm lets go of it within seconds.
bind vfio-pci 0000:05:00.0
vmm_start --vfio 05:00.0 $(guest 6.1-cloud) --append "$(todo pci,wait)"
wait_line '^lab: waiting' 50
expect_line '^lab: pci .* 0x8086:0x10d3'
qmp '{"execute":"device_del","arguments":{"id":"nic"}}'
vmm_wait
expect_status 4
expect_error '05:00.0'
# This is for the scenarios that come after this one.
qmp '{"execute":"device_add","arguments":{"driver":"e1000e","id":"nic","netdev":"net2","bus":"port4"}}'
