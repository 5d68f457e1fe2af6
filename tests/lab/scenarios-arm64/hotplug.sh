# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# timeout: 180
# on demand: a minute; `hotplug` of x86-64 shows the same parts
# A disk is plugged in by the control socket, read, and taken away while it is being read, twice, on arm64: the port's
# messages go through the ITS, and the guest has a device tree. The port is one of QEMU's words, asked for by its name.
add='{"execute":"device_add","arguments":{"driver":"vfio-pci","host":"01:00.0","id":"disk","bus":"rp1"}}'
del='{"execute":"device_del","arguments":{"id":"disk"}}'
bind nvme 0000:01:00.0
vmm_limit=170
vmm_start -device pcie-root-port,id=rp1,addr=5 --bind --vfio 02:00.0,port=on --qmp unix:/tmp/qmp $(guest 6.1) \
	--append "$(todo hotplug) lab.disk=nvme1n1 lab.rounds=2"
for round in 1 2; do
	wait_line "^lab: waits $round" 60
	control "$add" '{"execute":"query-pci"}'
	wait_line "^lab: plugged $round 2" 30
	control "$del" event:DEVICE_DELETED
	wait_line "^lab: unplugged $round" 20
	expect_equal "its driver on the host" "$(driver_of 0000:01:00.0)" nvme
done
vmm_wait
expect_status 0
expect_count 2 "^lab: read $(image_md5 1)"
grep -q 'by surprise' $vmm_err && fail "the guest did not let go"
true
