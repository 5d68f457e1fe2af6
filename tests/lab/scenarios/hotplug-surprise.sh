# SPDX-License-Identifier: MIT
# timeout: 120
# on demand: half a minute; tests/unit/hotplug_test.c shows the same without waiting
# A guest whose kernel leaves ports alone does not hear the button. After ten seconds the disk that it reads is taken
# away by surprise. Its reads fail, and it runs on.
bind vfio-pci 0000:01:00.0
vmm_limit=110
vmm_start --vfio 01:00.0,port=on,id=disk --qmp unix:/tmp/qmp $(guest 6.1-cloud) \
	--append "$(todo busy,info) pcie_ports=compat"
wait_line '^lab: busy' 60
control '{"execute":"device_del","arguments":{"id":"disk"}}' event:DEVICE_DELETED
expect_error 'disk' 'by surprise'
wait_line '^lab: busy ended' 40
vmm_wait
expect_status 0
expect_line '^lab: cpus'
