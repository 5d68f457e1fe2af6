# SPDX-License-Identifier: MIT
# lab: devices=many kernel=6.12
# timeout: 90
# The device reports an uncorrectable error. The guest is stopped, and minivmm says which error it was.
bind vfio-pci 0000:0d:00.0
vmm_start --vfio 0d:00.0 $(guest 6.1-cloud) --append "$(todo pci,wait)"
wait_line '^lab: waiting' 50
# The emulated device keeps errors to itself without SERR#, which a guest's firmware would have set.
/usr/bin/setpci -s 0d:00.0 COMMAND=0100:0100
qmp '{"execute":"human-monitor-command","arguments":{"command-line":"pcie_aer_inject_error virtio MALF_TLP"}}'
vmm_limit=15
vmm_since=$(seconds)
vmm_wait
expect_status 4
expect_error '0d:00.0'
