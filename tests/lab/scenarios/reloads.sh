# SPDX-License-Identifier: MIT
# lab: devices=many
# timeout: 1600
# on demand: takes minutes; many-devices does it once
# Every driver of a guest lets go of its device and takes it again, fifty times: all devices work
# afterwards, and minivmm holds no more than before.
functions_start
bind_many $many_devices
network_start
rounds=50
vmm_limit=1590
vmm_start $vfio_args $(guest_devices) --append \
	"$(todo net_up,disks,nvme_disks,settle,reload,disks,nvme_disks,net_up,fetch,settle) lab.rounds=$rounds"
wait_line '^lab: settled 1' 60
holdings | tee /tmp/holdings
wait_line '^lab: settled 2' $vmm_limit
holdings | tee -a /tmp/holdings
vmm_wait
expect_status 0
expect_line "^lab: reloaded $rounds"
expect_count 2 "^lab: disk usb $(file_md5 /lab/usb.img)"
expect_count 2 "^lab: disk sata $(file_md5 /lab/sata.img)"
expect_count 2 "^lab: nvme .* lab2 $(file_md5 /lab/nvme2.img)"
expect_count 2 "^lab: nvme .* lab3 $(file_md5 /lab/nvme3.img)"
expect_count 3 "^lab: fetch .* $(file_md5 /tmp/mib)"
expect_equal "what it holds at the end" "$(tail -n 1 /tmp/holdings)" "$(head -n 1 /tmp/holdings)"
