# SPDX-License-Identifier: MIT
# lab: devices=many
# timeout: 150
# on demand: half a minute; hotplug does the same with a disk
# A display comes into a root port while the guest runs. The guest's driver draws the console on it, and then the
# guest lets the display go.
bind vfio-pci 0000:08:00.0
vmm_limit=140
vmm_start -device pcie-root-port,id=rp1,mem-reserve=64M,pref64-reserve=64M --qmp unix:/tmp/qmp --grace 0 \
	$(guest_devices) --append "$(todo info,paint,wait)"
wait_line '^lab: cpus' 60
control "{'execute':'device_add','arguments':{'driver':'vfio-pci','host':'08:00.0','id':'screen','bus':'rp1'}}"
wait_line '^lab: display bochs-drm.* [0-9]' 30
wait_line '^lab: waiting' 30
control "{'execute':'device_del','arguments':{'id':'screen'}}" event:DEVICE_DELETED
kill "$vmm_pid"
vmm_wait
expect_status 143
grep -q 'by surprise' $vmm_err && fail "the guest did not let go"
true
