# SPDX-License-Identifier: MIT
# lab: devices=many
# timeout: 180
# on demand: a minute; unit tests show the parts
# Two functions of one device come below one port, twice. The guest hears of them when function 0 is there, as with
# QEMU. device_del by the name of either takes both, and both are told.
add()
{
	echo "{'execute':'device_add','arguments':{'driver':'vfio-pci','host':'0e:00.$1','id':'f$1','bus':'rp1'," \
		"'addr':'0x0.0x$1','multifunction':true}}"
}

bind vfio-pci 0000:0e:00.0
bind vfio-pci 0000:0e:00.1
vmm_limit=170
vmm_start -device pcie-root-port,id=rp1,chassis=1,addr=3 --qmp unix:/tmp/qmp $(guest 6.1-cloud) \
	--append "$(todo comings) lab.rounds=2"
wait_line '^lab: waits for devices' 60
# A function alone can be taken back, and the guest never hears of it.
control "$(add 1)" "{'execute':'device_del','arguments':{'id':'f1'}}" event:DEVICE_DELETED
for round in 1 2; do
	control "$(add 1)" "$(add 0)" "{'execute':'query-pci'}"
	wait_line "^lab: come $round .*0000:01:00.0 0000:01:00.1" 30
	control "{'execute':'device_del','arguments':{'id':'f$((round - 1))'}}" event:DEVICE_DELETED event:DEVICE_DELETED
	wait_line "^lab: gone $round" 30
done
vmm_wait
expect_status 0
grep -q 'by surprise' $vmm_err && fail "the guest did not let go"
true
