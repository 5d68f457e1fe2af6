# SPDX-License-Identifier: MIT
# lab: devices=many kernel=6.12
# timeout: 120
# on demand: ten seconds for what unit tests say of the registers
# With on-error=guest the root port shows an uncorrectable error. The guest's kernel resets the bus below the port,
# and the guest runs on. (The driver of the only emulated device that reports errors cannot start the device again.)
bind vfio-pci 0000:0d:00.0
bind vfio-pci 0000:01:00.0
vmm_limit=110
vmm_start --vfio 0d:00.0,port=on,on-error=guest --vfio 01:00.0 $(guest 6.1-cloud) --append "$(todo recovers,read)"
wait_line '^lab: waits for an error' 50
# As in the scenario `aer`.
/usr/bin/setpci -s 0d:00.0 COMMAND=0100:0100
qmp '{"execute":"human-monitor-command","arguments":{"command-line":"pcie_aer_inject_error virtio MALF_TLP"}}'
vmm_wait
expect_status 0
expect_error '0d:00.0' 'the guest is told by its root port'
expect_line '^lab: error .*pcieport 0000:00:.*AER: .*Fatal'
expect_line '^lab: error .*link has been reset'
expect_line "^lab: read $(image_md5 1)"
